"""API of targets: list, set, and what was promised for a period."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.rest import MOST, REFUSALS, Exact, Page, Paging
from dabiao.core.sentence import say
from dabiao.engine.period import BadPeriod
from dabiao.engine.promise import PRODUCT_LINE, WHOLE, Levels, Part
from dabiao.org import queries as org
from dabiao.org.access import UserRequest
from dabiao.org.api import WRITE
from dabiao.org.queries import Scope, ScopeKind
from dabiao.targets import actions, queries
from dabiao.targets.actions import Done, Slot
from dabiao.ui import http

router = Router(tags=["targets"])


class TargetOut(Schema):
    """A stored target; `ends_on` is the first day after, an empty level is null, which is not 0.

    `dimension` and `member`: what it is narrowed to (product_line, customer_type, sales_channel …); empty: everything.
    """

    scope_kind: ScopeKind
    scope: str
    name: str
    metric: str
    dimension: str
    member: str
    starts_on: date
    ends_on: date
    base: Exact | None
    target: Exact | None
    challenge: Exact | None


class TargetIn(Schema):
    """A target to set; with all three levels null it is cleared.

    `dimension` and `member` narrow it to a part; `product` is a shorter way to say dimension product_line.
    """

    scope_kind: ScopeKind
    scope: str
    metric: str
    starts_on: date
    ends_on: date
    dimension: str = Field("", max_length=40)
    member: str = Field("", max_length=80)
    product: str = Field("", max_length=80)
    base: Exact | None = Field(None, max_digits=18, decimal_places=4)
    target: Exact | None = Field(None, max_digits=18, decimal_places=4)
    challenge: Exact | None = Field(None, max_digits=18, decimal_places=4)

    @property
    def slot(self) -> Slot:
        """Where it stands. Raises Malformed."""
        part = part_of(self.dimension, self.member, self.product)
        return Slot(Scope(self.scope_kind, self.scope), self.metric, self.starts_on, self.ends_on, part)


class DoneOut(Schema):
    """How many targets were added, changed, already so, cleared."""

    added: int
    changed: int
    unchanged: int
    cleared: int


class PromiseOut(Schema):
    """What was promised for the period; `derived`: prorated, summed or inherited, `partial`: not all days covered."""

    metric: str
    base: Exact | None
    target: Exact | None
    challenge: Exact | None
    derived: bool
    partial: bool


class PromisedIn(Schema):
    """Of which scope, period, metrics and part."""

    period: str
    metrics: str
    scope: str
    scope_kind: ScopeKind = "unit"
    dimension: str = ""
    member: str = ""
    product: str = ""


class Wanted(Schema):
    """Which targets."""

    on: date | None = None
    since: date | None = None
    until: date | None = None
    metric: str = ""
    dimension: str | None = None
    member: str | None = None
    product: str | None = None
    scope_kind: ScopeKind | None = None
    scope: str = ""


def part_of(dimension: str, member: str, product: str) -> Part:
    """What a request narrows a target to. Raises Malformed."""
    if product:
        if (dimension or PRODUCT_LINE, member or product) != (PRODUCT_LINE, product):
            raise Malformed(_("Give a product, or a dimension and its member, not both."))
        return Part(PRODUCT_LINE, product)
    if not dimension and not member:
        return WHOLE
    return Part(queries.dimension_named(dimension), member.strip())


def _narrowed(wanted: Wanted) -> tuple[str | None, str | None]:
    """The dimension and member that are asked for; None: any."""
    if wanted.product is not None:
        part = part_of(wanted.dimension or "", wanted.member or "", wanted.product)
        return part.dimension, part.member
    return wanted.dimension and queries.dimension_named(wanted.dimension), wanted.member


@router.get("/targets", response={200: Page[TargetOut], **REFUSALS})
def list_targets(request: UserRequest, wanted: Query[Wanted], paging: Query[Paging]) -> dict[str, object]:
    """Stored targets that the caller may see; `on`: in force on a day, `since` and `until`: touching a window."""
    scope = Scope(wanted.scope_kind or "unit", wanted.scope) if wanted.scope else None
    if scope:
        org.check_scope(request.user, scope, http.today())
    dates = (wanted.on, wanted.since, wanted.until)
    asked = queries.Filter(*dates, scope, wanted.metric, *_narrowed(wanted))
    found = queries.listed(request.user, http.today(), asked)
    rows = found[paging.offset : paging.offset + paging.limit]
    return {"items": [queries.as_row(row) for row in rows], "count": found.count()}


@router.put("/targets", auth=WRITE, response={200: DoneOut, **REFUSALS, 413: REFUSALS[422]})
def set_targets(request: UserRequest, targets: list[TargetIn]) -> Status[object]:
    """Set targets, all or none. Sending the same again changes nothing; the last of two for one slot counts."""
    if len(targets) > MOST:
        return Status(413, {"detail": f"Send at most {MOST} targets at a time."})
    slots = {one.slot: Levels(one.base, one.target, one.challenge) for one in targets}
    done: Done = actions.set_targets(slots, by=request.user, at=timezone.now(), on=http.today())
    return Status(200, done)


@router.get("/targets/promised", response={200: list[PromiseOut], **REFUSALS})
def promised(request: UserRequest, wanted: Query[PromisedIn]) -> list[dict[str, object]]:
    """What a scope was promised for a period (2026, 2026-Q1, 2026-03, …), metric by metric (keys by comma).

    `dimension` and `member`: of a part alone; `product` is a shorter way to say dimension product_line.
    """
    asked = org.check_scope(request.user, Scope(wanted.scope_kind, wanted.scope), http.today())
    try:
        window = fiscal().parse(wanted.period)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from None
    keys = [key.strip() for key in wanted.metrics.split(",") if key.strip()]
    shown = queries.seen_in(request.user, [asked], window.start, window.end, http.today())
    found = queries.targets_for(
        shown, keys, window.start, window.end, part=part_of(wanted.dimension, wanted.member, wanted.product)
    )
    return [
        {"metric": metric, **vars(promise.levels), "derived": promise.derived, "partial": promise.partial}
        for (_scope, metric), promise in found.items()
    ]
