"""Behind a proxy: whose word counts for where a client is and how they came, and who is sent from HTTP to HTTPS."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.request import split_domain_port

Address = IPv4Address | IPv6Address
Handler = Callable[[HttpRequest], HttpResponse]

_FOR, _PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
_SAID = (_FOR, _PROTO, "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_REAL_IP", "HTTP_FORWARDED")
_PROBES = ("/healthz", "/readyz")


def forwarded(handle: Handler) -> Handler:
    """Middleware, before all others: they find the client's address and scheme, and no header that anybody can write.

    Who came to the proxy by HTTP is redirected. Who came past it is not: what a proxy that nobody named took by HTTPS
    looks the same, and would be sent round in circles.
    """

    def told(request: HttpRequest) -> HttpResponse:
        said = {name: request.META.pop(name, "") for name in _SAID}
        peer = read(request.META.get("REMOTE_ADDR", ""))
        if peer is None or not trusted(peer):
            return handle(request)
        request.META["REMOTE_ADDR"] = str(client(peer, said[_FOR]))
        if said[_PROTO] in {"http", "https"}:
            request.META["wsgi.url_scheme"] = said[_PROTO]
        if settings.HTTPS and said[_PROTO] == "http" and request.path not in _PROBES:
            return HttpResponsePermanentRedirect(_by_https(request))
        return handle(request)

    return told


def client(peer: Address, hops: str) -> Address:
    """The last address that a proxy of ours has seen, from `X-Forwarded-For`: what stands before it anybody can write."""
    address = peer
    for hop in reversed(hops.split(",")):
        before = read(hop)
        if not trusted(address) or before is None:
            break
        address = before
    return address


def trusted(address: Address) -> bool:
    """Whether it belongs to a proxy of ours."""
    return any(address in network for network in settings.PROXIES)


def read(text: str) -> Address | None:
    """An address as proxies write it, also with a port or a zone; None for anything else."""
    written = text.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _by_https(request: HttpRequest) -> str:
    """The same page by HTTPS, at the port that the settings know for the host."""
    host, _port = split_domain_port(request.get_host())
    port = settings.HOSTS.get(host, "")
    return f"https://{host}{port and f':{port}'}{request.get_full_path()}"
