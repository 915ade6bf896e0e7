"""Titles of the columns that org and targets import: shown in the reader's language, understood in all of them."""

from dataclasses import replace
from itertools import combinations

import pytest
from django.conf import settings
from django.utils import translation

from dabiao.core import uploads
from dabiao.org import imports as org
from dabiao.targets import imports as targets

TABLES = {**{name: table.fields for name, table in org.TABLES.items()}, "targets": targets.FIELDS}
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def shown(table, language):
    with translation.override(language):
        return [field.title for field in TABLES[table]]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_in_one_language_is_read_by_somebody_of_another(table, language):
    row = {title: str(place) for place, title in enumerate(shown(table, language))}
    fields = [replace(field, read=uploads.text) for field in TABLES[table]]

    with translation.override("en"):
        (parsed,), errors = uploads.parse(uploads.numbered([row]), fields)

    assert parsed.values == {field.name: str(place) for place, field in enumerate(fields)}
    assert not errors


@pytest.mark.parametrize("table", TABLES)
def test_no_title_means_two_columns(table):
    for one, other in combinations(TABLES[table], 2):
        assert not {uploads._fold(title) for title in one.titles} & {
            uploads._fold(title) for title in other.titles
        }


def test_a_title_is_shown_in_the_readers_language():
    assert [shown("people", code)[0] for code in ("en", "zh-hans", "zh-hant")] == ["key", "工号", "工號"]
    assert shown("units", "zh-hans")[0] == "部门编码"
    assert {"starts_on", "last_day"} <= set(shown("targets", "en"))


def test_an_error_names_the_column_as_the_reader_knows_it():
    with translation.override("zh-hans"):
        _parsed, errors = uploads.parse(
            uploads.numbered([{"姓名": "新人"}, {"key": "P1", "name": "x", "入职日期": "?"}]),
            TABLES["people"],
        )

    assert [(error.row, error.column) for error in errors] == [(2, "工号"), (3, "入职日期")]
