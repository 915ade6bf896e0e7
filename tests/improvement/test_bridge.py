"""Page, command and API tell one explanation: the same steps, and where there is no cause the same split."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.improvement.queries.bridge import is_split, moves
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.why import why
from dabiao.org import actions
from dabiao.site import cli
from tests.improvement.test_explaining import frame

pytestmark = pytest.mark.django_db
CASES = [
    ("a sum with a cause", "sales_amount", "baseline", None, "person,product", False),
    ("a sum without one", "sales_amount", "previous", "west", "", True),
    ("a count without one, with others", "orders", "previous", "east", "", True),
    ("a ratio", "gross_margin", "baseline", None, "", False),
]


def command(*asked):
    done = CliRunner().invoke(cli.build(asked), list(asked), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(("case", "metric", "against", "scope", "by", "split"), CASES)
def test_page_command_and_api_tell_the_same_steps(
    facts, company, client, case, metric, against, scope, by, split
):
    here = frame(scope=scope)
    found = explained(here, metric, against, by=tuple(by.split(",")) if by else ())
    _first, *page, _last = why(here, found).steps
    asked = {"metric": metric, "period": "2026-02", "against": against, "by": by}
    asked |= {"scope": scope} if scope else {}
    options = [text for name in list(asked)[1:] if asked[name] for text in (f"--{name}", asked[name])]
    printed = json.loads(command("explain", metric, *options, "--format", "json"))
    secret = actions.create_token(name="t", scope="read", days=1, by=company.ada, at=timezone.now())[1]
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    reply = client.get("/api/v1/explain", asked, headers=headers).json()

    def told(rows):
        return [
            (row["name"], *(None if row[name] is None else Decimal(row[name]) for name in ("contribution", "actual", "expected")))
            for row in rows
            if row["kind"] in {"step", "split"}
        ]  # fmt: skip

    assert is_split(found.explanation) is split, case
    shown = [(each.name, each.value, each.actual, each.expected) for each in page]
    assert told(reply["rows"]) == shown, case
    assert [each[1:] for each in told(printed)] == [each[1:] for each in shown], case
    assert {row["kind"] for row in printed} - {"part"} == {"split" if split else "step", "gap"}
    (gap,) = (Decimal(row["contribution"]) for row in printed if row["kind"] == "gap")
    assert sum(each[1] for each in shown) == gap == found.explanation.gap
    assert reply["sentence"] == found.sentence and not reply["early"]
    for row in printed:
        assert sum(Decimal(row[part]) for part in ("volume", "mix", "rate")) == Decimal(
            row["contribution"]
        ), row


def test_a_manager_is_told_by_the_api_of_their_own_only(facts, company, client):
    def asked(**query):
        secret = actions.create_token(
            name="t", scope="read", days=1, by=company.users["sam"], at=timezone.now()
        )[1]
        headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
        return client.get(
            "/api/v1/explain", {"metric": "sales_amount", "period": "2026-02", **query}, headers=headers
        )

    assert asked(scope="shanghai").status_code == 200
    assert asked(scope="west").status_code == 404
    assert asked(scope="shanghai", against="wish").status_code == 422
    assert {row["step"] for row in asked(scope="shanghai", by="person").json()["rows"]} <= {
        "person=P04", "person=P05", "person=P06", "rest", "gap", "staffing",
    }  # fmt: skip


def test_lights_for_programs_tell_the_split_where_there_is_no_cause(facts):
    for row in json.loads(command("explain", "--red", "--amber", "--period", "2026-02", "--format", "json")):
        if row["explained"]:
            split = sum(Decimal(part["contribution"]) for part in row["split"])
            assert row["causes"] or not row["split"] or split == Decimal(row["gap"])
            assert bool(row["split"]) is not bool(row["causes"]) or not row["causes"]


def test_the_table_says_that_its_rows_are_a_split(facts):
    said = ("is the split that tells most", "能说明问题的拆分")
    asked = ("--period", "2026-02")
    split = command("explain", "sales_amount", *asked, "--scope", "west", "--against", "previous")
    cause = command("explain", "sales_amount", *asked, "--by", "person,product")

    assert any(words in split for words in said)
    assert not any(words in cause for words in said)


def test_all_others_have_the_figures_of_those_who_are_not_named(facts):
    here = frame("2026-01")
    found = explained(here, "sales_amount", "previous", by=("person",))
    told = moves(found, "en")

    assert told[-1].key == "others" and told[-1].expected
    assert sum(move.contribution for move in told) == found.explanation.gap
    for move in told:
        assert move.actual is None or move.actual - move.expected == move.contribution


def test_without_a_scope_it_is_the_callers_own(facts, company, client):
    """As the command: a target that stands at the top unit is found."""
    secret = actions.create_token(name="t", scope="read", days=1, by=company.ada, at=timezone.now())[1]
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    asked = {"metric": "sales_amount", "period": "2026-02", "against": "previous"}

    own = client.get("/api/v1/explain", asked, headers=headers).json()
    named = client.get("/api/v1/explain", {**asked, "scope": "company"}, headers=headers).json()
    assert own == named and own["rows"]


@pytest.mark.parametrize(
    ("said", "meant"), [("unit", ("region", "team")), ("segment", ("customer_type",)), ("team", ("team",))]
)
def test_a_dimension_is_what_attainment_calls_so(facts, said, meant):
    """Units are looked along kind by kind: so each owes its own target."""
    found = explained(frame(), "sales_amount", "previous", by=(said,))

    assert set(found.explanation.by) == set(meant)
