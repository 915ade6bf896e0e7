"""Page, export, API, command, attainment and pay say one number, for everybody who asks."""

import csv
import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.improvement.queries.explaining import explained
from dabiao.lake import publish, reading
from dabiao.lake.change import Change
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import frame_of
from dabiao.org import actions
from dabiao.org.queries import Scope
from dabiao.performance.queries import breakdown, cockpit
from dabiao.site import cli
from dabiao.targets.models import Target, TargetVersion
from dabiao.targets.queries import lake_table
from tests.performance.facts import load

ORDERS = """
key ordered_on  person  amount      product
1   2026-01-31  P06     100.0001    g1
2   2026-02-01  P06     40          g1
3   2026-02-10  P04     7.25        g1
4   2026-02-10  P05     -3          g2
5   2026-02-11  P07     20.0004     g1
6   2026-02-12  P09     1234567.89  g2
7   2026-02-12  -       1000        g1
"""
FEBRUARY = "2026-02"
SEEN = {
    "ada": "1235632.1404",
    "dora": "1234632.1404",
    "emma": "24.2504",
    "sam": "4.25",
    "wes": "1234607.89",
    "max": "40",
}


@pytest.fixture
def asked(client, company, as_):
    """The ways to ask for the sales of February."""
    load(order_lines=ORDERS)
    return (
        {
            "page": by_page,
            "export": by_export,
            "api": by_api,
            "command": by_command,
            "attainment": by_attainment,
        },
        client,
        company,
        as_,
    )


@pytest.mark.parametrize(("viewer", "expected"), SEEN.items())
def test_one_number(asked, viewer, expected):
    ways, client, company, as_ = asked

    found = {name: way(client, company, as_, viewer) for name, way in ways.items()}

    assert found == dict.fromkeys(ways, Decimal(expected))


def by_page(client, company, as_, viewer):
    """Every digit stands in the facts behind the number: their amounts are added up here."""
    page = as_(viewer).get(
        reverse("performance:facts", args=["sales_amount"]), {"period": FEBRUARY, "export": "csv"}
    )
    rows = list(csv.DictReader(io.StringIO(b"".join(page).decode("utf-8-sig"))))
    return sum((Decimal(row["Amount excl. tax"]) for row in rows), Decimal(0))


def by_export(client, company, as_, viewer):
    page = as_(viewer).get(
        reverse("performance:breakdown", args=["sales_amount"]),
        {"period": FEBRUARY, "by": "product", "export": "csv"},
    )
    rows = list(csv.DictReader(io.StringIO(b"".join(page).decode("utf-8-sig"))))
    value = next(name for name in rows[0] if "sales" in name.lower())
    return sum(
        (
            Decimal(row[value].replace(",", ""))
            for row in rows
            if not re.match("total", next(iter(row.values())), re.I)
        ),
        Decimal(0),
    )


def by_api(client, company, as_, viewer):
    _token, secret = actions.create_token(
        name="t", scope="read", days=1, by=company.users[viewer], at=timezone.now()
    )
    reply = client.get(
        "/api/v1/query",
        {"metrics": "sales_amount", "period": FEBRUARY},
        headers={"Authorization": f"Bearer {secret}"},
    )
    return Decimal(reply.json()["rows"][0]["sales_amount"])


def by_command(client, company, as_, viewer):
    return Decimal(run("query", "sales_amount", "--period", FEBRUARY, "--as", viewer)[0]["sales_amount"])


def by_attainment(client, company, as_, viewer):
    rows = run(
        "attainment", "--metric", "sales_amount", "--by", "person", "--period", FEBRUARY, "--as", viewer
    )
    return sum((Decimal(row["actual"]) for row in rows), Decimal(0))


