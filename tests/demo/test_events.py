"""Each planted event can be measured in the tables, leaves the rest alone, and is gone without it."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from dabiao.demo.simulation.company import SEED, Company, simulate
from dabiao.demo.simulation.events import (
    BAD_CHANNEL,
    COOLING_CUSTOMER,
    EVENTS,
    HASTY_PROPOSALS,
    LATE_PAYER,
    NEWCOMERS,
    PADDED_VISITS,
    PRICE_WAR,
    WINNING_PITCH,
    Event,
)
from dabiao.demo.simulation.timeline import as_date, timeline
from tests.demo.conftest import ON

LATE_CUSTOMER = "C01521"
COOLING_KEY = "C00881"


def column(company: Company, table: str, name: str) -> np.ndarray:
    """A column as numpy, decimals as floats, dates as datetime64."""
    values = company.tables[table][name]
    if str(values.type).startswith("decimal"):
        return values.cast("float64").to_numpy()
    if str(values.type).startswith("date"):
        return values.to_numpy().astype("datetime64[D]")
    if str(values.type).startswith("timestamp"):
        return values.to_numpy()
    return np.array(values.to_pylist(), dtype=object)


def since(event: Event) -> np.datetime64:
    return np.datetime64(as_date(timeline(ON).month(event.back, event.day)))


def holders(company: Company, *seats: str) -> list[str]:
    """Who holds seats today."""
    return [a.person for a in company.assignments if a.seat in seats and a.ends_on.year == 9999]


def share(flags: np.ndarray) -> float:
    assert len(flags) > 30
    return float(np.mean(flags.astype(bool)))


def valid_share_of_portal(company: Company) -> float:
    day, channel, valid = (
        column(company, "leads", c) for c in ("created_on", "acquisition_channel", "valid")
    )
    return share(valid[(channel == "portal") & (day >= since(BAD_CHANNEL))])


def conversion_of_portal(company: Company) -> float:
    """Of the leads qualified since, those old enough to have been decided."""
    qualified, won, channel = (
        column(company, "leads", c) for c in ("qualified_on", "converted_on", "acquisition_channel")
    )
    old = (qualified >= since(BAD_CHANNEL)) & (qualified < np.datetime64(ON - timedelta(days=60)))
    return share(~np.isnat(won[old & (channel == "portal")]))


def newcomers_conversion(company: Company) -> float:
    """Of the qualified new-energy leads of the three, decided by now."""
    people = holders(company, "shanghai-1-rep-4", "shanghai-1-rep-5", "shanghai-1-rep-6")
    person, line, outcome = (
        column(company, "opportunities", c) for c in ("person", "product_line", "outcome")
    )
    mine = np.isin(person, people) & (line == "new_energy") & (outcome != None)  # noqa: E711  # elementwise
    return share(outcome[mine] == "won")


def newcomers_depth(company: Company) -> float:
    people = holders(company, "shanghai-1-rep-4", "shanghai-1-rep-5", "shanghai-1-rep-6")
    person, line, depth = (
        column(company, "activities", c) for c in ("person", "product_line", "needs_depth")
    )
    mine = np.isin(person, people) & (line == "new_energy") & (depth != None)  # noqa: E711  # elementwise
    return float(np.mean(depth[mine].astype(float)))


def late_payer_paid(company: Company) -> float:
    """Received ÷ due of the key customer from the month it began to the last closed one."""
    window = since(LATE_PAYER), np.datetime64(date(2026, 11, 1))
    sums = {}
    for table, on in (("receivables", "due_on"), ("receipts", "received_on")):
        day, customer, amount = (column(company, table, c) for c in (on, "customer", "amount_with_tax"))
        mine = (customer == LATE_CUSTOMER) & (day >= window[0]) & (day < window[1])
        sums[table] = amount[mine].sum()
    return float(sums["receipts"] / sums["receivables"])


def win_rate_of(team: str, event: Event) -> Callable[[Company], float]:
    """Of deals of a team whose proposal came after the event began."""

    def measure(company: Company) -> float:
        to, deal, at = (
            column(company, "stage_changes", c) for c in ("to_stage", "opportunity", "changed_at")
        )
        proposed = set(deal[(to == "proposal") & (at >= since(event))])
        key, outcome, of = (column(company, "opportunities", c) for c in ("key", "outcome", "team"))
        closed = (of == team) & (outcome != None)  # noqa: E711  # elementwise
        mine = closed & np.array([each in proposed for each in key])
        return share(outcome[mine] == "won")

    return measure


def pitch_in_proposals(company: Company) -> float:
    people, day, kind, roi = (
        column(company, "activities", c) for c in ("person", "started_at", "kind", "has_roi")
    )
    team = holders(company, *(f"nanjing-rep-{n}" for n in range(1, 6)))
    return share(roi[(kind == "proposal") & np.isin(people, team) & (day >= since(WINNING_PITCH))])


def padder(name: str) -> Callable[[Company], np.ndarray]:
    def values(company: Company) -> np.ndarray:
        person, day, kind = (column(company, "activities", c) for c in ("person", "started_at", "kind"))
        (who,) = holders(company, "guangzhou-rep-3")
        rows = (person == who) & (day >= since(PADDED_VISITS)) & np.isin(kind, ["visit", "joint_visit"])
        return column(company, "activities", name)[rows]

    return values


def padder_minutes(company: Company) -> float:
    return float(np.mean(padder("minutes")(company).astype(float)))


def padder_needs(company: Company) -> float:
    return share(padder("need_stated")(company))


def padder_visits(company: Company) -> float:
    return float(len(padder("key")(company)))


def win_rate_before_and_after_hasty(company: Company) -> float:
    """Won ÷ closed of all that the team began after it hurried."""
    team, outcome, day = (column(company, "opportunities", c) for c in ("team", "outcome", "created_on"))
    mine = (team == "chengdu") & (day >= since(HASTY_PROPOSALS)) & (outcome != None)  # noqa: E711
    return share(outcome[mine] == "won")


def proposals_of_chengdu(company: Company) -> float:
    person, day, kind = (column(company, "activities", c) for c in ("person", "started_at", "kind"))
    team = holders(company, *(f"chengdu-rep-{n}" for n in range(1, 5)))
    start = since(HASTY_PROPOSALS) + np.timedelta64(20, "D")
    return float(np.sum((kind == "proposal") & np.isin(person, team) & (day >= start)))


def lost_on_price(company: Company) -> float:
    """Of what the south lost on inspection since the price war."""
    region, line, day, outcome, why = (
        column(company, "opportunities", c)
        for c in ("region", "product_line", "closed_on", "outcome", "lost_reason")
    )
    mine = (region == "south") & (line == "inspection") & (outcome == "lost") & (day >= since(PRICE_WAR))
    return share(why[mine] == "price")


def use_of_cooling_customer(company: Company) -> float:
    """Last two weeks against the same customer a quarter before."""
    customer, day, count = (column(company, "usage", c) for c in ("customer", "used_on", "events"))
    mine, last = customer == COOLING_KEY, np.datetime64(ON)
    now = count[mine & (day > last - 14)].astype(float).mean()
    return float(now / count[mine & (day > last - 104) & (day <= last - 90)].astype(float).mean())


CASES = [
    # event, measured by, where it is planted, where it is not
    (BAD_CHANNEL, valid_share_of_portal, (0.30, 0.46), (0.70, 0.82)),
    (BAD_CHANNEL, conversion_of_portal, (0.03, 0.17), (0.17, 0.32)),
    (NEWCOMERS, newcomers_conversion, (0.0, 0.16), (0.17, 0.40)),
    (NEWCOMERS, newcomers_depth, (0.2, 0.65), (0.75, 1.2)),
    (LATE_PAYER, late_payer_paid, (0.0, 0.35), (0.55, 1.4)),
    (WINNING_PITCH, win_rate_of("nanjing", WINNING_PITCH), (0.58, 0.80), (0.45, 0.62)),
    (WINNING_PITCH, pitch_in_proposals, (0.85, 0.95), (0.15, 0.30)),
    (PADDED_VISITS, padder_minutes, (10, 20), (24, 31)),
    (PADDED_VISITS, padder_needs, (0.10, 0.35), (0.45, 0.65)),
    (PADDED_VISITS, padder_visits, (380, 560), (160, 300)),
    (HASTY_PROPOSALS, win_rate_before_and_after_hasty, (0.10, 0.28), (0.25, 0.42)),
    (PRICE_WAR, lost_on_price, (0.55, 0.90), (0.10, 0.40)),
    (COOLING_CUSTOMER, use_of_cooling_customer, (0.35, 0.60), (0.75, 1.30)),
]


@pytest.mark.parametrize(
    ("event", "measure", "planted", "absent"),
    CASES,
    ids=lambda v: getattr(v, "key", getattr(v, "__name__", "")),
)
def test_an_event_is_seen_where_it_is_planted_and_only_there(
    simulated: Company, quiet: Company, event, measure, planted, absent
):
    assert planted[0] < measure(simulated) < planted[1]
    assert absent[0] < measure(quiet) < absent[1]


def test_the_pitch_adds_about_six_points(simulated: Company, quiet: Company):
    """The same deals with the same luck: what is left is the pitch. Half of them never reach a proposal."""
    measure = win_rate_of("nanjing", WINNING_PITCH)
    gained = measure(simulated) - measure(quiet)
    assert 0.06 < gained < 0.16
    team, outcome, day = (column(simulated, "opportunities", c) for c in ("team", "outcome", "closed_on"))
    rates = {}
    for company in (simulated, quiet):
        team, outcome, day = (column(company, "opportunities", c) for c in ("team", "outcome", "closed_on"))
        rates[id(company)] = share(outcome[(team == "nanjing") & (day >= since(WINNING_PITCH) + 45)] == "won")
    assert 0.04 < rates[id(simulated)] - rates[id(quiet)] < 0.08


def test_the_hasty_team_sends_more_and_wins_less(simulated: Company, quiet: Company):
    assert proposals_of_chengdu(simulated) > 1.1 * proposals_of_chengdu(quiet)
    assert win_rate_before_and_after_hasty(simulated) < win_rate_before_and_after_hasty(quiet) - 0.03


@pytest.mark.parametrize(
    ("table", "on"), [("order_lines", "ordered_on"), ("leads", "created_on"), ("receipts", "received_on")]
)
def test_before_the_first_event_nothing_differs(simulated: Company, quiet: Company, table, on):
    first = min(since(event) for event in EVENTS)
    keys = [
        column(each, table, "key")[column(each, table, on) < first].tolist() for each in (simulated, quiet)
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 1000


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.key)
def test_alone_it_leaves_other_teams_alone(quiet: Company, event):
    """Deals of teams and lines that an event does not concern have the same outcome."""
    company = simulate(SEED, ON, events=[event])
    outcomes = []
    for each in (quiet, company):
        key, team, channel, outcome = (
            column(each, "opportunities", c) for c in ("key", "team", "acquisition_channel", "outcome")
        )
        rows = ~np.isin(team, ["nanjing", "chengdu", "shanghai-1", "guangzhou", "shenzhen"])
        rows &= channel != "portal"
        outcomes.append(dict(zip(key[rows], outcome[rows], strict=True)))
    without, with_it = outcomes
    assert without == with_it


def test_each_event_is_explained(request: pytest.FixtureRequest):
    page = (request.config.rootpath / "docs" / "demo.md").read_text(encoding="utf-8")
    for event in EVENTS:
        assert f"`{event.key}`" in page
