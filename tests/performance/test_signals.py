"""Signals: what needs handling in the whole subtree, what it costs, since when, and what is only good news."""

import re
from datetime import date
from decimal import Decimal

import pytest

from dabiao.lake import reading
from dabiao.metrics import subtree as subtree_module
from dabiao.metrics.frame import frame_of
from dabiao.org.queries import Scope
from dabiao.performance.queries import cockpit, signal_list
from dabiao.performance.queries import signals as signal_rules
from dabiao.performance.queries.rows import Signal
from dabiao.performance.room import ROOM
from dabiao.targets.models import Target
from dabiao.ui.address import fiscal
from dabiao.ui.templatetags.dabiao import signed_percent
from tests.performance.facts import load

JANUARY, FEBRUARY = date(2026, 1, 12), date(2026, 2, 12)


def visits(**each):
    """So many visits of P04 in each month."""
    lines = [
        f"{month}{n} P04 visit {day}T09:00:00" for month, (day, many) in each.items() for n in range(many)
    ]
    return "\n".join(["key person kind started_at", *lines])


def page(company, before, after):
    """The cockpit of P04's February, from (visits, amount sold) of January and February."""
    load(
        activities=visits(jan=(JANUARY, before[0]), feb=(FEBRUARY, after[0])),
        order_lines=f"key person ordered_on amount\nA P04 {JANUARY} {before[1]}\nB P04 {FEBRUARY} {after[1]}",
    )
    february = fiscal().parse("2026-02")
    frame = frame_of(
        reading.current(),
        viewer=company.ada,
        scope=Scope("person", "P04"),
        period=february,
        today=date(2026, 3, 16),
        language="en",
    )
    return cockpit.cockpit(frame)


def signals(company, before, after):
    return page(company, before, after).signals


def look(user, scope, month="2026-02", *, language="en"):
    """Everything that needs handling in a scope, as somebody sees it on 16 March 2026."""
    frame = frame_of(
        reading.current(),
        viewer=user,
        scope=Scope(*scope),
        period=fiscal().parse(month),
        today=date(2026, 3, 16),
        language=language,
    )
    return cockpit.cockpit(frame, told=None).signals


def parted(company, before, after):
    return [each for each in signals(company, before, after) if each.kind == "divergence"]


@pytest.fixture
def aim(company, at):
    """Sets P04's target of a metric for February."""

    def to(metric, target):
        Target.objects.create(
            scope_kind="person", person=company.people["P04"], metric=metric, target=Decimal(target),
            starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=at,
        )  # fmt: skip

    return to


