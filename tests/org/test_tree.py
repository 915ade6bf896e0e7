"""Today's organisation as one value: new after each change, one and the same while a page is read."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dabiao.org import actions
from dabiao.org.logic.tree import one_tree, tree


class TestTree:
    def test_is_new_after_a_change(self, company, at):
        before = tree()
        assert tree() is before

        actions.add_unit(key="south", name="南区", parent="company", by=company.otto, at=at)

        assert "south" in tree().by_key
        assert tree().stamp != before.stamp

    def test_stays_the_same_while_a_page_is_read(self, company, at):
        with one_tree():
            before = tree()
            actions.add_unit(key="south", name="南区", parent="company", by=company.otto, at=at)
            assert tree() is before
        assert "south" in tree().by_key


def test_a_page_asks_for_the_organisation_once(as_):
    reader = as_("dora")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert reader.get("/cockpit/").status_code == 200
    assert sum("org_orgversion" in query["sql"] for query in asked.captured_queries) == 1