def run(*arguments):
    done = CliRunner().invoke(cli.build(arguments), [*arguments, "--format", "json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_yesterdays_number_can_be_asked_for_again(company):
    first = load(order_lines=ORDERS)
    load(order_lines="key ordered_on person amount\n3 2026-02-10 P04 8")

    now = run("query", "sales_amount", "--period", FEBRUARY, "--where", "person=P04")
    then = run(
        "query",
        "sales_amount",
        "--period",
        FEBRUARY,
        "--where",
        "person=P04",
        "--at-version",
        str(first.number),
    )
    assert (now, then) == ([{"sales_amount": "8"}], [{"sales_amount": "7.25"}])


@pytest.mark.parametrize("span", [("--period", "2026-02"), ("--from", "2026-02-01", "--to", "2026-03-01")])
def test_periods_and_dates_mean_the_same(company, span):
    load(order_lines=ORDERS)

    found = run("query", "sales_amount", "--by", "month,person", *span)
    assert [row["month"] for row in found] == [
        FEBRUARY if span[0] == "--period" else found[0]["month"]
    ] * len(found)
    assert sum(Decimal(row["sales_amount"]) for row in found) == Decimal(SEEN["ada"])
    assert list(found[0]) == ["month", "person", "sales_amount"]


def test_the_last_day_of_a_window_is_outside(company):
    load(order_lines=ORDERS)
    day = date(2026, 2, 12)

    until = run("query", "sales_amount", "--from", "2026-02-01", "--to", day.isoformat())
    including = run(
        "query", "sales_amount", "--from", "2026-02-01", "--to", (day + timedelta(days=1)).isoformat()
    )
    assert (until, including) == ([{"sales_amount": "64.2504"}], [{"sales_amount": SEEN["ada"]}])


VERSIONS = count(1000)
PAY = """
schema: dabiao/plan/1
plan: one-number
version: 1
from: BEGINS
to: 2027-01-01
who: [{unit: shanghai}]
currency: CNY
period: EVERY
decimals: 6
digits: 6
measures:
  sales: {metric: sales_amount}
components:
  credit: {base: sales, rate: 1}
  attained: {bonus: {kind: attainment, measure: sales, amount: 1000, curve: [{from: 0, is: 0}, {from: 99, is: 99}]}}
  team_has: {base: sales, rate: 1, gate: {attainment: sales, team: yes, over: OVER, at_least: LEAST}}
  team_lacks: {base: sales, rate: 1, gate: {attainment: sales, team: yes, over: OVER, at_least: MOST}}
"""
MORE = """
8   2026-02-03  P06     11          g1
9   2026-03-31  P04     60          g2
10  2026-01-05  P04     12          g2
11  2026-01-20  P06     9           g2
12  2026-03-02  P05     13          g2
"""
OVERLAPPING = """
P04 2026-01-01 2026-02-01 100
P04 2026-02-01 2026-03-01 100
P04 2026-03-01 2026-04-01 100
P04 2026-01-15 2026-02-15 40
"""
GAP_AND_YEAR = """
P04 2026-01-01 2026-02-01 100
P04 2026-02-01 2026-03-01 100
P04 2026-01-01 2027-01-01 2400
"""
QUARTER = "P04 2026-01-01 2026-04-01 900"
LOSS = "P04 2026-02-01 2026-03-01 -50"
NOTHING = "P04 2026-02-01 2026-03-01 0"
MOVED = """
P06 2026-01-01 2026-04-01 90
P06 2026-01-10 2026-01-20 50
"""
BY_PRODUCT = """
P04 2026-01-01 2026-04-01 90 g1
P04 2026-01-01 2027-01-01 40 g2
"""


@pytest.fixture
def promise(company, home, monkeypatch, at):
    """Store targets: holder, start, end, amount, product line. Mondays to Fridays are worked, and no holiday is kept."""
    (home / "calendars").mkdir()
    (home / "calendars" / "weekdays.yml").write_text("country: ~\nweek: five\n")
    monkeypatch.setenv("DABIAO_CALENDAR", "weekdays")

    def store(text):
        load(order_lines=ORDERS + MORE.lstrip())
        for holder, start, end, amount, *product in map(str.split, text.strip().splitlines()):
            kind = "person" if holder.startswith("P0") else "unit"
            known = company.people if kind == "person" else company.units
            Target.objects.create(
                **{kind: known[holder]},
                scope_kind=kind,
                metric="sales_amount",
                dimension="product_line" if product else "",
                member="".join(product),
                starts_on=start,
                ends_on=end,
                target=Decimal(amount),
                changed_at=at,
            )
        # Promises are kept until the version changes: no test may meet another one's.
        TargetVersion.objects.update_or_create(pk=1, defaults={"number": next(VERSIONS)})
        publish.publish([Change("targets", lake_table(), whole=True)], at=at, note="targets")

    return store


@pytest.mark.parametrize(
    ("case", "stored", "person", "period", "target"),
    [
        ("months win over a row that lies over them", OVERLAPPING, "P04", "2026-Q1", "300"),
        ("a year covers the month that is missing", GAP_AND_YEAR, "P04", "2026-Q1", "588.5057"),
        ("a month's part of a quarter goes by working days", QUARTER, "P04", "2026-02", "281.25"),
        ("no target, no attainment", QUARTER, "P05", "2026-Q1", None),
        ("a loss was planned", LOSS, "P04", "2026-02", "-50"),
        ("nothing was planned", NOTHING, "P04", "2026-02", "0"),
        ("targets by product line add up", BY_PRODUCT, "P04", "2026-Q1", "99.8084"),
        ("who moved away keeps what the plan no longer covers", MOVED, "P06", "2026-Q1", "90"),
    ],
)
def test_pay_knows_a_person_as_the_cockpit_does(promise, tmp_path, case, stored, person, period, target):
    promise(stored)

    cockpit = standing_of("person", person, period)
    paid = paid_to(person, pay(tmp_path, period), period)

    assert cockpit["target"] == (target and pytest.approx(float(target))), case
    assert paid.get("attained") == (
        None if cockpit["attainment"] in (None, 0) else pytest.approx(1000 * cockpit["attainment"], abs=1e-5)
    ), case


DERIVED = """
P04      2026-01-01 2026-04-01 100
P05      2026-01-01 2026-04-01 80
P06      2026-01-01 2026-04-01 90
"""
PARTLY_OWN = DERIVED + "shanghai 2026-02-01 2026-03-01 70"
OWN = DERIVED + "shanghai 2026-01-01 2027-01-01 800"


@pytest.mark.parametrize("period", ["2026-02", "2026-Q1", "2026"])
@pytest.mark.parametrize(
    ("case", "stored"),
    [
        ("the sum of its people, each for the days of their seat", DERIVED),
        ("its own month, the other days from its people", PARTLY_OWN),
        ("its own year", OWN),
    ],
)
@pytest.mark.parametrize("begins", ["2026-01-01", "2026-01-12"])
def test_pay_knows_a_team_as_the_cockpit_does(promise, tmp_path, case, stored, period, begins):
    promise(stored)

    reached = standing_of("unit", "shanghai", period)["attainment"]
    paid = paid_to("P04", pay(tmp_path, period, reached, begins=begins), period)

    assert reached is not None
    assert (paid["team_has"], paid.get("team_lacks", 0)) == (paid["credit"], 0), case


def test_page_api_command_and_pay_credit_the_same(promise, tmp_path, client, company, as_):
    promise(QUARTER)
    secret = actions.create_token(name="t", scope="read", days=1, by=company.users["ada"], at=timezone.now())[
        1
    ]
    page = as_("ada").get(
        reverse("performance:facts", args=["sales_amount"]),
        {"period": "2026-Q1", "person": "P04", "export": "csv"},
    )
    amounts = [
        Decimal(row["Amount excl. tax"])
        for row in csv.DictReader(io.StringIO(b"".join(page).decode("utf-8-sig")))
    ]
    reply = client.get(
        "/api/v1/query",
        {"metrics": "sales_amount", "by": "person", "period": "2026-Q1"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    by_api = {row["person"]: Decimal(row["sales_amount"]) for row in reply.json()["rows"]}
    by_command = {
        row["person"]: Decimal(row["sales_amount"])
        for row in run("query", "sales_amount", "--by", "person", "--period", "2026-Q1")
    }
    by_attainment = standing_of("person", "P04", "2026-Q1")["actual"]
    paid = paid_to("P04", pay(tmp_path, "2026-Q1"), "2026-Q1")["credit"]

    assert {sum(amounts), by_api["P04"], by_command["P04"], Decimal(by_attainment), Decimal(str(paid))} == {
        Decimal("79.25")
    }


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        ("ada", {"P04", "P05", "P06"}),
        ("emma", {"P04", "P05", "P06"}),
        ("sam", {"P04", "P05", "P06"}),
        ("wes", {"P06"}),
        ("rita", {"P04"}),
        ("max", {"P06"}),
        ("cora", set()),
    ],
)
def test_a_preview_shows_the_pay_that_the_viewer_may_see(promise, tmp_path, viewer, seen):
    promise(DERIVED)

    everybody = pay(tmp_path, "2026-Q1")
    mine = pay(tmp_path, "2026-Q1", viewer=viewer)
    lines = pay(tmp_path, "2026-Q1", viewer=viewer, by="line")

    assert mine == [row for row in everybody if row["person"] in seen]
    # Max sold in Shanghai in January: his manager of today sees his pay of the quarter, not that sale.
    assert {line["person"] for line in lines} == (set() if viewer == "wes" else seen)


def standing_of(kind, key, period):
    rows = run("attainment", "--metric", "sales_amount", "--by", kind, "--period", period)
    (row,) = [row for row in rows if row["key"] == key]
    numbers = ("actual", "target", "attainment")
    return {name: None if row[name] is None else float(row[name]) for name in numbers} | {
        "actual": row["actual"]
    }


def pay(folder, period, reached=1, *, viewer="ada", by="period", begins="2026-01-01"):
    """The preview of a plan whose components say what it counts; a team's attainment is told by what it just reaches."""
    every = {4: "year", 7: "quarter" if "Q" in period else "month"}[len(period)]
    text = PAY.replace("EVERY", every).replace("OVER", every).replace("BEGINS", begins)
    text = text.replace("LEAST", f"{reached - 1e-6:f}").replace("MOST", f"{reached + 1e-6:f}")
    plan = folder / "plan.yml"
    plan.write_text(text)
    return run("incentives", "preview", "--plan", str(plan), "--by", by, "--as", viewer)


def paid_to(person, rows, period):
    """Component → amount of one person in a period."""
    start = {"2026": "2026-01-01", "2026-Q1": "2026-01-01", "2026-02": "2026-02-01"}[period]
    return {
        row["component"]: float(row["amount"])
        for row in rows
        if (row["person"], row["period"]) == (person, start)
    }


@pytest.mark.parametrize("viewer", ["ada", "dora", "emma"])
@pytest.mark.parametrize("period", ["2026-02", "2026-Q1"])
@pytest.mark.parametrize("scope", ["shanghai", "P04"])
def test_one_gap(promise, client, company, as_, viewer, period, scope):
    """What a scope is short of its target, on the cockpit, in the breakdown, where it is explained, by API and command."""
    promise(OWN)
    asked = {"period": period, ("scope" if scope == "shanghai" else "person"): scope}
    ways = {
        "cockpit": gap_on_cockpit,
        "breakdown": gap_in_breakdown,
        "explanation": gap_explained,
        "page of the explanation": gap_on_its_page,
        "api": gap_by_api,
        "command": gap_by_command,
    }

    found = {name: way(client, company, as_, viewer, asked, scope) for name, way in ways.items()}

    assert found == dict.fromkeys(ways, found["command"])
    assert found["command"]


def gap_on_cockpit(client, company, as_, viewer, asked, scope):
    context = as_(viewer).get(reverse("performance:cockpit"), asked).context
    return context["cockpit"].verdict.gap


def gap_in_breakdown(client, company, as_, viewer, asked, scope):
    """The team's is the last line, which is the whole; a person's stands in their own."""
    page = as_(viewer).get(
        reverse("performance:breakdown", args=["sales_amount"]),
        {"period": asked["period"], "scope": "shanghai", "by": "person", "export": "csv"},
    )
    rows = csv.DictReader(io.StringIO(b"".join(page).decode("utf-8-sig")))
    row = {row["Key"] or "shanghai": row for row in rows}[scope]
    sales = next(value for name, value in row.items() if "sales" in name.lower())
    return Decimal(sales) - Decimal(row["Target"])


def gap_explained(client, company, as_, viewer, asked, scope):
    rows = run("explain", "sales_amount", "--period", asked["period"], "--scope", scope, "--against", "target", "--as", viewer)  # fmt: skip
    steps = [Decimal(row["contribution"]) for row in rows if row["kind"] in {"step", "split"}]
    (whole,) = (Decimal(row["contribution"]) for row in rows if row["kind"] == "gap")
    assert sum(steps) == whole
    return whole


def gap_on_its_page(client, company, as_, viewer, asked, scope):
    """From the first bar, which is what was expected, to the last, which is what came."""
    page = as_(viewer).get(
        reverse("improvement:why", args=["sales_amount"]), {**asked, "against": "target", "part": 1}
    )
    first, *_between, last = page.context["why"].steps
    return last.value - first.value


def gap_by_api(client, company, as_, viewer, asked, scope):
    _token, secret = actions.create_token(
        name="t", scope="read", days=1, by=company.users[viewer], at=timezone.now()
    )
    reply = client.get(
        "/api/v1/attainment",
        {
            "metric": "sales_amount",
            "period": asked["period"],
            "scope": scope,
            "by": "person" if scope == "P04" else "unit",
        },
        headers={"Authorization": f"Bearer {secret}"},
    )
    (row,) = [row for row in reply.json()["items"] if row["key"] == scope]
    return Decimal(row["actual"]) - Decimal(row["target"])


def gap_by_command(client, company, as_, viewer, asked, scope):
    by = "person" if scope == "P04" else "unit"
    rows = run("attainment", "--metric", "sales_amount", "--by", by, "--period", asked["period"], "--scope", scope, "--as", viewer)  # fmt: skip
    (row,) = [row for row in rows if row["key"] == scope]
    return Decimal(row["actual"]) - Decimal(row["target"])


MONTHS = """
shanghai 2026-01-01 2026-02-01 100
shanghai 2026-02-01 2026-03-01 100
shanghai 2026-03-01 2026-04-01 400
"""


@pytest.mark.parametrize(
    ("case", "stored", "due"),
    [
        ("its months, of the running one 11 of 22 working days", MONTHS, Decimal(400)),
        ("of a quarter alone 53 of 64 working days", "shanghai 2026-01-01 2026-04-01 640", Decimal(530)),
    ],
)
def test_what_is_due_of_a_running_quarter(promise, company, case, stored, due):
    """On every page the same: the sum of what its months owe, wherever they were promised anything of their own."""
    promise(stored)
    frame = frame_of(
        reading.current(),
        viewer=company.users["ada"],
        scope=Scope("unit", "shanghai"),
        period=fiscal().parse("2026-Q1"),
        today=date(2026, 3, 16),
        language="en",
    )
    page = cockpit.cockpit(frame)
    split = breakdown.breakdown(frame, "sales_amount", "person")
    (row,) = attaining(frame, "sales_amount", "team")
    reasons = explained(frame, "sales_amount", "target")

    assert row.actual is not None
    ahead = {
        "cockpit": page.verdict.ahead,
        "breakdown": split.table.totals["ahead"],
        "attainment": row.ahead,
        "explanation": reasons.explanation.gap,
    }
    assert ahead == dict.fromkeys(ahead, row.actual - due), case
    assert reasons.explanation.steps.expected == due
    assert page.pace.goal[page.pace.now] == float(due)
    assert page.headline.due == row.due == pytest.approx(float(due / page.headline.target))
