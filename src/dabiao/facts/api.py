"""API of facts: an idempotent batch of rows, as JSON or one JSON object a line."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from dabiao.core.errors import Malformed
from dabiao.core.rest import MOST, REFUSALS
from dabiao.facts import actions, queries
from dabiao.facts.actions import upserts
from dabiao.lake.tables import FACTS
from dabiao.org.access import UserRequest, require
from dabiao.org.api import WRITE
from dabiao.org.can import Can

router = Router(tags=["facts"])

ROW = {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {"rows": {"type": "array", "items": ROW, "maxItems": MOST}},
                }
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


class ColumnOut(Schema):
    """A column: its type (text, money, rate, qty, int, date, time, flag) and what it means."""

    name: str
    type: str
    note: str


class TableOut(Schema):
    """A fact table: what one row is, which date decides its period, its columns."""

    name: str
    grain: str
    on: str | None
    columns: list[ColumnOut]


class AcceptedOut(Schema):
    """How many rows wait for the worker, which publishes them within seconds."""

    accepted: int


class KeyIn(Schema):
    """A row by its natural key."""

    source: str
    key: str


@router.get("/facts", response={200: list[TableOut], **REFUSALS})
def tables(request: UserRequest) -> list[Any]:
    """Tables that take facts, with their columns."""
    return list(FACTS)


@router.post("/facts/{table}", auth=WRITE, response={202: AcceptedOut, **REFUSALS, 413: REFUSALS[422]}, openapi_extra=BODY)  # fmt: skip
def upsert(request: UserRequest, table: str) -> Status[object]:
    """Add or change facts by (source, key); `source` is `api` where a row has none. All or nothing.

    Amounts and dates are text ("1234.5600", "2026-03-16"). Sending the same rows again changes nothing. The
    answer is 422 with every row that is refused.
    """
    rows = _rows(request)
    if len(rows) > MOST:
        return Status(413, {"detail": f"Send at most {MOST} rows at a time."})
    try:
        return Status(202, {"accepted": upserts.upsert(table, rows, by=request.user, at=timezone.now())})
    except upserts.RowsRefused as refusal:
        return Status(422, {"detail": [asdict(problem) for problem in refusal.problems]})


@router.post(
    "/facts/{table}/removals", auth=WRITE, response={202: AcceptedOut, **REFUSALS, 413: REFUSALS[422]}
)
def remove(request: UserRequest, table: str, rows: list[KeyIn]) -> Status[object]:
    """Remove facts by (source, key)."""
    if len(rows) > MOST:
        return Status(413, {"detail": f"Send at most {MOST} keys at a time."})
    pairs = [(one.source, one.key) for one in rows]
    return Status(202, {"accepted": upserts.remove(table, pairs, by=request.user, at=timezone.now())})


def _rows(request: UserRequest) -> list[Mapping[str, object]]:
    """Rows of the body in either form. Raises Malformed with the line that cannot be read."""
    if request.content_type in {"application/x-ndjson", "application/jsonl"}:
        lines = enumerate(request.body.splitlines())
        return [_object(line, f"Line {at}") for at, line in lines if line.strip()]
    body = _parsed(request.body, "The body")
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        raise Malformed(
            _('Send {"rows": [{"key": …}, …]}, or one JSON object a line as application/x-ndjson.')
        )
    return [_checked(row, f"Row {at}") for at, row in enumerate(body["rows"])]


def _object(line: bytes, where: str) -> Mapping[str, object]:
    return _checked(_parsed(line, where), where)


def _checked(row: object, where: str) -> Mapping[str, object]:
    """Flat, and without floats: they would change amounts."""
    if not isinstance(row, dict):
        raise Malformed(_("%(where)s is not a JSON object.") % {"where": where})
    for name, value in row.items():
        if value is not None and not isinstance(value, str | int | bool):
            raise Malformed(
                _("%(where)s: %(name)s is neither text nor a whole number nor true or false.")
                % {"where": where, "name": name}
            )
    return row


def _parsed(text: bytes, where: str) -> object:
    """JSON with numbers kept exact: 0.1 becomes the text "0.1"."""
    try:
        return json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise Malformed(_("%(where)s is not JSON.") % {"where": where}) from None


class MonthOut(Schema):
    """A month of a table before and after. Amounts are text; null: no row has one."""

    month: str
    rows_before: int
    rows_after: int
    amount_before: str | None
    amount_after: str | None


class TableChangeOut(Schema):
    """What an import will do to a table, or did: rows that are new, changed, gone, the same, and its months."""

    into: str
    new: int
    changed: int
    gone: int
    same: int
    amount: str | None
    months: list[MonthOut]


class FindingOut(Schema):
    """Why an import asks before it loads; its code is what `even_so` has to say."""

    code: str
    into: str
    text: str
    examples: list[str]


class ImportStateOut(Schema):
    """An import: how far it is (uploaded, checked, loading, done, undone, failed), what it will do or did."""

    key: str
    state: str
    snapshot: int | None
    read: int
    loaded: int
    unchanged: int
    rejected: int
    changes: list[TableChangeOut]
    findings: list[FindingOut]


class EvenSoIn(Schema):
    """Codes of the findings in spite of which it is to be loaded."""

    even_so: list[str] = []


class TableBackOut(Schema):
    """Rows of a table that go (they were new), are back as before, return (it had removed them), or stay: somebody
    else has changed them since."""

    into: str
    goes: int
    back: int
    returns: int
    stays: int


class TakenBackOut(Schema):
    """What taking an import back does. kept: what of it stays, in words."""

    tables: list[TableBackOut]
    changes: list[TableChangeOut]
    kept: list[str]
    snapshot: int | None


@router.get("/imports/{key}/undo/preview", response={200: TakenBackOut, **REFUSALS})
def look_at_undo(request: UserRequest, key: str) -> object:
    """What taking an import back would do now; nothing changes."""
    return actions.look_at_undo(key, by=request.user).as_json()


@router.post("/imports/{key}/undo", auth=WRITE, response={200: TakenBackOut, **REFUSALS})
def undo_import(request: UserRequest, key: str) -> object:
    """Take an import back; what others have loaded or entered since stays. 409 where it cannot be, with the reason."""
    return actions.undo(key, by=request.user, at=timezone.now()).as_json()


@router.post("/imports/{key}/load", auth=WRITE, response={202: ImportStateOut, **REFUSALS})
def load_import(request: UserRequest, key: str, said: EvenSoIn) -> Status[object]:
    """Have a checked import loaded. 409 with what it asks, unless `even_so` says it."""
    actions.start_loading(key, even_so=said.even_so, by=request.user, at=timezone.now())
    return Status(202, _import(key))


@router.get("/imports/{key}", response={200: ImportStateOut, **REFUSALS})
def show_import(request: UserRequest, key: str) -> object:
    """An import by its key, with what it will do or did."""
    require(request.user, Can.OPERATE)
    return _import(key)


def _import(key: str) -> Mapping[str, object]:
    batch = queries.batch(key)
    counts = {
        name: getattr(batch, name)
        for name in ("key", "state", "snapshot", "read", "loaded", "unchanged", "rejected")
    }
    told = {name: batch.report.get(name, []) for name in ("changes", "findings")}
    return {**counts, **told}
