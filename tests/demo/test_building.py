"""The demo company comes in through everybody's doors: complete, once, in either language, with one loop printed."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pytest
from rich.console import Console

from dabiao.core.calendars import fiscal
from dabiao.demo import accounts, building, commands
from dabiao.demo.building import NotADemoFolder
from dabiao.demo.simulation.company import SEED
from dabiao.engine.promise import WHOLE
from dabiao.facts.models import Label
from dabiao.lake import reading
from dabiao.lake.snapshot import latest
from dabiao.metrics import query
from dabiao.metrics.query import Query
from dabiao.org import queries as org
from dabiao.org.models import User
from dabiao.org.queries import Scope
from dabiao.targets.queries import targets_for
from tests.demo.conftest import ON

AT = datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
OCTOBER = fiscal().parse("2026-10")


@pytest.fixture
def built(db):
    return building.build(SEED, "zh", on=ON, at=AT)


def measured(metric, *, by=(), viewer="admin"):
    asked = Query((metric,), by=by, period=OCTOBER)
    user = User.objects.get(username=viewer)
    return query.run_query(reading.current(), asked, viewer=user, fiscal=fiscal(), on=ON).rows


def printed(lang):
    out = io.StringIO()
    commands.show(ON, lang, Console(file=out, width=120))
    return out.getvalue()


@pytest.mark.django_db
def test_the_company_can_be_measured_looked_at_and_signed_in_to(built, simulated):
    """One build, many looks: building takes seconds."""
    lines = simulated.tables["order_lines"]
    october = pc.and_(
        pc.greater_equal(lines["ordered_on"], date(2026, 10, 1)),
        pc.less(lines["ordered_on"], date(2026, 11, 1)),
    )
    expected = pc.sum(lines.filter(october)["amount"]).as_py()
    (whole,) = measured("sales_amount")
    assert whole["sales_amount"] == expected
    regions = {row["region"]: row["sales_amount"] for row in measured("sales_amount", by=("region",))}
    assert regions.keys() == {"east", "south", "north", "southwest"}
    assert sum(regions.values(), Decimal(0)) == expected

    east = User.objects.get(username="manager")
    assert org.home_scope(east, ON) == Scope("unit", "east")
    (seen,) = measured("sales_amount", viewer="manager")
    assert seen["sales_amount"] == regions["east"]

    promised = targets_for([Scope("unit", "east")], ["sales_amount"], OCTOBER.start, OCTOBER.end)
    (target,) = [t for t in simulated.targets if (t.scope, t.metric, t.part, t.starts_on) == ("east", "sales_amount", WHOLE, OCTOBER.start)]  # fmt: skip
    assert promised[Scope("unit", "east"), "sales_amount"].target == target.target

    assert all(
        User.objects.get(username=account.username).check_password(accounts.password())
        for account in accounts.ACCOUNTS
    )
    assert Label.objects.get(kind="product_line", key="new_energy").name == "新能源装备"

    english = printed(commands.Lang.EN)
    words = (
        "Hengchuan Equipment · 2026-10",
        "Sales",
        "Shanghai 1",
        "East China",
        "→",
        "■",
        accounts.password(),
    )
    for word in (*words, *(account.username for account in accounts.ACCOUNTS)):
        assert word in english
    assert "恒川装备" in printed(commands.Lang.ZH)


@pytest.mark.django_db
def test_building_again_changes_nothing_and_a_day_later_only_adds(built):
    first = latest()
    assert first is not None
    building.build(SEED, "zh", on=ON, at=AT + timedelta(minutes=5))
    again = latest()
    assert again is not None and again.number == first.number

    building.build(SEED, "en", on=ON + timedelta(days=1), at=AT + timedelta(days=1))
    later = latest()
    assert later is not None and later.number == first.number + 1
    assert building.held() == building.Built(SEED, ON + timedelta(days=1))
    assert Label.objects.get(kind="product_line", key="new_energy").name == "New energy"

    assert building.build(SEED, "en", on=date(2027, 1, 5), at=AT).on == ON + timedelta(days=1)
    with pytest.raises(NotADemoFolder, match="seed 7"):
        building.build(SEED + 1, "en", on=ON, at=AT)


@pytest.mark.django_db
def test_a_folder_with_another_company_is_left_alone(company):
    with pytest.raises(NotADemoFolder, match="a company of its own"):
        building.build(SEED, "zh", on=ON, at=AT)
    assert building.held() is None
