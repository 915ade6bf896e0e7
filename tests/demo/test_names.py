"""Everything in the demo company has a name, in both languages, and names are all that a language changes."""

import pytest

from dabiao.demo.names import names
from dabiao.demo.simulation import catalogue
from dabiao.demo.simulation.company import Company


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_has_a_name_of_its_own(simulated: Company, language):
    called = names(simulated, language)
    assert called.units.keys() == {unit.key for unit in simulated.units}
    assert called.titles.keys() == {seat.key for seat in simulated.seats}
    assert called.people.keys() == {person.key for person in simulated.people}
    assert len(set(called.people.values())) == len(simulated.people)
    labelled = {(kind, key): name for kind, key, name in called.labels}
    assert len(labelled) == len(called.labels)
    customers = simulated.tables["customers"]
    for column in ("customer", "industry", "province", "city"):
        assert {(column, key) for key in customers[column].to_pylist()} <= labelled.keys(), column
    whole = [name for (kind, _key), name in labelled.items() if kind == "customer"]
    assert len(set(whole)) == len(whole)
    assert {("product", product.key) for product in catalogue.PRODUCTS} <= labelled.keys()
    for kind, keys in (
        ("product_line", catalogue.LINES),
        ("acquisition_channel", catalogue.CHANNELS),
        ("competitor", catalogue.COMPETITORS),
        ("lost_reason", catalogue.LOST_REASONS),
        ("region", set(simulated.tables["opportunities"]["region"].to_pylist())),
        ("vendor", [vendor for vendor in catalogue.VENDORS if vendor]),
    ):
        assert {(kind, key) for key in keys} <= labelled.keys(), kind


def test_chinese_and_english_name_the_same_things(simulated: Company):
    chinese, english = names(simulated, "zh"), names(simulated, "en")
    assert [label[:2] for label in chinese.labels] == [label[:2] for label in english.labels]
    assert chinese.people.keys() == english.people.keys()
    assert all(name.isascii() or "ü" in name for name in english.people.values())
    assert not any(name.isascii() for name in chinese.people.values())
