"""Why a number is off, over HTTP: the sentence and the figures that the page and the command tell."""

from typing import Literal

from django.utils import timezone
from django.utils.translation import get_language
from ninja import Query, Router, Schema

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import plain
from dabiao.core.rest import REFUSALS
from dabiao.improvement.queries import told
from dabiao.improvement.queries.against import Against
from dabiao.improvement.queries.explaining import explained
from dabiao.metrics.frame import frame_of
from dabiao.metrics.query import lake_at, listed, period_of, scope_of
from dabiao.org.access import UserRequest
from dabiao.org.queries import home_scope

router = Router(tags=["performance"])


class ExplainIn(Schema):
    """What is off, and against what. `by`: dimensions to look along, by comma. Without a scope that of the token's user."""

    metric: str
    period: str
    against: Against = "baseline"
    scope: str | None = None
    by: str = ""
    at_version: int | None = None


class ReasonOut(Schema):
    """A step of what sums to the gap, the gap itself, or a part worth a look. Exact numbers are text.

    `kind`: step; split where no cause is told (the members of the split that tells most); gap; part, which may overlap
    with others. `step`: the same in every language. `actual`, `expected`: its own figures, a ratio's divided.
    `stands_out`: of parts, whether chance would hardly do as much.
    """

    kind: Literal["step", "split", "gap", "part"]
    step: str
    name: str
    actual: str | None
    expected: str | None
    volume: str
    mix: str
    rate: str
    contribution: str
    stands_out: bool | None


class ExplainOut(Schema):
    """`early`: the period has only just begun, so that no cause is told."""

    version: int
    sentence: str
    notes: list[str]
    early: bool
    rows: list[ReasonOut]


@router.get("/explain", response={200: ExplainOut, **REFUSALS})
def explain(request: UserRequest, asked: Query[ExplainIn]) -> dict[str, object]:
    """Why a metric is off, within what the token's user may see."""
    window = period_of(fiscal(), asked.period, None, None)
    if window is None:
        raise Malformed("Give a period.")
    language, today = get_language() or "en", timezone.localdate()
    frame = frame_of(
        lake_at(asked.at_version),
        viewer=request.user,
        scope=scope_of(asked.scope) or home_scope(request.user, today),
        period=window,
        today=today,
        language=language,
    )
    reasons = explained(frame, asked.metric, asked.against, by=listed(asked.by))
    return {
        "version": frame.lake.number,
        "sentence": reasons.sentence,
        "notes": list(reasons.notes),
        "early": reasons.explanation.early,
        "rows": [{name: plain(value) for name, value in row.items()} for row in told.rows(reasons, language)],
    }
