"""Page, export, API, command and attainment say one number, for everybody who asks."""

import csv
import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.org import actions
from dabiao.site import cli
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
