"""Who can sign in, as what, and whose figures they have been granted."""

from datetime import date, datetime

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Malformed, Refused
from dabiao.org.access import require
from dabiao.org.actions._common import bump, changes, found, only, saved
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, ApiToken, Grant, Person, Unit, User


class LastAdministrator(Refused):
    """Somebody must be able to administer."""


@action("org.user.admin_created")
def create_admin(*, username: str, password: str, language: str = "", by: User | None, at: datetime) -> User:
    """The first administrator, made by `dabiao init`. An existing one of this name gets the password.

    Raises Malformed for a password that nobody else could have either.
    """
    require(by, Can.ADMINISTER)
    user = User.objects.filter(username=username).first() or User(username=username)
    user.role, user.is_active = User.Role.ADMIN, True
    user.language = language or user.language
    user.set_password(_checked(password, user))
    saved(user)
    _end_tokens(user, at)
    tell(user)
    return user


@action("org.user.added")
def add_user(
    *, username: str, password: str, role: str, person: str | None = None, language: str = "",
    by: User | None, at: datetime,
) -> User:  # fmt: skip
    """Somebody who can sign in from now on."""
    require(by, Can.ADMINISTER)
    user = User(username=username, role=role, language=language, person=_person(person))
    user.set_password(_checked(password, user))
    saved(user)
    tell(user, {"role": role, "person": person})
    return user


@action("org.user.changed")
def change_user(username: str, *, values: dict[str, object], by: User | None, at: datetime) -> User:
    """Change `role`, `person` (an employee number or None), `is_active`, `email` or `language`.

    Who may not sign in any more has no session and no token left, and finds none when they may again.
    """
    require(by, Can.ADMINISTER)
    user = found(User.objects.select_for_update(), username, by="username")
    values = only(values, "role", "person", "is_active", "email", "language")
    if "person" in values:
        values["person"] = _person(str(values["person"] or "") or None)
    told = changes(user, values)
    if told:
        if "is_active" in told and not user.is_active:
            user.sessions += 1
            _end_tokens(user, at)
        saved(user)
        refuse_without_admin()
        tell(user, told)
    return user


@action("org.user.password_set")
def set_password(username: str, password: str, *, by: User | None, at: datetime) -> None:
    """Give somebody a new password; their sessions and API tokens end."""
    if by is None or by.username != username:
        require(by, Can.ADMINISTER)
    user = found(User.objects.select_for_update(), username, by="username")
    user.set_password(_checked(password, user))
    user.save(update_fields=["password"])
    tell(user, {"tokens": _end_tokens(user, at)})


def set_preferences(user: User, *, language: str | None = None, theme: str | None = None) -> None:
    """Somebody's own language and theme. Not a change worth an audit line."""
    values = {"language": language, "theme": theme}
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        User.objects.filter(pk=user.pk).update(**given)


@action("org.grant.given")
def grant(
    username: str, unit: str, *, starts_on: date, ends_on: date = FOREVER, by: User | None, at: datetime
) -> Grant:
    """Let somebody see another unit's subtree for a time."""
    require(by, Can.ADMINISTER)
    user = found(User.objects.all(), username, by="username")
    given = Grant(
        user=user, unit=found(Unit.objects.all(), unit), starts_on=starts_on, ends_on=ends_on, by=by
    )
    saved(given)
    bump(at)
    tell(user, {"unit": unit, "starts_on": str(starts_on), "ends_on": str(ends_on)})
    return given


@action("org.grant.ended")
def end_grant(pk: int, *, on: date, by: User | None, at: datetime) -> None:
    """Take sight away from a day on; a grant that has not begun is removed."""
    require(by, Can.ADMINISTER)
    given = found(Grant.objects.select_related("user", "unit"), pk, by="pk")
    if given.starts_on >= on:
        given.delete()
    else:
        given.ends_on = min(given.ends_on, on)
        given.save(update_fields=["ends_on"])
    bump(at)
    tell(given.user, {"unit": given.unit.key, "on": str(on)})


def refuse_without_admin() -> None:
    """Raises LastAdministrator when the change just made leaves nobody who can administer."""
    if not User.objects.filter(role=User.Role.ADMIN, is_active=True).exists():
        raise LastAdministrator(_("That would leave no administrator."))


def _end_tokens(user: User, at: datetime) -> int:
    """How many of somebody's API tokens ended."""
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=at).update(revoked_at=at)


def _person(key: str | None) -> Person | None:
    return found(Person.objects.all(), key) if key else None


def _checked(password: str, user: User) -> str:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Malformed(" ".join(error.messages)) from None
    return password
