"""Every metric of the dictionary, on the demo company: taken apart exactly, or refused with what to ask for instead."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from dabiao.core.calendars import fiscal
from dabiao.core.errors import NotFound
from dabiao.demo import building
from dabiao.demo.simulation.company import SEED
from dabiao.engine.diagnosis import Decomposition
from dabiao.engine.diagnosis.tree import Node
from dabiao.engine.metric import Measure, Metric, Ratio, Source, Words
from dabiao.engine.row import Terms
from dabiao.improvement.queries.explaining import CannotTakeApart, Explained, explained
from dabiao.improvement.queries.sides import sides
from dabiao.lake import reading
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.frame import Frame, frame_of
from dabiao.org import queries as org
from dabiao.org.queries import Scope

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 18)
AT = datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
MEANS = ("needs_depth", "visit_minutes", "sales_cycle_mean_days", "nps", "csat")


def frame(period: str = "2026-10", scope: str | None = None, language: str = "en") -> Frame:
    within = Scope("unit", scope) if scope else None
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=within,
        period=fiscal().parse(period),
        today=ON,
        language=language,
    )


@pytest.fixture
def built(db):
    return building.build(SEED, "zh", on=ON, at=AT)


def sums_up(steps: Decomposition) -> bool:
    return (
        sum((one.total for one in steps.contributions), Decimal(0))
        == steps.gap
        == (steps.actual - steps.expected)
    )


def branches_sum_up(node: Node) -> bool:
    below = node.children
    total = sum((one.contribution for one in below), Decimal(0))
    return not below or (total == node.contribution and all(map(branches_sum_up, below)))


def measured(key: str, period: str = "2026-10") -> float:
    here = frame(period)
    (row,) = here.ask([key], {"all": here.so_far})
    return float(str(row[key]))


def told(found: Explained) -> None:
    """What has to hold of any explanation."""
    what = found.explanation
    assert sums_up(what.steps), found.metric
    assert float(what.steps.actual) == pytest.approx(measured(found.metric), abs=1e-4), found.metric
    for split in what.by.values():
        assert sums_up(split) and split.gap == what.gap, found.metric
    assert what.tree.contribution == what.gap and branches_sum_up(what.tree), found.metric
    assert "nan" not in found.sentence and found.sentence.endswith((".", "。"))


@pytest.mark.slow
def test_every_metric_is_explained_or_refused_in_a_sentence(built):
    """One build, all looks: building takes seconds."""
    refused: dict[str, str] = {}
    for key in frame().metrics:
        try:
            told(explained(frame(), key, "baseline"))
        except BadMetricRequest as error:
            refused[key] = str(error)

    apart = {key: said for key, said in refused.items() if "no figures here" not in said}
    assert set(apart) == {
        "average_order_value", "sales_share", "sales_cycle_days", "open_opportunities", "open_pipeline",
        "open_pipeline_at_list", "first_response_minutes", "output_per_head",
    }  # fmt: skip
    assert all("Ask for " in said or "ask for that" in said for said in apart.values()), apart
    assert "sales_cycle_mean_days" in apart["sales_cycle_days"]
    assert "sales_amount" in apart["output_per_head"]
    for against in ("target", "forecast", "previous"):
        for key in (*MEANS, "cost_per_lead", "expense_rate", "win_rate"):
            try:
                told(explained(frame(), key, against))
            except NotFound as error:
                assert against == "target", error


@pytest.mark.slow
def test_cost_per_lead_is_looked_at_where_money_and_leads_meet(built):
    """Advertising is spent on a channel and by nobody: by person the ratio does not exist."""
    found = explained(frame(), "cost_per_lead", "baseline")

    assert "acquisition_channel" in found.explanation.by
    assert "person" not in found.explanation.by


def a_measure(key: str, how: str, **more: object) -> Measure:
    source = Source("order_lines", "ordered_on")
    words = {"label": Words(key, key), "kind": "result", "unit": "money"}
    return Measure(key=key, source=source, how=how, **{**words, "of": Terms(("amount",)), **more})


def refusal(metric: Metric, others: Sequence[Metric] = ()) -> str:
    known = {one.key: one for one in (metric, *others)}
    asked = frame()
    object.__setattr__(asked, "metrics", known)
    with pytest.raises(CannotTakeApart) as error:
        sides(asked, metric)
    return str(error.value)


class TestRefusals:
    """What a company's own metrics may be made of."""

    def test_a_quotient_of_means_names_both_sides(self, company):
        mean, count = a_measure("size", "mean"), a_measure("lines", "count", of=None)
        ratio = Ratio(
            key="odd", label=Words("odd", "odd"), kind="result", unit="ratio", part=mean, whole=count
        )

        assert refusal(ratio, [mean, count]) == (
            "odd divides size by lines. size is a mean, and a quotient of means is not made of its parts. "
            "Ask for lines (lines) instead."
        )

    @pytest.mark.parametrize("how", ["min", "max"])
    def test_an_extreme_is_decided_by_one_part(self, company, how):
        mean = a_measure("size", "mean")

        assert refusal(a_measure("extreme", how), [mean]) == (
            "extreme is a single value: one part decides it alone. Ask for size (size) instead."
        )

    def test_nothing_like_it_is_proposed_where_there_is_nothing(self, company):
        buyers, sellers = (
            replace(a_measure(key, "distinct"), of=Terms((column,)))
            for key, column in (("buyers", "customer"), ("sellers", "person"))
        )
        words = Words("each", "each")
        each = Ratio(key="each", label=words, kind="result", unit="ratio", part=buyers, whole=sellers)

        assert refusal(each).endswith("parts add up to more.")

    def test_in_chinese_too(self, company):
        with translation.override("zh-hans"):
            assert "中位数" in refusal(a_measure("middle", "median"))