class TestOffTarget:
    @pytest.mark.parametrize(
        ("case", "sold", "said"),
        [
            ("far below", 500, ("off_target", "red", -0.5)),
            ("below by more than a tenth", 850, ("off_target", "amber", -0.15)),
        ],
    )
    def test_is_said_beyond_a_tenth(self, company, aim, case, sold, said):
        aim("sales_amount", 1000)

        (signal,) = (each for each in signals(company, (5, 1000), (5, sold)) if each.label == "Sales")
        assert (signal.kind, signal.light, signal.deviation) == (*said[:2], pytest.approx(said[2])), case

    def test_is_the_same_figure_on_every_page_where_it_ends_in_a_half(self, company, aim):
        """862.50 of 1,000 is −13.75 %: as a difference of floats it would be written −13.7 % where it is not rounded before."""
        aim("sales_amount", 1000)

        (signal,) = (each for each in signals(company, (5, 1000), (5, "862.5")) if each.label == "Sales")
        (row,) = signal_list.listing([signal], "", "CNY").rows
        assert signed_percent(signal.deviation) == signed_percent(row["deviation"]) == "−13.8%"

    @pytest.mark.parametrize("sold", [920, 1000, 1080])
    def test_is_not_said_within(self, company, aim, sold):
        aim("sales_amount", 1000)

        assert not [each for each in signals(company, (5, 1000), (5, sold)) if each.label == "Sales"]

    def test_a_target_that_can_hardly_be_right_is_no_good_news(self, company, aim):
        aim("sales_amount", 40)

        shown = page(company, (5, 1000), (5, 1500))
        assert not [each for each in shown.good if each.label == "Sales"]

    @pytest.mark.parametrize(
        ("case", "today", "told"),
        [
            ("Sunday, before any working day", date(2026, 2, 1), False),
            ("its second working day", date(2026, 2, 3), False),
            ("its third", date(2026, 2, 4), True),
            ("closed", date(2026, 3, 16), True),
        ],
    )
    def test_is_not_said_on_the_first_days_of_a_period(self, company, aim, as_, case, today, told):
        """Who has sold nothing on the first day is no exception, nor is who has sold twice as much."""
        aim("sales_amount", 2000)
        page(company, (5, 1000), (5, 1))
        frame = frame_of(
            reading.current(), viewer=company.ada, scope=Scope("person", "P04"),
            period=fiscal().parse("2026-02"), today=today, language="en",
        )  # fmt: skip

        seen = cockpit.cockpit(frame)
        assert bool(seen.signals) == told and seen.early != told, case
        assert told or not seen.good, case

    @pytest.mark.parametrize(
        ("today", "warmed"), [(date(2026, 2, 3), {"2026-02", "2026-01"}), (date(2026, 2, 4), {"2026-02"})]
    )
    def test_on_the_first_days_the_period_before_is_made_ready_too(self, company, monkeypatch, today, warmed):
        page(company, (5, 1000), (5, 1))
        seen = set()
        monkeypatch.setattr(cockpit, "all_signals", lambda frame: seen.add(frame.period.label))

        ROOM.warm(today)
        assert seen == warmed

    def test_of_the_first_days_the_page_says_so_and_leads_to_the_period_before(
        self, company, aim, as_, at, monkeypatch
    ):
        aim("sales_amount", 2000)
        page(company, (5, 1000), (5, 1))
        monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: date(2026, 2, 3))

        for address in ("/signals/", "/cockpit/"):
            shown = as_("ada").get(
                f"{address}?person=P04&period=2026-02", headers={"accept-language": "en"}
            ).content.decode()  # fmt: skip
            assert "Too early to say what needs handling" in shown, address
            link = r'href="/signals/\?person=P04&amp;period=2026-01">\s*What needed handling in January 2026\s*</a>'
            assert re.search(link, shown), address

    def test_far_above_is_good_news_and_nothing_to_handle(self, company, aim):
        aim("sales_amount", 1000)

        shown = page(company, (5, 1000), (5, 1500))

        assert not shown.signals
        (news,) = shown.good
        assert (news.kind, news.light, news.deviation) == ("beyond", "green", pytest.approx(0.5))
        assert news.step and not news.explainable


class TestStakes:
    def test_money_is_counted_as_what_is_missing_by_now(self, company, aim):
        aim("sales_amount", 1000)

        (sales,) = signals(company, (5, 1000), (5, 850))

        assert (sales.stake, sales.about) == (150, False)

    def test_a_share_of_what_is_counted_puts_at_most_that_share_of_the_headline_at_stake(self, company, aim):
        aim("visits", 8)
        aim("sales_amount", 1000)

        visits = next(each for each in signals(company, (5, 1000), (1, 850)) if each.metric == "visits")

        assert (visits.stake, visits.about) == (875, True), "seven visits at 850 each would be far more"

    def test_of_what_is_counted_a_fifth_that_is_missing_is_a_fifth_of_what_is_due(self, company, aim):
        aim("visits", 10)
        aim("sales_amount", 1000)

        (visits,) = signals(company, (8, 1000), (8, 980))

        assert visits.stake == 200, "not two visits at what each of the eight has brought"

    def test_whoever_looks_reads_the_same_money(self, company, promise):
        """Shanghai sells far more per visit than the company does, and its rep less: neither weighs the signal."""
        load(
            order_lines=ORDERS,
            activities="key person kind started_at\n"
            + "\n".join(
                f"V{n} {who} visit {FEBRUARY}T09:00:00" for n, who in enumerate(["P04"] * 3 + ["P09"] * 9)
            ),
        )
        promise("P04", "visits", 10)
        promise("P04", "sales_amount", 700)

        def at_stake(who, scope):
            return {
                each.stake
                for each in look(company.users[who], scope)
                if each.metric == "visits" and each.scope.key == "P04"
            }

        assert at_stake("dora", ("unit", "company")) == at_stake("sam", ("unit", "shanghai")) == {490}
        assert at_stake("rita", ("person", "P04")) == {490}

    def test_without_a_target_of_the_headline_what_it_has_brought_is_the_most(self, company, aim):
        aim("visits", 10)

        (visits,) = signals(company, (8, 1000), (8, 800))

        assert (visits.stake, visits.about) == (160, True)

    def test_what_cannot_be_told_in_money_comes_last(self, company, aim, at):
        load(activities=f"key person kind started_at needs_depth\nN1 P04 visit {FEBRUARY}T09:00:00 1")
        aim("sales_amount", 1000)
        found = [
            Signal("off_target", colour, name, "score", 1, Decimal(2), off, stake=stake)
            for name, colour, off, stake in (
                ("far off", "red", -0.9, None),
                ("less far off", "red", -0.5, None),
                ("amber", "amber", -0.95, None),
                ("a little money", "amber", -0.11, Decimal(1)),
            )
        ]

        ranked = sorted(reversed(found), key=signal_rules._rank)

        assert [each.label for each in ranked] == ["a little money", "far off", "less far off", "amber"]


