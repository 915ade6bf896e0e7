"""The page on which a table comes in: one for every room that takes tables."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dabiao.core import room
from dabiao.org.models import Person
from dabiao.targets.models import Target
from dabiao.ui import importing

PEOPLE = "工号,姓名\nP20,新人\n"
TARGETS = "部门,指标,期间,目标\n华东大区,销售额,2026-03,100\n"


def posted(browser, view, text, name="x.csv", **more):
    return browser.post(reverse(view), {"file": SimpleUploadedFile(name, text.encode()), **more})


class TestImportPage:
    @pytest.mark.parametrize(("key", "tables"), [("org", 7), ("targets", 1)])
    def test_takes_every_table_of_its_room(self, as_, key, tables):
        page = as_("ada").get(reverse(f"{key}:import")).content.decode()

        assert len(room.importables(key)) == tables
        for table in room.importables(key).values():
            assert all(field.title in page for field in table.fields if not field.aside)
        assert ('name="table"' in page) == (tables > 1)

    def test_a_check_says_what_would_happen_and_keeps_its_choices(self, as_):
        page = posted(as_("otto"), "org:import", PEOPLE, table="people", dry_run="on").content.decode()

        assert "1 would be added" in page and not Person.objects.filter(key="P20").exists()
        assert '<option value="people" selected>' in page and "checked" in page
        assert "This field is required" not in page

    def test_a_check_that_does_not_count_says_that_the_file_is_good(self, as_):
        page = posted(as_("otto"), "targets:import", TARGETS, dry_run="on").content.decode()

        assert "the file can be imported" in page and not Target.objects.exists()

    def test_what_needs_a_higher_right_is_forbidden(self, as_):
        answer = posted(as_("otto"), "org:import", "用户名,角色\nx,rep\n", table="users")

        assert answer.status_code == 403

    def test_a_file_that_cannot_be_read_keeps_the_choices(self, as_):
        answer = posted(as_("otto"), "org:import", "x", name="x.pdf", table="people", dry_run="on")
        page = answer.content.decode()

        assert answer.status_code == 422 and "only CSV" in page
        assert '<option value="people" selected>' in page

    def test_more_errors_than_anybody_reads_are_counted_and_the_first_shown(self, as_, monkeypatch):
        monkeypatch.setattr(importing, "MOST_SHOWN", 3)
        rows = "".join(f",nobody{n}\n" for n in range(5))
        page = posted(as_("otto"), "org:import", f"工号,姓名\n{rows}", table="people").content.decode()

        assert "5 errors" in page and "the first 3" in page
        assert page.count("This column must not be empty.") == 3


class TestWorkbook:
    def test_belongs_to_a_table_of_the_room(self, as_):
        assert as_("otto").get(reverse("org:import-template", args=["people"])).status_code == 200
        assert as_("otto").get(reverse("org:import-template", args=["targets"])).status_code == 404
