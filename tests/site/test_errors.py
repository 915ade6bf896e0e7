"""What a view raises becomes an answer; roll-ups that were set aside in the middle of one are no matter to a reader."""

from django.test import Client

from dabiao.lake.reading import RollUpsDamaged
from dabiao.org import queries


def damaged_once(monkeypatch, *, times=1):
    """Reading people finds damaged roll-ups that often."""
    real, left = queries.people_rows, [None] * times

    def rows(*args, **options):
        if left:
            left.pop()
            raise RollUpsDamaged("The roll-ups were damaged; they are being made anew. Ask again.")
        return real(*args, **options)

    monkeypatch.setattr(queries, "people_rows", rows)
    return left


class TestDamagedRollUps:
    def test_are_asked_again_by_the_page_itself(self, as_, monkeypatch):
        left = damaged_once(monkeypatch)
        answer = as_("dora").get("/org/people/")

        assert answer.status_code == 200 and not left
        assert "sam" in answer.content.decode()

    def test_that_stay_damaged_are_told(self, as_, monkeypatch):
        damaged_once(monkeypatch, times=5)
        answer = as_("dora").get("/org/people/")

        assert answer.status_code == 409
        assert "they are being made anew" in answer.content.decode()


class TestWhatIsNotThere:
    def test_is_told_in_the_frame_of_who_is_signed_in(self, as_):
        answer = as_("dora").get("/org/people/NOBODY/")

        assert answer.status_code == 404
        assert 'id="rail"' in answer.content.decode()
        assert 'id="rail"' not in Client().get("/nowhere/").content.decode()

    def test_is_told_without_it_where_the_frame_itself_cannot_stand(self, as_):
        answer = as_("dora").get("/cockpit/?period=foo")

        assert answer.status_code == 422
        assert 'id="rail"' not in answer.content.decode()
        assert "foo" in answer.content.decode()