ORDERS = """
key  person  customer  product  ordered_on  amount  cost
A1   P04     C1        X        2026-02-03  500     450
A2   P05     C2        X        2026-02-04  500     450
A3   P07     C3        X        2026-02-05  100     50
A4   P09     C4        X        2026-02-06  1000    500
"""


@pytest.fixture
def promise(company, at):
    """Sets a target of a unit or person in a month."""

    def to(holder, metric, target, start=date(2026, 2, 1), end=date(2026, 3, 1)):
        kind = "unit" if holder in company.units else "person"
        whose = company.units[holder] if kind == "unit" else company.people[holder]
        Target.objects.create(
            scope_kind=kind, metric=metric, target=Decimal(target), starts_on=start, ends_on=end, changed_at=at,
            **{kind: whose},
        )  # fmt: skip

    return to


class TestWords:
    """What the pages say where there is nothing to handle."""

    @pytest.fixture
    def shown(self, company, as_, monkeypatch):
        monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))

        def page(path):
            return as_("rita").get(f"{path}?period=2026-02", headers={"accept-language": "en"}).content.decode()  # fmt: skip

        return page

    def test_who_is_above_target_has_nothing_to_handle_and_is_told_so(self, company, aim, shown):
        aim("sales_amount", 1000)
        page(company, (5, 1000), (6, 1220))

        signals_page, cockpit_page = shown("/signals/"), shown("/cockpit/")

        assert "Nothing needs handling" in signals_page and "Good news" in signals_page
        assert "Nothing stands out" in cockpit_page and "+22.0% against the target" in cockpit_page

    def test_an_open_gap_is_told_where_nothing_is_far_off(self, company, aim, shown):
        aim("sales_amount", 1000)
        page(company, (5, 1000), (5, 950))

        said = shown("/cockpit/")

        assert "Nothing stands out" not in said and "Nothing is off by more than 10% so far" in said
        assert "Sales is ¥50 short of the target all the same." in said

    def test_each_line_has_its_money_age_and_next_step(self, company, aim, shown):
        aim("sales_amount", 1000)
        page(company, (5, 1000), (5, 500))

        said = shown("/cockpit/")

        assert "¥500 at stake" in said and "Drill down to the unit, product and customer" in said
        assert "/why/sales_amount/" in said and "1 thing needs handling" in shown("/signals/")


