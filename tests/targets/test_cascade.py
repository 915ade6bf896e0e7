"""A company's cascade: axes from the tree, kept in two stores, edited, shown as it was known, put in force."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.core.errors import Forbidden, Malformed, NotFound
from dabiao.core.models import AuditLine
from dabiao.engine.allocation.limits import Limit, lock
from dabiao.engine.allocation.people import Ramp
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.lake import home
from dabiao.lake.change import Change
from dabiao.lake.publish import publish
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.org.logic import seats
from dabiao.targets.actions import cascade, clean
from dabiao.targets.actions.cascade import CannotHandDown, Overtaken
from dabiao.targets.actions.put_in_force import put_in_force
from dabiao.targets.commands import app
from dabiao.targets.logic.cascade import options, saved, store
from dabiao.targets.logic.cascade.cells import cells
from dabiao.targets.logic.cascade.request import CascadeRequest, prepare
from dabiao.targets.models import CascadeVersion, Target

YEAR = CALENDAR_YEAR.parse("2027")
EVEN = {"even": Fraction(1)}


def asked(amount="8000", over=("org", "quarter"), **options):
    return CascadeRequest("sales_amount", options.pop("period", YEAR), Decimal(amount), over, **options)


def solved(**options):
    ready = prepare(asked(**options), CALENDAR_YEAR)
    return ready, cascade.solve(ready)


def values(ready, handed, period="2027", product=""):
    return {
        cell.scope: cell.value
        for cell in cells(ready, handed)
        if (cell.period, cell.product) == (period, product)
    }


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=True)
    if code == 0 and result.exception:
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def published(at, lines, products="", facts_on=None):
    """Order lines `person day amount [product]` and product lines, published with the organisation."""
    facts = [
        {"key": str(n), "source": "t", "person": who, "ordered_on": date.fromisoformat(day), "amount": Decimal(amount),
         "currency": "CNY", "product": (rest or [None])[0]}
        for n, (who, day, amount, *rest) in enumerate(line.split() for line in lines.strip().splitlines())
    ]  # fmt: skip
    catalogue = [
        {"product": product, "line": line}
        for product, line in (row.split() for row in products.strip().splitlines())
    ]
    changes = [Change("order_lines", pa.Table.from_pylist(facts, schema=TABLES["order_lines"].schema))]
    if catalogue:
        changes.append(
            Change("products", pa.Table.from_pylist(catalogue, schema=TABLES["products"].schema), whole=True)
        )
    changes += [Change(name, table, whole=True) for name, table in seats.lake_tables().items()]
    publish(changes, at=at, note="test")


class TestAxes:
    def test_people_share_what_their_team_gets_and_leaders_of_leaders_get_none(self, company):
        found = values(*solved(amount="800"))

        assert found == {
            "company": 800, "east": Decimal("533.33"), "shanghai": 400, "P03": Decimal("133.34"),
            "P04": Decimal("133.33"), "P05": Decimal("133.33"), "nanjing": Decimal("133.33"), "P07": Decimal("133.33"),
            "west": Decimal("266.67"), "chengdu": Decimal("266.67"), "P06": Decimal("133.34"), "P09": Decimal("133.33"),
        }  # fmt: skip

    def test_who_moves_has_a_part_in_each_unit_for_the_time_there(self, company):
        ready, handed = solved(amount="8000", period=CALENDAR_YEAR.parse("2026-Q1"), over=("org", "month"))
        january, march = values(ready, handed, "2026-01"), values(ready, handed, "2026-03")

        assert january["P06@chengdu"] is None
        assert january["P06@shanghai"] is not None
        assert (march["P06@shanghai"], march["P06@chengdu"] is None) == (None, False)

    def test_units_may_be_the_last_level(self, company):
        assert values(*solved(amount="900", people=False)) == {
            "company": 900, "east": 600, "shanghai": 300, "nanjing": 300, "west": 300, "chengdu": 300
        }  # fmt: skip

    def test_a_part_of_the_company_and_one_unit_alone(self, company):
        assert set(values(*solved(amount="900", root="west"))) == {"west", "chengdu", "P06", "P09"}
        assert values(*solved(amount="900", root="west", over=("quarter",))) == {"west": 900}

    def test_weeks_cut_by_a_months_end_stand_in_both_months(self, company):
        ready, handed = solved(
            amount="310", root="west", over=("month", "week"), period=CALENDAR_YEAR.parse("2027-Q1")
        )
        weeks = [cell for cell in cells(ready, handed) if cell.leaf]

        assert sum(cell.value for cell in weeks) == 310
        assert {"2027-W04", "2027-W08", "2027-W09", "2027-W13"} < {cell.period for cell in weeks}

    def test_nobody_at_all_is_one_scope(self, db):
        assert values(*solved(amount="900")) == {"": 900}

    @pytest.mark.parametrize(
        ("case", "options", "says"),
        [
            ("a metric that does not exist", {"over": ("org",)}, "no metric"),
            ("an axis that does not exist", {"over": ("org", "moon")}, "over moon"),
            ("a coarser period below a finer one", {"over": ("month", "quarter")}, "quarter"),
            ("a method that does not exist", {"methods": {"dice": Fraction(1)}}, "dice"),
            ("more decimals than money has", {"amount": "0.001"}, "decimals"),
            ("history where there is none", {"methods": {"history": Fraction(1)}}, "no history"),
        ],
    )
    def test_refuses(self, company, case, options, says):
        question = asked(**options)
        if case == "a metric that does not exist":
            question = CascadeRequest("sales_amont", YEAR, Decimal(1), ("org",))
        with pytest.raises(Malformed, match=says):
            prepare(question, CALENDAR_YEAR)

    def test_refuses_what_does_not_sum_and_a_unit_that_is_not_there(self, company):
        with pytest.raises(Malformed, match="does not sum"):
            prepare(CascadeRequest("collection_rate", YEAR, Decimal("0.9"), ("org",)), CALENDAR_YEAR)
        with pytest.raises(NotFound):
            prepare(asked(root="north"), CALENDAR_YEAR)


class TestMethods:
    def test_history_shares_by_what_each_brought_and_newcomers_get_the_average(self, company, at):
        published(at, "P04 2026-03-02 300\nP05 2026-03-03 100\nP06 2026-03-04 200")
        found = values(*solved(amount="1200", methods={"history": Fraction(1)}, over=("org",)))

        assert (found["P04"], found["P05"], found["P06"], found["P03"]) == (300, 100, 200, 200)

    def test_products_follow_their_history_and_sum_per_period(self, company, at):
        published(at, "P04 2026-03-02 300 a\nP05 2026-03-03 100 b", "a bikes\nb bells")
        ready, handed = solved(
            amount="1000", methods={"history": Fraction(1)}, over=("org", "product"), root="shanghai"
        )

        assert values(ready, handed, product="bikes")["shanghai"] == 750
        assert values(ready, handed, product="bells")["shanghai"] == 250

    def test_working_days_and_several_methods(self, company):
        half = {"working-days": Fraction(1), "even": Fraction(1)}
        ready, handed = solved(amount="100", methods=half, over=("org", "month"), root="west")
        months = [values(ready, handed, f"2027-{month:02}")["west"] for month in range(1, 13)]

        assert sum(months) == 100
        assert months[1] < months[2]

    def test_a_joiner_ramps_up(self, company):
        person = company.people["P09"]
        person.hired_on = date(2027, 1, 1)
        person.save()
        steps = Ramp((Fraction(0), Fraction(1, 2)))
        ready, handed = solved(amount="1200", over=("org", "month"), root="chengdu", ramp=steps)

        months = [values(ready, handed, f"2027-0{month}") for month in (1, 2, 3)]
        assert [month["P09"] for month in months] == [0, Decimal("26.67"), Decimal("53.33")]
        assert [int(month["P06"]) for month in months] == [53, 53, 53]

    def test_probation_protects(self, company):
        seat = company.people["P09"].assignments.get()
        seat.probation_until = date(2027, 3, 1)
        seat.save()
        half = Ramp(protected=Fraction(1, 2))
        ready, handed = solved(amount="1200", over=("org", "month"), root="chengdu", ramp=half)
        months = [values(ready, handed, f"2027-0{month}") for month in (2, 3)]

        assert months[0]["P06"] == pytest.approx(2 * months[0]["P09"], abs=Decimal("0.01"))
        assert months[1]["P06"] == pytest.approx(months[1]["P09"], abs=Decimal("0.01"))


class TestKeep:
    @pytest.fixture
    def made(self, company, at):
        return {"by": company.otto, "at": at, "reason": "the year's plan"}

    def test_keeps_cells_in_the_lake_and_the_rest_in_the_database(self, made):
        ready, handed = solved(kept={"company": Fraction(1, 10)})
        version = cascade.keep(ready, handed, plan="year", **made)
        found = saved.opened(saved.version_of("year"))

        assert saved.block(found, 0).amounts.tolist() == handed.amounts.tolist()
        assert sum(line.value for line in version.ledger.all()) == 800
        assert AuditLine.objects.filter(what="targets.cascade.kept").count() == 1

    def test_null_comes_back_as_null(self, made):
        ready, handed = solved(period=CALENDAR_YEAR.parse("2026-Q1"), over=("org", "month"))
        cascade.keep(ready, handed, plan="year", **made)
        again = saved.opened(saved.version_of("year"))

        assert list(cells(again.prepared, saved.block(again, 0))) == list(cells(ready, handed))

    def test_only_sales_operations_may(self, company, at):
        ready, handed = solved()
        with pytest.raises(Forbidden):
            cascade.keep(ready, handed, plan="year", by=company.sam, at=at)
        with pytest.raises(Forbidden):
            cascade.edit("year", Limit("unit:east"), Decimal(1), by=company.sam, at=at)

    def test_an_edit_moves_its_team_and_is_a_version_of_its_own(self, made, at):
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        later = {**made, "at": at + timedelta(days=1), "reason": "swap"}
        place = options.place(ready, "P04:2027-Q1")
        change = cascade.edit("year", place, Decimal("400"), **later)

        assert [(move.scope, move.before, move.after) for move in cascade.moves(ready, change)] == [
            ("P03", Decimal("333.34"), Decimal("300.00")),
            ("P04", Decimal("333.33"), Decimal("400.00")),
            ("P05", Decimal("333.33"), Decimal("300.00")),
        ]
        now, before = (saved.version_of("year", known_at=moment) for moment in (None, at))
        assert (now.number, before.number, now.plan.limits.count()) == (2, 1, 1)
        newest = saved.opened(now)
        assert values(ready, saved.block(newest, 0), "2027-Q1")["P04"] == 400
        assert values(ready, saved.block(saved.opened(before), 0), "2027-Q1")["P04"] == Decimal("333.33")
        assert newest.prepared.order.limits == (lock(place.scope, *place.at, value=40000),)

    def test_an_edit_of_what_somebody_else_has_changed_meanwhile_is_refused(self, made, monkeypatch):
        """The other edit is kept between the moment this one reads the plan and the moment it writes."""
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        save = store.save

        def after_another(*cells):
            monkeypatch.undo()
            cascade.edit("year", options.place(ready, "P05:2027-Q1"), Decimal("350"), **made)
            return save(*cells)

        monkeypatch.setattr(cascade.store, "save", after_another)
        with pytest.raises(Overtaken, match="changed by somebody else"):
            cascade.edit("year", options.place(ready, "P04:2027-Q1"), Decimal("400"), **made)

        found = values(ready, saved.block(saved.opened(saved.version_of("year")), 0), "2027-Q1")
        assert (saved.version_of("year").number, found["P05"]) == (2, 350)
        assert AuditLine.objects.filter(what="targets.cascade.edited").count() == 1

    def test_an_edit_may_be_absorbed_further_up(self, made):
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        change = cascade.edit(
            "year", options.place(ready, "P07:2027-Q1"), Decimal("1500"), **made, held_by="unit:company"
        )

        assert {"nanjing", "shanghai", "west"} < {move.scope for move in cascade.moves(ready, change)}
        with pytest.raises(CannotHandDown, match="cannot be handed down"):
            cascade.edit("year", options.place(ready, "P07:2027-Q2"), Decimal("1000"), **made)

    def test_handing_down_again_forgets_earlier_locks(self, made):
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        cascade.edit("year", options.place(ready, "P04:2027-Q1"), Decimal("400"), **made)
        cascade.keep(ready, handed, plan="year", **made)

        assert saved.opened(saved.version_of("year")).prepared.order.limits == ()
        assert [version.is_whole for version in CascadeVersion.objects.order_by("number")] == [
            True,
            False,
            True,
        ]

    def test_what_a_killed_writer_left_is_never_read(self, made, monkeypatch):
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        with monkeypatch.context() as patch:
            patch.setattr(cascade, "tell", lambda *args, **kwargs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                cascade.edit("year", options.place(ready, "P04:2027-Q1"), Decimal("400"), **made)
        cascade.edit("year", options.place(ready, "P05:2027-Q2"), Decimal("400"), **made)

        found = values(ready, saved.block(saved.opened(saved.version_of("year")), 0), "2027-Q1")
        assert found["P04"] == Decimal("333.33")

    def test_clean_up_forgets_what_no_version_names_and_nothing_else(self, made, monkeypatch):
        ready, handed = solved()
        cascade.keep(ready, handed, plan="year", **made)
        cascade.edit("year", options.place(ready, "P04:2027-Q1"), Decimal("400"), **made)
        with monkeypatch.context() as patch:
            patch.setattr(cascade, "tell", lambda *args, **kwargs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                cascade.edit("year", options.place(ready, "P05:2027-Q1"), Decimal("300"), **made)
        cascade.keep(*solved(), plan="gone", **made)
        CascadeVersion.objects.filter(plan__key="gone").delete()
        before = saved.block(saved.opened(saved.version_of("year")), 0).amounts.tolist()

        assert clean.forget_cells(at=timezone.now()) == 0
        assert clean.forget_cells(at=timezone.now() + timedelta(days=2)) == 2
        assert clean.forget_cells(at=timezone.now() + timedelta(days=2)) == 0

        assert saved.block(saved.opened(saved.version_of("year")), 0).amounts.tolist() == before
        cascade.edit("year", options.place(ready, "P05:2027-Q2"), Decimal("400"), **made)
        named = set(CascadeVersion.objects.values_list("save_token", flat=True))
        store = Store(home.lake())
        version = DeltaTable(str(store.folder("target_cells"))).version()
        assert {Path(file).parent.name for file in store.files("target_cells", version)} == named

    def test_an_unknown_plan_is_not_found(self, db):
        with pytest.raises(NotFound):
            saved.version_of("nothing")

    def test_put_in_force_sets_units_and_people_and_adds_up_two_seats(self, company, at, on):
        ready, handed = solved(amount="8000", period=CALENDAR_YEAR.parse("2026-Q1"), over=("org", "month"))
        put_in_force(ready, handed, by=company.otto, at=at, on=on)

        march = Target.objects.filter(starts_on=date(2026, 3, 1))
        assert march.get(unit__key="company").target == sum(
            target.target for target in march.filter(person__isnull=False)
        )
        assert Target.objects.filter(person__key="P06", starts_on=date(2026, 1, 1)).count() == 1


class TestCommands:
    def test_a_dry_run_prints_cells_and_ledger_and_keeps_nothing(self, company):
        told = json.loads(
            run("cascade", "--metric", "sales_amount", "--period", "2027", "--amount", "700273", "--over", "org,month",
                "--method", "even", "--reserve", "0.1", "--dry-run", "--format", "json").stdout
        )  # fmt: skip

        assert set(told["cells"][0]) == {"scope", "product", "period", "value", "leaf"}
        leaves = sum(Decimal(cell["value"]) for cell in told["cells"] if cell["leaf"])
        kept = sum(Decimal(line["value"]) for line in told["ledger"])
        assert (leaves + kept, kept) == (700273, Decimal("70027.30"))
        assert not CascadeVersion.objects.exists()

    def test_keeps_edits_and_shows(self, company):
        run("cascade", "--metric", "sales_amount", "--period", "2027", "--amount", "8000", "--over", "org,quarter",
            "--lock", "P09:2027-Q1=600", "--min", "nanjing=1200", "--max", "P04=900", "--in-force")  # fmt: skip
        moved = json.loads(run("edit", "sales_amount-2027", "P05:2027-Q2", "300", "--format", "json").stdout)
        shown = json.loads(run("show", "sales_amount-2027", "--format", "json").stdout)
        found = {(cell["scope"], cell["period"]): Decimal(cell["value"]) for cell in shown["cells"]}

        assert {row["scope"] for row in moved} == {"P03", "P05"}  # P04's maximum of the year is used up
        assert (found["P09", "2027-Q1"], found["P05", "2027-Q2"]) == (600, 300)
        assert found["nanjing", "2027"] >= 1200
        assert found["P04", "2027"] <= 900
        assert Target.objects.filter(unit__key="company").count() == 4
        assert "8,000" in run("show", "sales_amount-2027").stdout

    def test_growth_is_on_what_the_scope_brought_the_year_before(self, company, at):
        published(at, "P04 2026-03-02 300\nP09 2026-03-03 100")
        told = run("cascade", "--metric", "sales_amount", "--period", "2027", "--growth", "0.5", "--over", "org",
                   "--scope", "east", "--dry-run", "--format", "json").stdout  # fmt: skip
        assert json.loads(told)["cells"][0]["value"] == "450"

    @pytest.mark.parametrize(
        ("case", "arguments", "says"),
        [
            ("no amount", ["--period", "2027"], "--amount or --growth"),
            ("growth on nothing", ["--period", "2027", "--growth", "0.1"], "not known"),
            ("not a number", ["--period", "2027", "--amount", "much"], "not a number"),
            ("not a period", ["--period", "soon", "--amount", "1"], "names no period"),
            ("not a share", ["--period", "2027", "--amount", "1", "--reserve", "some"], "not a number"),
            ("a lock without an amount", ["--period", "2027", "--amount", "1", "--lock", "P04"], "WHO"),
            ("a stranger", ["--period", "2027", "--amount", "1", "--lock", "P99=1"], "no part"),
            ("locks apart", ["--period", "2027", "--amount", "1", "--lock", "P04=2"], "Least change"),
        ],
    )
    def test_refuses(self, company, case, arguments, says):
        result = run("cascade", "--metric", "sales_amount", *arguments, "--dry-run", code=1)
        assert says in str(result.exception), case

    def test_one_of_several_seats_has_to_be_named(self, company):
        base = ["cascade", "--metric", "sales_amount", "--period", "2026", "--amount", "9000", "--dry-run"]
        assert "P06@shanghai" in str(run(*base, "--lock", "P06=100", code=1).exception)
        run(*base, "--lock", "P06@shanghai=100")

    def test_export_is_what_import_reads(self, company, tmp_path):
        run(
            "cascade",
            "--metric",
            "sales_amount",
            "--period",
            "2027",
            "--amount",
            "8000",
            "--over",
            "org,quarter",
            "--in-force",
        )
        file = tmp_path / "targets.csv"
        file.write_text(run("export").stdout, encoding="utf-8")
        assert "48 were already so" in run("import", str(file)).stdout.replace(",", "")
