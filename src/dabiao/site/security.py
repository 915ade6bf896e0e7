"""Security headers on every answer: a content policy without inline code, and the usual hardening."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

# Attributes may carry styles: ECharts' tooltips and bar widths need them. Code and whole sheets may not.
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class NoncedRequest(HttpRequest):
    """A request that has passed through `headers`."""

    csp_nonce: str


def headers(handle: Handler) -> Handler:
    """Middleware: the policy with a nonce of its own for each answer (`request.csp_nonce`)."""

    def guarded(request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]  # see NoncedRequest
        response = handle(request)
        response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce))
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        return response

    return guarded
