"""Pages of targets: the grid shows, saves and refuses; the list and the import."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dabiao.engine.promise import Levels
from dabiao.org.queries import Scope
from dabiao.targets import actions
from dabiao.targets.actions import Slot
from dabiao.targets.models import Target

MARCH = (date(2026, 3, 1), date(2026, 4, 1))
ASKED = {"scope": "east", "period": "2026-03"}


@pytest.fixture
def put(company, at, on):
    def put(kind, key, value, window=MARCH, metric="sales_amount"):
        slot = Slot(Scope(kind, key), metric, *window)
        actions.set_target(slot, Levels(target=Decimal(value)), by=company.otto, at=at, on=on)

    return put


def cell(kind, key, value, window=MARCH):
    return {"kind": kind, "key": key, "start": str(window[0]), "end": str(window[1]), "value": value}


def save(client, *cells, asked=ASKED, **more):
    address = reverse("targets:grid-save", query={**asked, **more})
    return client.post(address, json.dumps({"cells": cells}), content_type="application/json")


class TestGrid:
    def test_shows_units_people_and_what_follows_from_them(self, as_, put):
        put("person", "P04", 30)
        put("person", "P05", 12)
        page = as_("emma").get(reverse("targets:grid"), ASKED).content.decode()
        assert "上海组" in page
        assert 'class="num derived"' in page
        assert ">42<" in page

    def test_of_another_subtree_is_not_found(self, as_):
        for asked in ({"scope": "west"}, {"person": "P09"}, {"scope": "nowhere"}):
            assert as_("emma").get(reverse("targets:grid"), asked).status_code == 404

    def test_of_a_rep_is_locked(self, as_, put):
        put("person", "P04", 30)
        page = as_("rita").get(reverse("targets:grid"), {"period": "2026-03"}).content.decode()
        assert ">30<" in page
        assert 'data-tg="save"' not in page

    def test_exports_what_it_shows(self, as_, put):
        put("unit", "nanjing", "100.5")
        answer = as_("emma").get(reverse("targets:grid"), {**ASKED, "export": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert lines[0].startswith("\ufeffmetric,level,scope_kind,scope,name,2026,2026-01")
        assert "unit,nanjing,南京组,100.5,,,100.5" in lines[2]

    def test_of_a_week_shows_and_saves_the_weeks_of_its_quarter(self, as_, put):
        """Week 14 of 2026 runs from 30 March to 5 April and stands whole in both of its quarters."""
        week = (date(2026, 3, 30), date(2026, 4, 6))
        put("unit", "nanjing", "70", window=week)
        emma, spring = as_("emma"), {**ASKED, "period": "2026-W15"}

        assert (
            save(
                emma, cell("unit", "nanjing", "80", (date(2026, 4, 6), date(2026, 4, 13))), asked=spring
            ).status_code
            == 200
        )
        first = b"".join(
            emma.get(reverse("targets:grid"), {**ASKED, "period": "2026-W02", "export": "csv"})
        ).decode()
        second = b"".join(emma.get(reverse("targets:grid"), {**spring, "export": "csv"})).decode()

        assert first.splitlines()[0].endswith(
            "2026-Q1,2026-W01,2026-W02,2026-W03,2026-W04,2026-W05,2026-W06,2026-W07,2026-W08,2026-W09,2026-W10,2026-W11,2026-W12,2026-W13,2026-W14"
        )
        assert "unit,nanjing,南京组,28,,,,,,,,,,,,,,70" in first  # two of its five working days are in March
        assert "2026-Q2,2026-W14,2026-W15," in second and "南京组,122,70,80," in second

    @pytest.mark.parametrize("asked", [{"metric": "nope"}, {"level": "best"}, {"period": "2026-99"}])
    def test_says_what_it_does_not_know(self, as_, asked):
        assert as_("emma").get(reverse("targets:grid"), {**ASKED, **asked}).status_code == 422

    def test_without_a_seat_says_what_to_do(self, as_, company):
        company.rita.person = None
        company.rita.save()
        assert "No targets to show" in as_("rita").get(reverse("targets:grid")).content.decode()


class TestSave:
    def test_sets_changes_and_clears(self, as_, put):
        put("person", "P04", 30)
        answer = save(as_("otto"), cell("unit", "east", "12.5万"), cell("person", "P04", ""))
        assert answer.status_code == 200
        assert "125,000" in answer.content.decode()
        assert [(t.scope_key, t.target) for t in Target.objects.all()] == [("east", 125_000)]

    def test_leaves_the_other_levels_alone(self, as_, put):
        put("unit", "east", 30)
        save(as_("otto"), cell("unit", "east", "20"), level="base")
        target = Target.objects.get()
        assert (target.base, target.target) == (20, 30)

    def test_reads_percentages_of_ratios(self, as_):
        save(as_("otto"), cell("unit", "east", "92.5%"), metric="collection_rate")
        assert Target.objects.get().target == Decimal("0.925")

    def test_tells_which_cell_is_wrong_and_sets_nothing(self, as_):
        answer = save(as_("otto"), cell("unit", "east", "10"), cell("unit", "shanghai", "viel"))
        assert answer.status_code == 422
        assert [(e["key"], e["message"]) for e in answer.json()["errors"]] == [
            ("shanghai", "viel is not a number. Write it like 1234.50.")
        ]
        assert not Target.objects.exists()

    def test_refuses_what_is_not_theirs(self, as_):
        assert save(as_("emma"), cell("unit", "east", "1")).status_code == 403
        assert save(as_("emma"), cell("unit", "west", "1")).status_code == 403
        assert save(as_("emma"), cell("unit", "shanghai", "1")).status_code == 200

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b'{"cells": [{}]}', b'{"cells": [{"kind": "god"}]}', b"\xff"]
    )
    def test_refuses_another_body(self, as_, body):
        answer = as_("otto").post(
            reverse("targets:grid-save", query=ASKED), body, content_type="application/json"
        )
        assert answer.status_code == 422


class TestList:
    def test_holds_every_target_of_the_period(self, as_, put):
        put("unit", "east", 30)
        put("unit", "west", 40)
        answer = as_("emma").get(reverse("targets:list"), {"period": "2026", "export": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert [line.split(",")[1] for line in lines[1:]] == ["east"]
        assert (
            "2 targets in 2026"
            in as_("otto").get(reverse("targets:list"), {"period": "2026"}).content.decode()
        )


class TestImport:
    def test_sets_what_the_file_says(self, as_):
        file = SimpleUploadedFile("x.csv", "部门,指标,期间,目标\n华东大区,销售额,2026-03,100\n".encode())
        page = as_("otto").post(reverse("targets:import"), {"file": file}).content.decode()
        assert "1 added" in page
        assert Target.objects.get().target == 100

    def test_says_whose_targets_are_part_of_no_unit(self, as_):
        file = SimpleUploadedFile("x.csv", "工号,指标,期间,目标\nP04,销售额,2023-11,100\n".encode())
        page = as_("otto").post(reverse("targets:import"), {"file": file}).content.decode()
        assert "sit in no unit" in page

    def test_shows_every_error(self, as_):
        file = SimpleUploadedFile("x.csv", "部门,指标,期间,目标\n华东,销售,2026-03,1\n,x,y,z\n".encode())
        answer = as_("otto").post(reverse("targets:import"), {"file": file})
        assert answer.status_code == 422
        assert "2 errors" in answer.content.decode()
