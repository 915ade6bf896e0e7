"""Valid requests and calls to every action of the organisation; see tests/posts.py."""

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from dabiao.org import actions
from dabiao.org.models import Assignment
from tests.posts import Caller, Post

GOOD = "correct-horse-9"
DAYS = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 3)}


def _seat(_: Caller) -> int:
    return Assignment.objects.get(person__key="P05").pk


def _without_absence(caller: Caller) -> Post:
    absence = actions.record_absence("P05", **DAYS, kind="leave", by=None, at=caller.at)
    return Post(arguments={"pk": absence.pk})


def _without_unit(caller: Caller) -> Post:
    unit = actions.add_unit(key="empty", name="empty", parent="east", by=None, at=caller.at)
    return Post(arguments={"key": unit.key})


def _without_grant(caller: Caller) -> Post:
    grant = actions.grant("rob", "west", starts_on=DAYS["starts_on"], by=None, at=caller.at)
    return Post(arguments={"pk": grant.pk})


def _without_token(caller: Caller) -> Post:
    token, _secret = actions.create_token(name="t", scope="read", days=9, by=caller.company.rob, at=caller.at)
    return Post(arguments={"pk": token.pk})


def _file(_: Caller) -> Post:
    return Post({"table": "people", "file": SimpleUploadedFile("people.csv", b"key,name\nN1,new\n")})


def _rows(caller: Caller) -> Post:
    row = {"people": {"key": "N1", "name": "new"}, "users": {"username": "new", "role": "rep"}}
    return Post(json={"rows": [row[caller.arguments["table"]]]})


POSTS = {
    "org:person-add": lambda _: Post({"key": "N1", "name": "new"}),
    "org:person": lambda _: Post({"name": "changed"}),
    "org:person-seat-add": lambda _: Post(
        {"position": "director", "starts_on": "2026-03-01", "fte": "1", "primary": "on"}
    ),
    "org:person-seat-end": lambda caller: Post({"last_day": "2026-03-01"}, arguments={"pk": _seat(caller)}),
    "org:person-seat-remove": lambda caller: Post(arguments={"pk": _seat(caller)}),
    "org:person-absence-add": lambda _: Post(
        {"starts_on": "2026-03-01", "last_day": "2026-03-02", "kind": "leave"}
    ),
    "org:person-absence-remove": _without_absence,
    "org:unit-root-add": lambda _: Post({"key": "new", "name": "new"}),
    "org:unit": lambda _: Post({"name": "changed", "kind": "team", "parent": "east", "order": "0"}),
    "org:unit-add": lambda _: Post({"key": "new", "name": "new"}),
    "org:unit-position-add": lambda _: Post({"key": "new", "title": "new"}),
    "org:unit-remove": _without_unit,
    "org:import": _file,
    "org:user-add": lambda _: Post({"username": "new", "role": "rep", "password": GOOD}),
    "org:user": lambda _: Post({"role": "manager", "person": "P05", "is_active": "on"}),
    "org:user-password": lambda _: Post({"password": GOOD}),
    "org:user-grant": lambda _: Post({"unit": "west", "starts_on": "2026-03-01"}),
    "org:user-grant-end": _without_grant,
    "org:tokens": lambda _: Post({"name": "t", "scope": "read", "days": "9"}),
    "org:token-revoke": _without_token,
    "api:import_rows": _rows,
}


def _gets_a_second_seat(caller: Caller) -> None:
    seat = actions.Seat("director", DAYS["starts_on"], primary=False)
    actions.assign("P05", seat, by=caller.user, at=caller.at)


def _moves_a_position(caller: Caller) -> None:
    actions.change_position("nanjing-rep1", values={"unit": "west"}, by=caller.user, at=caller.at)


def _begins(caller: Caller) -> None:
    actions.create_admin(username="root", password=GOOD, by=None, at=caller.at)


ACTS = {
    "somebody gets a second seat": _gets_a_second_seat,
    "a position moves": _moves_a_position,
    "a program begins": _begins,
}
