"""API tokens: made, checked, revoked. Only a digest is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Forbidden, Malformed
from dabiao.org.access import may
from dabiao.org.actions._common import found, saved
from dabiao.org.can import Can
from dabiao.org.models import ApiToken, User

PREFIX: Final = "dbt_"
LONGEST: Final = timedelta(days=366)
SEEN_EVERY: Final = timedelta(minutes=1)
"""`last_used_at` is written at most this often."""


@action("org.token.created")
def create_token(*, name: str, scope: str, days: int, by: User, at: datetime) -> tuple[ApiToken, str]:
    """A token of one's own, valid for `days`; the second value is the secret, shown this once."""
    if not 0 < days <= LONGEST.days:
        raise Malformed(_("A token lasts between 1 and %(most)s days.") % {"most": LONGEST.days})
    if scope == ApiToken.Scope.WRITE and not may(by, Can.WRITE):
        raise Forbidden(_("Readers can only make tokens that read."))
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=by,
        name=name,
        digest=digest(secret),
        scope=scope,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    saved(token)
    tell(token, {"scope": scope, "days": days})
    return token, secret


@action("org.token.revoked")
def revoke_token(pk: int, *, by: User, at: datetime) -> ApiToken:
    """End a token: one's own, or anybody's for an administrator."""
    mine = ApiToken.objects.all() if may(by, Can.ADMINISTER) else ApiToken.objects.filter(user=by)
    token = found(mine, pk, by="pk")
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        tell(token)
    return token


def bearer(secret: str, *, at: datetime) -> ApiToken | None:
    """The live token behind a secret, its user loaded; None when there is none."""
    live = ApiToken.objects.select_related("user__person").filter(
        digest=digest(secret), revoked_at=None, expires_at__gt=at, user__is_active=True
    )
    token = live.first()
    if token is not None and (token.last_used_at is None or at - token.last_used_at >= SEEN_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def digest(secret: str) -> str:
    """SHA-256: a random 256-bit secret needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