class TestSubtree:
    @pytest.fixture
    def behind(self, promise):
        """Shanghai sells at a margin of a tenth, where half was promised; Chengdu lacks 300 of its sales."""
        load(order_lines=ORDERS)
        promise("company", "gross_margin", "0.5")
        promise("chengdu", "sales_amount", "1300")

    def test_a_ratio_two_levels_down_is_first_where_it_costs_most(self, company, behind):
        first, *others = look(company.dora, ("unit", "company"))

        assert (first.metric, first.scope, first.path) == (
            "gross_margin", Scope("unit", "shanghai"), ("华东大区",),
        )  # fmt: skip
        assert first.stake == Decimal(1000) * Decimal("0.5") - 100 and not first.about
        assert first.carries == ("华东大区", "总公司"), "their gap is this one"
        assert (others[0].metric, others[0].scope, others[0].stake) == (
            "sales_amount", Scope("unit", "chengdu"), 300,
        )  # fmt: skip

    def test_each_signal_stands_once_and_no_parent_that_is_folded(self, company, behind):
        found = [(each.metric, each.scope) for each in look(company.dora, ("unit", "company"))]

        assert len(found) == len(set(found))
        assert ("gross_margin", Scope("unit", "east")) not in found
        assert ("gross_margin", Scope("person", "P04")) in found, "half of the gap is a signal of its own"

    @pytest.mark.parametrize(
        ("case", "shanghai", "shown"),
        [
            ("four fifths of the gap are one team's: it stands for the region", 800, {"shanghai", "nanjing"}),
            ("less than that: the region and both of its teams", 790, {"east", "shanghai", "nanjing"}),
        ],
    )
    def test_a_gap_is_one_parts_from_four_fifths_on(self, company, promise, case, shanghai, shown):
        load(order_lines=ORDERS)
        promise("shanghai", "sales_amount", 1000 + shanghai)
        promise("nanjing", "sales_amount", 100 + 1000 - shanghai)

        found = look(company.emma, ("unit", "east"))

        units = {each.scope.key for each in found if each.metric == "sales_amount"}
        assert units == shown, case

    def test_of_two_parts_that_each_make_it_neither_stands_for_the_whole(self, company, promise):
        """The company lacks 500, of which East has 400 and West 500."""
        load(order_lines=ORDERS)
        for unit, target in (("company", 2600), ("east", 1500), ("shanghai", 1500), ("nanjing", 0), ("west", 1500), ("chengdu", 1500)):  # fmt: skip
            promise(unit, "sales_amount", target)

        found = [each for each in look(company.dora, ("unit", "company")) if each.metric == "sales_amount"]

        assert {each.scope.key: each.carries for each in found} == {
            "company": (), "shanghai": ("华东大区",), "chengdu": ("西部大区",),
        }  # fmt: skip

    def test_the_most_money_stands_first_whatever_its_light(self, company, promise):
        load(order_lines=ORDERS)
        promise("chengdu", "sales_amount", 1150)
        promise("nanjing", "sales_amount", 200)

        found = look(company.dora, ("unit", "company"))

        assert [(each.scope.key, each.light, each.stake) for each in found] == [
            ("chengdu", "amber", 150), ("nanjing", "red", 100),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("who", "scope", "seen"),
        [
            ("sam", ("unit", "shanghai"), {"shanghai", "P03", "P04", "P05"}),
            ("rita", ("person", "P04"), {"P04"}),
            ("wes", ("unit", "west"), {"west", "chengdu", "P06", "P08", "P09"}),
        ],
    )
    def test_nobody_sees_a_signal_outside_their_sight(self, company, behind, promise, who, scope, seen):
        for person in ("P04", "P05", "P06", "P07", "P09"):
            promise(person, "sales_amount", "5000")

        found = look(company.users[who], scope)

        assert found and {each.scope.key for each in found} <= seen
        hidden = {"华东大区", "总公司"} | ({"成都组", "西部大区"} if who != "wes" else {"上海组"})
        assert not hidden & {name for each in found for name in (*each.path, *each.carries, each.who)}

    def test_the_page_names_nothing_outside_the_sight(self, company, behind, promise, as_, monkeypatch):
        monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
        for person in ("P04", "P09"):
            promise(person, "sales_amount", "5000")

        sam, dora = (as_(who).get("/signals/?period=2026-02").content.decode() for who in ("sam", "dora"))

        assert "rita" in sam and "cora" not in sam and "成都组" not in sam
        assert "rita" in dora and "cora" in dora

    def test_the_file_has_what_the_page_has(self, company, behind, as_, monkeypatch):
        monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))

        lines = as_("dora").get("/signals/?period=2026-02&export=csv").getvalue().decode().splitlines()

        assert len(lines) == 1 + len(look(company.dora, ("unit", "company")))

    def test_somebody_who_moved_away_belongs_to_where_they_sat(self, company, promise):
        """P06 sat in Shanghai until the end of January."""
        load(
            order_lines="key person ordered_on amount\nJ P06 2026-01-12 10\nF P06 2026-02-12 10\nS P04 2026-02-12 10"
        )
        promise("P06", "sales_amount", 1000, date(2026, 1, 1), date(2026, 2, 1))
        promise("P06", "sales_amount", 1000)

        january, february = (
            look(company.sam, ("unit", "shanghai"), month) for month in ("2026-01", "2026-02")
        )

        assert "P06" in {each.scope.key for each in january}
        assert "P06" not in {each.scope.key for each in february}

    def test_a_crowd_is_left_to_whoever_looks_one_unit_deeper(self, company, behind, monkeypatch):
        monkeypatch.setattr(subtree_module, "CROWD", 2)

        assert {each.scope.kind for each in look(company.dora, ("unit", "company"))} == {"unit"}

    def test_figures_of_parts_are_those_of_their_own_pages(self, company, behind):
        """What is added up here is the same number as where the part is looked at by itself."""
        for each in look(company.ada, ("unit", "company")):
            frame = frame_of(
                reading.current(),
                viewer=company.ada,
                scope=each.scope,
                period=fiscal().parse("2026-02"),
                today=date(2026, 3, 16),
                language="en",
            )
            (tile,) = (tile for tile in cockpit.tiles_of(frame) if tile.metric == each.metric)
            assert (tile.value, tile.target, tile.light) == (each.value, each.target, each.light)


