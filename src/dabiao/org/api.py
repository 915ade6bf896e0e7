"""API of the organisation: who calls, units, people, seats; and how a program proves who it is."""

from dataclasses import replace
from datetime import date

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from ninja.security import HttpBearer

from dabiao.core import uploads
from dabiao.core.errors import Forbidden, NotFound
from dabiao.core.rest import MOST, REFUSALS, Page, Paging, page_of
from dabiao.org import actions, imports, queries
from dabiao.org.access import UserRequest, may
from dabiao.org.can import Can
from dabiao.org.logic.tables import TABLES
from dabiao.org.models import ApiToken, User
from dabiao.org.queries import Node, PersonRow, Scope
from dabiao.ui import http


class Token(HttpBearer):
    """`Authorization: Bearer dbt_…`; `writes` asks for a token that may write."""

    def __init__(self, *, writes: bool) -> None:
        super().__init__()
        self.writes = writes

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = actions.bearer(token, at=timezone.now())
        if found is None:
            return None
        if self.writes and (found.scope != ApiToken.Scope.WRITE or not may(found.user, Can.WRITE)):
            raise Forbidden("This token may read only.")
        request.user = found.user
        return found.user


READ = Token(writes=False)
WRITE = Token(writes=True)

router = Router(tags=["org"])


class Me(Schema):
    """Who the token speaks for and what they may see."""

    username: str
    role: str
    person: str | None
    sees_everything: bool
    units: list[str]


class UnitOut(Schema):
    """A unit of today's tree."""

    key: str
    name: str
    name_en: str
    kind: str
    parent: str | None
    depth: int


class PersonOut(Schema):
    """A person with the main seat of a day."""

    key: str
    name: str
    unit: str | None
    position: str | None
    since: date | None
    left_on: date | None


class RowsIn(Schema):
    """Rows of text by column title, as a spreadsheet would have them."""

    rows: list[dict[str, str]]
    dry_run: bool = False


class CellError(Schema):
    """What is wrong in one cell; rows count from 2, as below a header."""

    row: int
    column: str
    value: str
    message: str


class ImportOut(Schema):
    """What an import did; with errors it did nothing."""

    table: str
    added: int
    changed: int
    unchanged: int
    errors: list[CellError]


@router.get("/me", response={200: Me, **REFUSALS})
def me(request: UserRequest) -> dict[str, object]:
    """Who the token speaks for."""
    seen = queries.sight(request.user, http.today())
    units = [node.key for node in queries.units_visible(request.user, http.today())]
    return {
        "username": request.user.username,
        "role": request.user.role,
        "person": seen.person,
        "sees_everything": seen.everything,
        "units": units,
    }


@router.get("/units", response={200: list[UnitOut], **REFUSALS})
def units(request: UserRequest) -> list[Node]:
    """Units that the caller may see, in tree order: parents before children; a parent out of sight is null."""
    visible = queries.units_visible(request.user, http.today())
    keys = {node.key for node in visible}
    return [node if node.parent in keys else replace(node, parent=None) for node in visible]


@router.get("/people", response={200: Page[PersonOut], **REFUSALS})
def people(
    request: UserRequest, paging: Query[Paging], unit: str | None = None, on: date | None = None
) -> dict[str, object]:
    """People that the caller may see, with the main seat of a day (today); of a unit: who sits in its subtree."""
    if unit is not None:
        queries.check_scope(request.user, Scope("unit", unit), http.today())
    rows: list[PersonRow] = queries.people_rows(request.user, http.today(), unit=unit, day=on)
    return page_of(rows, paging)


@router.post("/org/{table}", auth=WRITE, response={200: ImportOut, **REFUSALS, 413: REFUSALS[422]})
def import_rows(request: UserRequest, table: str, body: RowsIn) -> Status[object]:
    """Import units, people, positions, assignments, absences, users or grants: changed by key, all or nothing.

    The answer is 422 with every error when anything is wrong. Sending the same rows again changes nothing.
    """
    if table not in TABLES:
        raise NotFound(f"There is no table {table}; there are {', '.join(TABLES)}.")
    if len(body.rows) > MOST:
        return Status(413, {"detail": f"Send at most {MOST} rows at a time."})
    rows = uploads.numbered(body.rows)
    done = imports.import_rows(table, rows, by=request.user, at=timezone.now(), dry_run=body.dry_run)
    if done.errors:
        return Status(422, {"detail": [CellError(**vars(error)).model_dump() for error in done.errors]})
    return Status(200, done)
