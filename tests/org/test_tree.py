"""Today's organisation as one value: new after each change, one and the same while a page is read."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dabiao.org import actions, queries
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

    def test_what_somebody_may_see_is_asked_once_while_a_page_is_read(self, company, at):
        with one_tree(), CaptureQueriesContext(connection) as asked:
            seen = [queries.sight(company.dora, at.date()) for _ in range(3)]
        assert seen[0].units
        assert all(each is seen[0] for each in seen)
        assert sum("org_grant" in query["sql"] for query in asked.captured_queries) == 1

    def test_two_viewers_are_two_even_while_a_page_is_read(self, company, at):
        with one_tree():
            one, other = (queries.sight(user, at.date()) for user in (company.dora, company.otto))
        assert one != other


def test_a_page_asks_for_the_organisation_once(as_):
    reader = as_("dora")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert reader.get("/cockpit/").status_code == 200
    assert sum("org_orgversion" in query["sql"] for query in asked.captured_queries) == 1