class TestAges:
    @pytest.mark.parametrize(
        ("case", "sold", "age", "said"),
        [
            ("since November", {1: 50, 12: 50, 11: 50, 10: 100}, 4, "for 4 months in a row"),
            ("January was as promised", {1: 100, 12: 50}, 1, "new"),
            ("a month without a target ends the row", {1: 50, 12: 50, 11: None}, 3, "for 3 months in a row"),
            ("nobody can say how January stood", {1: None}, 1, ""),
        ],
    )
    def test_counts_the_periods_in_a_row(self, company, promise, case, sold, age, said):
        months = {month: date(2026 if month < 3 else 2025, month, 1) for month in (2, 1, 12, 11, 10)}
        orders = ["key person ordered_on amount", f"now P04 {months[2]} 50"]
        promise("P04", "sales_amount", 100)
        for month, amount in sold.items():
            if amount is not None:
                end = date(2026, 1, 1) if month == 12 else months[month].replace(month=month + 1)
                promise("P04", "sales_amount", 100, months[month], end)
                orders.append(f"m{month} P04 {months[month]} {amount}")
        load(order_lines="\n".join(orders))

        (signal,) = look(company.rita, ("person", "P04"))

        assert (signal.age, signal.since) == (age, said), case

    def test_of_different_customers_too_which_do_not_add_up(self, company, promise):
        load(
            order_lines="key person customer ordered_on amount\n"
            "J P04 C1 2026-01-12 10\nF P04 C1 2026-02-12 10\nG P04 C1 2026-02-13 10"
        )
        for start, end in ((date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1))):
            promise("P04", "active_customers", 3, start, end)
        (signal,) = (
            each for each in look(company.sam, ("unit", "shanghai")) if each.metric == "active_customers"
        )

        assert (signal.scope, signal.value, signal.age) == (Scope("person", "P04"), 1, 2)


class TestJump:
    @pytest.mark.parametrize(
        ("case", "before", "after", "kinds"),
        [
            ("two fifths more than the period before", 10, 14, ["jump"]),
            ("two fifths less", 10, 6, ["jump"]),
            ("three tenths are none yet", 10, 13, []),
        ],
    )
    def test_is_said_where_no_target_says_how_much_it_should_be(self, company, case, before, after, kinds):
        shown = page(company, (before, 1000), (after, 1000))
        found = [*shown.signals, *shown.good]

        assert [each.kind for each in found if each.label == "Visits"] == kinds, case


class TestParting:
    @pytest.mark.parametrize(
        ("case", "before", "after"),
        [
            ("a twentieth more visits, a twentieth less sold", (20, 2000), (21, 1900)),
            ("far more visits, far less sold", (10, 2000), (20, 500)),
        ],
    )
    def test_is_said_from_a_twentieth_each_on(self, company, case, before, after):
        (signal,) = parted(company, before, after)

        assert signal.label == "Visits", case
        assert signal.deviation == pytest.approx(after[0] / before[0] - 1)
        assert signal.other_change == pytest.approx(after[1] / before[1] - 1)

    def test_of_a_result_that_is_where_it_should_be_nobody_asks(self, company, aim):
        aim("sales_amount", 1000)

        assert parted(company, (20, 2000), (30, 1100)) == []

    @pytest.mark.parametrize(
        ("case", "before", "after"),
        [
            ("hardly more visits", (40, 2000), (41, 1900)),
            ("hardly less sold", (20, 2000), (21, 1901)),
            ("more of both", (20, 2000), (21, 2100)),
            ("less of both", (21, 2000), (20, 1900)),
        ],
    )
    def test_is_not_said_below(self, company, case, before, after):
        assert parted(company, before, after) == [], case
