"""An action is one transaction with one line in the audit trail, or nothing at all."""

import pytest

from dabiao.core.action import NotOneLine, action, tell
from dabiao.core.errors import Refused
from dabiao.core.models import AuditLine
from dabiao.org.models import Unit


@action("org.unit.added")
def add(key, *, by, at, told=1, then=None):
    """Add a unit, tell of it so many times, then do something else."""
    unit = Unit.objects.create(key=key, name=key)
    for _ in range(told):
        tell(unit, {"parent": None})
    if then is not None:
        then()
    return unit


@action("org.unit.moved")
def add_two(*, by, at, told=1):
    """An action of two others, which tells so many times what they did."""
    units = [add(key, by=by, at=at) for key in ("east", "west")]
    for unit in units[:told]:
        tell(unit, {"units": 2})


@action("org.unit.removed")
def remove(unit, *, by, at, reason=""):
    """Tell of it, then remove it."""
    tell(unit)
    unit.delete()


def refuse():
    """A rule that says no when everything has been done."""
    raise Refused("no")


def state():
    """What is there: units, and codes of the trail."""
    return (
        set(Unit.objects.values_list("key", flat=True)),
        list(AuditLine.objects.order_by("pk").values_list("what", flat=True)),
    )


@pytest.mark.django_db
class TestAction:
    def test_gives_back_what_the_function_does_and_leaves_one_line(self, company, at):
        before = AuditLine.objects.count()
        unit = add("south", by=company.otto, at=at)

        assert (unit.key, AuditLine.objects.count()) == ("south", before + 1)
        line = AuditLine.objects.latest("pk")
        assert (line.what, line.subject_key, line.by, line.at) == (
            "org.unit.added",
            "south",
            company.otto,
            at,
        )
        assert line.detail == {"parent": None}

    def test_that_is_refused_changes_nothing_and_leaves_no_line(self, at):
        with pytest.raises(Refused):
            add("south", by=None, at=at, then=refuse)

        assert state() == (set(), [])

    def test_that_tells_nothing_leaves_no_line(self, at):
        nothing = action("org.unit.changed")(_look)

        assert nothing(by=None, at=at) == 0
        assert state() == (set(), [])

    def test_tells_of_what_it_removes(self, at):
        remove(Unit.objects.create(key="south", name="南区"), by=None, at=at)

        line = AuditLine.objects.get()
        assert (line.subject_key, line.subject_label, line.detail) == ("south", "南区", {})

    def test_says_why_where_a_reason_was_given(self, at):
        remove(Unit.objects.create(key="south", name="南区"), by=None, at=at, reason="closed")

        assert AuditLine.objects.get().detail == {"reason": "closed"}

    def test_that_tells_twice_is_a_mistake_and_changes_nothing(self, at):
        with pytest.raises(NotOneLine, match="a second time"):
            add("south", by=None, at=at, told=2)

        assert state() == (set(), [])


@pytest.mark.django_db
class TestActionInside:
    def test_writes_no_line_of_its_own(self, at):
        add_two(by=None, at=at)

        assert state() == ({"east", "west"}, ["org.unit.moved"])
        assert AuditLine.objects.get().detail == {"units": 2}

    def test_that_nobody_tells_of_is_a_mistake_and_changes_nothing(self, at):
        with pytest.raises(NotOneLine, match="does not tell what they did"):
            add_two(by=None, at=at, told=0)

        assert state() == (set(), [])

    def test_that_is_refused_may_be_done_without(self, at):
        @action("org.unit.changed")
        def try_to_add(*, by, at):
            with pytest.raises(Refused):
                add("south", by=by, at=at, then=refuse)

        try_to_add(by=None, at=at)

        assert state() == (set(), [])

    def test_leaves_the_outer_one_in_charge_of_what_is_told_after_it(self, at):
        @action("org.unit.changed")
        def add_and_tell(*, by, at):
            tell(add("south", by=by, at=at), {"then": "told"})

        add_and_tell(by=None, at=at)

        line = AuditLine.objects.get()
        assert (line.what, line.detail) == ("org.unit.changed", {"then": "told"})


def test_tell_is_for_actions(db):
    with pytest.raises(NotOneLine, match="outside of any action"):
        tell(Unit.objects.create(key="east", name="E"))


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("no `at`", lambda *, by: None),
        ("no `by`", lambda *, at: None),
        ("`by` by position", lambda by, *, at: None),
        ("`at` may be left out", lambda *, by, at=None: None),
    ],
)
def test_who_and_when_are_always_said(case, function):
    with pytest.raises(TypeError, match="is an action"):
        action("org.unit.added")(function)


def _look(*, by, at):
    return Unit.objects.count()
