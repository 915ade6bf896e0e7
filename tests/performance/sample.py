"""Rows to draw pages with: invented figures, used by tests alone."""

from datetime import date
from decimal import Decimal

from dabiao.engine.period import CALENDAR_YEAR
from dabiao.metrics.figure import Delta, Where
from dabiao.performance.queries.rows import Cockpit, Link, Pace, Part, Signal, Stage, Tile, Verdict

OCTOBER = CALENDAR_YEAR.parse("2026-10")
DUE = 0.722


def tile(
    key,
    label,
    unit,
    value,
    target,
    light,
    on_previous,
    on_year,
    *,
    due=None,
    history=(5, 6, 5, 7, 8, 7, 9, 8),
):
    points = unit == "ratio"
    return Tile(
        metric=key,
        label=label,
        note=f"What {label} counts",
        unit=unit,
        value=Decimal(value),
        target=Decimal(target),
        attainment=float(Decimal(value) / Decimal(target)),
        due=due,
        light=light,
        on_previous=Delta(on_previous, points, on_previous > 0),
        on_year=Delta(on_year, points, on_year > 0),
        history=tuple(map(float, history)),
    )


TILES = (
    tile("sales_amount", "销售额", "money", "18420000", "26000000", "amber", -0.041, 0.112, due=DUE),
    tile(
        "collection_rate",
        "回款率",
        "ratio",
        "0.75",
        "0.9",
        "amber",
        -0.08,
        -0.024,
        history=(9, 9, 8, 8, 8, 7, 7, 6),
    ),
    tile(
        "new_customers",
        "新客户数",
        "count",
        "12",
        "15",
        "green",
        -0.05,
        0.2,
        due=DUE,
        history=(3, 4, 4, 5, 4, 6, 5, 6),
    ),
    tile(
        "visits",
        "客户拜访数",
        "count",
        "1004",
        "1200",
        "green",
        0.022,
        0.07,
        due=DUE,
        history=(6, 6, 7, 7, 8, 7, 8, 8),
    ),
    tile("qualified_lead_conversion_rate", "有效线索转化率", "ratio", "0.18", "0.25", "red", -0.07, -0.031),
    tile("proposals", "方案提交数", "count", "251", "300", "green", 0.12, 0.084, due=DUE),
)
ACTUAL = tuple(round(1842e4 * (day + 0.3 * (day % 3)) / 13.3) for day in range(1, 14))
PACE = Pace(
    labels=tuple(f"10-{day:02d}" for day in range(9, 27)),
    actual=(*map(float, ACTUAL), *([None] * 5)),
    goal=tuple(26e6 * day / 18 for day in range(1, 19)),
    middle=(*([None] * 12), *(18.42e6 + 1.2e6 * n for n in range(6))),
    low=(*([None] * 12), *(18.42e6 + 0.94e6 * n for n in range(6))),
    high=(*([None] * 12), *(18.42e6 + 1.5e6 * n for n in range(6))),
    now=12,
    method="AutoETS, 80%",
    error=0.043,
)
PARTS = tuple(
    Part(
        key,
        label,
        "unit",
        Decimal(value),
        Decimal(5_000_000),
        value / 5e6,
        DUE,
        light,
        Decimal(ahead),
    )
    for key, label, value, light, ahead in (
        ("hz", "杭州组", 4_400_000, "green", 890_000),
        ("nj", "南京组", 4_105_000, "green", 470_000),
        ("sh2", "上海二组", 3_700_000, "green", 90_000),
        ("sz", "苏州组", 3_555_000, "amber", -50_000),
        ("sh1", "上海一组", 2_095_000, "red", -1_760_000),
    )
)
SIGNALS = (
    Signal(
        "off_target",
        "red",
        "有效线索转化率",
        "ratio",
        Decimal("0.18"),
        Decimal("0.25"),
        -0.28,
        "上海一组",
        metric="sales_amount",
    ),
    Signal(
        "off_target",
        "amber",
        "回款率",
        "ratio",
        Decimal("0.75"),
        Decimal("0.9"),
        -0.167,
        "华东大区",
        metric="sales_amount",
    ),
    Signal(
        "divergence",
        "amber",
        "方案提交数",
        "count",
        None,
        None,
        0.12,
        other_label="成交率",
        other_change=-0.09,
        metric="sales_amount",
    ),
    Signal("jump", "amber", "客单价", "money", Decimal(82000), None, -0.34, "苏州组", metric="sales_amount"),
    Signal(
        "beyond",
        "green",
        "客户拜访数",
        "count",
        Decimal(1004),
        Decimal(1200),
        0.16,
        "杭州组",
        metric="sales_amount",
    ),
)
FUNNEL = tuple(
    Stage(label, value, share, hot=hot, note=note)
    for label, value, share, hot, note in (
        ("线索", 412, None, False, ""),
        ("有效线索", 205, 0.5, False, ""),
        ("需求确认", 131, 0.64, False, ""),
        ("方案", 84, 0.64, False, ""),
        ("谈判", 52, 0.62, False, ""),
        ("成交", 37, 0.71, True, ""),
    )
)
LINKS = tuple(
    Link(label, value, 12, low=value - half, high=value + half)
    for label, value, half in (
        ("有效拜访数", 0.72, 0.2),
        ("需求挖掘深度", 0.64, 0.3),
        ("方案提交数", -0.61, 0.3),
        ("高价值客户占比", 0.58, 0.3),
        ("电话量", -0.05, 0.5),
    )
)
FULL = Cockpit(
    where=Where("华东大区", OCTOBER, date(2026, 10, 23), "CNY", 1287),
    verdict=Verdict(
        "销售额", 0.94, "amber", Decimal(-1_560_000), DUE, 0.708, Decimal(18_420_000), "money", closed=False,
        worst=PARTS[-1], others_gap=Decimal(240_000),
    ),
    tiles=TILES, pace=PACE, headline=TILES[0], signals=SIGNALS, parts=PARTS, funnel=FUNNEL, links=LINKS,
)  # fmt: skip
EMPTY = Cockpit(FULL.where, None, (), None, None, (), (), (), ())
