"""A case file is read to the number, or refused with the place and the mend."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from dabiao.engine.calibration.case_file import BadCase, read_case
from dabiao.engine.period import CALENDAR_YEAR

HEAD = "period: '2027'\nas_of: 2026-11-15\n"


def read(text):
    return read_case(HEAD + text, CALENDAR_YEAR)


def test_a_number_alone_is_certain_and_a_range_is_kept():
    (team,) = read(
        "teams: [{key: a, headcount: 12, per_head: {value: 0.1, low: 0.05, name: each}, attrition: 0}]"
    ).teams

    assert (team.headcount.low, team.headcount.high, team.headcount.as_of) == (12, 12, date(2026, 11, 15))
    assert (team.per_head.value, team.per_head.low, team.per_head.high) == (
        Decimal("0.1"),
        Decimal("0.05"),
        Decimal("0.1"),
    )
    assert (team.per_head.name, team.attrition.key) == ("each", "teams.a.attrition")


def test_a_history_is_their_mean_and_an_empty_one_is_missing():
    case = read("kept: {history: [3, 4, 5], source: CRM}")
    assert case.kept is not None
    assert (case.kept.value, case.kept.historical) == (4, 5)
    with pytest.raises(BadCase, match=r"teams\.a\.headcount: the history is empty"):
        read("teams: [{key: a, headcount: {history: []}}]")


def test_every_kind_of_entry_is_read():
    case = read(
        "segments: [{key: s, size: 1, growth: 0, share: 1, share_gain: 0.1}]\n"
        "events: [{name: e, since: 2027-02-01, segment: s, effect: 0.5}]\n"
        "joiners: [{team: a, count: 2, since: 2027-03-01, ramp: [0.5, 0.75]}]\n"
        "uplifts: [{name: u, team: a, since: 2027-03-01, heads: 2, effect: 0.3}]\n"
        "channels: [{key: c, budget: 1, cost_per_lead: 1, conversion: 1, deal_value: 1}]\n"
        "tools: [{name: t, since: 2027-01-01, effect: 0.2}]\n"
    )
    assert case.joiners[0].ramp == (Fraction(1, 2), Fraction(3, 4))
    assert (case.events[0].on, case.tools[0].name, case.uplifts[0].team) == (date(2027, 2, 1), "t", "a")
    assert case.segments[0].share_gain is not None
    assert len(case.assumptions()) == 13


@pytest.mark.parametrize(
    ("case", "text", "says"),
    [
        ("no yaml", "{", "this is not YAML"),
        ("a list", "- 1", "a mapping is expected"),
        ("no day", "period: '2027'", "as_of"),
        ("no period", "as_of: 2026-11-15", "'period' is missing"),
        ("no such period", "period: soon\nas_of: 2026-11-15", "names no period"),
        ("a range without its value", HEAD + "kept: {value: 5, low: 6}", "does not lie"),
        ("not a number", HEAD + "kept: much", "kept: 'much' is not a number"),
        ("not a list", HEAD + "teams: {key: a}", "teams: a list of entries is expected"),
        ("not a day", HEAD + "tools: [{name: crm, since: soon, effect: 1}]", "tools.crm.since: 'soon' is not a day"),
        ("not steps", HEAD + "joiners: [{team: a, count: 1, since: 2027-01-01, ramp: fast}]", "'fast' is not a number"),
        ("no name", HEAD + "tools: [{since: 2027-01-01}]", "'name' is missing"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_where(case, text, says):
    with pytest.raises(BadCase, match=says):
        read_case(text, CALENDAR_YEAR)
