"""Vacant seats: what nobody holds today, within the viewer's sight."""

from datetime import date

import pytest
from django.urls import reverse

from dabiao.org import actions, queries


def keys(viewer, on):
    return [row.key for row in queries.vacancies(viewer, on)]


class TestVacancies:
    @pytest.mark.parametrize(
        ("case", "on", "vacant"),
        [
            ("the last day of whoever leaves is still held", date(2026, 1, 31), ["chengdu-rep2"]),
            ("the day after it is not", date(2026, 2, 1), ["shanghai-rep3"]),
        ],
    )
    def test_begin_the_day_after_the_last(self, company, case, on, vacant):
        assert keys(company.ada, on) == vacant, case

    def test_say_since_when_and_who_was_last(self, company):
        (seat,) = queries.vacancies(company.ada, date(2026, 3, 16))
        assert (seat.unit, seat.since, seat.last) == ("shanghai", date(2026, 2, 1), "max")

    def test_of_a_seat_that_nobody_ever_held_say_no_day(self, company, at):
        actions.add_position(key="nanjing-rep2", title="销售", unit="nanjing", by=company.ada, at=at)
        assert {row.key: row.since for row in queries.vacancies(company.ada, at.date())}[
            "nanjing-rep2"
        ] is None

    def test_of_other_units_are_not_shown(self, company):
        assert keys(company.users["sam"], date(2026, 3, 16)) == ["shanghai-rep3"]
        assert keys(company.users["wes"], date(2026, 3, 16)) == []


class TestPage:
    def test_exports_what_it_shows(self, as_):
        page = as_("sam").get(reverse("org:vacancies")).content.decode()
        answer = as_("sam").get(reverse("org:vacancies"), {"export": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert ("shanghai-rep3" in page, len(lines)) == (True, 2)

    def test_is_reached_from_the_people(self, as_):
        assert reverse("org:vacancies") in as_("sam").get(reverse("org:people")).content.decode()
