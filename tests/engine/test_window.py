"""Facts of one period, and of several at once."""

from datetime import date, datetime

import ibis
import pyarrow as pa

from dabiao.engine.metric import Source
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.engine.window import window_table, windowed, within

DUCKDB = ibis.duckdb.connect()
AUGUST = CALENDAR_YEAR.parse("2017-08")
YEAR = CALENDAR_YEAR.parse("2017")
FACTS = ibis.memtable(
    pa.table(
        {
            "fact": ["July", "first", "last", "September", "undated"],
            "on": [date(2017, 7, 31), date(2017, 8, 1), date(2017, 8, 31), date(2017, 9, 1), None],
            "at": [
                datetime(2017, 7, 31, 23, 59),
                datetime(2017, 8, 1),
                datetime(2017, 8, 31, 23, 59),
                datetime(2017, 9, 1),
                None,
            ],
        }
    )
)


def facts(table):
    rows = DUCKDB.to_pyarrow(table).to_pylist()
    return [(row["window"], row["fact"]) if "window" in row else row["fact"] for row in rows]


def test_a_window_is_half_open_for_dates_and_times():
    assert facts(within(FACTS, AUGUST, on="on")) == ["first", "last"]
    assert facts(within(FACTS, AUGUST, on="at")) == ["first", "last"]


def test_a_fact_stands_in_every_window_it_lies_in():
    both = window_table({"month": AUGUST, "year": YEAR})

    got = facts(windowed(FACTS, both, source=Source("facts", "on")))

    assert sorted(got) == [
        ("month", "first"),
        ("month", "last"),
        ("year", "July"),
        ("year", "September"),
        ("year", "first"),
        ("year", "last"),
    ]


def test_what_has_no_date_is_in_every_window():
    both = window_table({"month": AUGUST, "year": YEAR})

    assert len(facts(windowed(FACTS, both, source=Source("facts", None)))) == 10
    assert facts(windowed(FACTS, window_table({}), source=Source("facts", None))) == []


def test_the_same_sql_serves_any_dates():
    def sql(*labels):
        table = ibis.table({"fact": "string", "on": "date"}, name="facts")
        windows = ibis.table(
            ibis.schema({"window": "string", "starts_on": "date", "ends_on": "date"}), name="windows"
        )
        assert (
            window_table({label: CALENDAR_YEAR.parse(label) for label in labels}).schema() == windows.schema()
        )
        return str(ibis.to_sql(windowed(table, windows, source=Source("facts", "on")), dialect="duckdb"))

    assert sql("2017-08") == sql("2018-Q1", "2018")
