"""Every standard metric on a company small enough to count on one's fingers."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from dabiao.engine import needs
from dabiao.engine.measure import measure
from dabiao.engine.metric import Measure, sources_of
from dabiao.engine.spread import spread
from dabiao.lake.dictionary import standard_metrics
from dabiao.lake.tables import TABLES

FACTS = """
contracts
amount  amount_with_tax
1000    1130
500     565

order_lines
order  customer  person  kind       amount  amount_with_tax  qty  cost  list_amount
S1     c1        p1      new        300     339              3    200   400
S1     c1        p1      new        100     113              1    -     -
S2     c2        p2      renewal    200     226              2    150   200
S3     c3        p1      -          50      56.5             1    -     -
S1     c1        p1      return     -100    -113             -1   -50   -100

deliveries
amount
250

invoices
amount  amount_with_tax
600     678
-100    -113

revenue
amount
450

receivables
amount_with_tax
400
100

receipts
amount_with_tax
300
75

allocations
receivable  amount_with_tax  received_on  due_on
R1          200              2017-03-01   2017-03-01
R1          100              2017-03-02   2017-03-01
R1          40               2017-03-16   2017-03-01
-           75               2017-03-02   -

leads
valid  qualified_on  converted_on
true   2017-03-02    2017-03-20
true   2017-03-03    -
true   -             2017-03-21
false  -             -
-      -             -

opportunities
outcome  amount  list_amount  engaged_on  closed_on
won      1000    1100         2017-01-01  2017-03-02
won      500     500          2017-01-01  2017-01-11
won      600     600          -           2017-02-01
lost     0       300          2017-01-01  2017-01-02
-        70      80           2017-02-01  -
-        -       20           -           -

quotes
amount
90

activities
kind         minutes  with_decision_maker  need_stated  needs_depth  has_case  has_roi  high_value  customer
visit        10       true                 true         3            -         -        true  -
visit        9        true                 true         1            -         -        false  a
joint_visit  35       true                 true         2            -         -        true  b
visit        60       -                    true         -            -         -        -  -
call         5        true                 true         -            -         -        -  -
demo         30       -                    -            -            -         -        -  -
proposal     -        -                    -            -            true      true     -  a
proposal     -        -                    -            -            true      false    -  b

daily_figures
metric           value
visits           8
visits           2
calls            30
demos            1
proposals        2
leads            4
qualified_leads  3
tastings         99

visit_plans
done
true
true
false
-

complaints
opened_at            first_response_at
2017-03-01T10:00:00  2017-03-01T10:30:00
2017-03-01T10:00:00  2017-03-01T12:00:00
2017-03-01T10:00:00  2017-03-02T10:00:00
2017-03-01T10:00:00  -

feedback
instrument  score
NPS         10
NPS         9
NPS         7
NPS         0
NPS         -
CSAT        4
CSAT        5

renewals
outcome
renewed
reduced
churned
-

usage
events
7
-
4

expenses
kind       amount  budget
travel     20      false
marketing  60      -
marketing  900     true

stock
short
4
0

market
period      ends_on     segment  size
2017-01-01  2017-07-01  pumps    22000
"""

EXPECTED = {
    "contract_amount": 1500,
    "contract_amount_with_tax": 1695,
    "new_contracts": 2,
    "sales_amount": 550,
    "sales_amount_with_tax": "621.5",
    "sales_quantity": 6,
    "orders": 3,
    "average_order_value": 550 / 3,
    "gross_profit": 100 + 50 - 50,
    "costed_sales": 300 + 200 - 100,
    "gross_margin": 100 / 400,
    "list_amount": 500,
    "listed_sales": 400,
    "price_realisation": 0.8,
    "sales_share": 1.0,
    "delivered_amount": 250,
    "invoiced_amount": 500,
    "invoiced_amount_with_tax": 565,
    "revenue_amount": 450,
    "received_amount": 375,
    "due_amount": 500,
    "collection_rate": 0.75,
    "on_time_amount": 200,
    "on_time_collection_rate": 0.4,
    "prompt_amount": 300,
    "prompt_collection_rate": 0.6,
    "active_customers": 3,
    "new_customers": 1,
    "new_business_amount": 400,
    "leads": 5,
    "qualified_leads": 2,
    "converted_leads": 2,
    "converted_qualified_leads": 1,
    "lead_qualification_rate": 0.4,
    "lead_conversion_rate": 0.4,
    "qualified_lead_conversion_rate": 0.5,
    "invalid_leads": 1,
    "new_opportunities": 6,
    "won_deals": 3,
    "lost_deals": 1,
    "closed_deals": 4,
    "won_amount": 2100,
    "win_rate": 0.75,
    "average_deal_value": 700.0,
    "sales_cycle_days": 35.0,
    "sales_cycle_mean_days": 35.0,
    "open_opportunities": 2,
    "open_pipeline": 70,
    "closing_pipeline": 70,
    "open_pipeline_at_list": 100,
    "visits": 4,
    "effective_visits": 2,
    "effective_visit_rate": 0.5,
    "high_value_visits": 2,
    "high_value_visit_share": 0.5,
    "visit_minutes": 28.5,
    "filed_visits": 10,
    "filed_calls": 30,
    "filed_demos": 1,
    "filed_proposals": 2,
    "filed_leads": 4,
    "filed_qualified_leads": 3,
    "planned_visits": 4,
    "done_planned_visits": 2,
    "plan_execution_rate": 0.5,
    "calls": 1,
    "demos": 1,
    "proposals": 2,
    "complete_proposals": 1,
    "proposal_quality": 0.5,
    "needs_depth": 2.0,
    "proposal_depth": 1.5,
    "quotes": 1,
    "complaints": 4,
    "first_response_minutes": 120.0,
    "promoters": 2,
    "detractors": 1,
    "nps": 0.25,
    "csat": 4.5,
    "renewals_due": 4,
    "renewals_won": 2,
    "renewal_rate": 0.5,
    "machine_use": 11,
    "expenses": 80,
    "expense_rate": 80 / 550,
    "marketing_expenses": 60,
    "cost_per_lead": 12.0,
    "stock_shortage": 4,
    "market_size": "10939.23",  # 22000 · 90 ÷ 181
    "market_share": 550 / 10939.23,
    "sellers": 2,
    "output_per_head": 275.0,
}

_READ = {
    "text": str,
    "money": Decimal,
    "rate": Decimal,
    "qty": Decimal,
    "int": int,
    "date": date.fromisoformat,
    "time": datetime.fromisoformat,
    "flag": lambda word: word == "true",
}


def facts(block):
    """A text table → (name, memtable with every column of the lake's)."""
    name, header, *lines = block.strip().splitlines()
    kinds = {column.name: column.type for column in TABLES[name].columns}
    names = header.split()
    rows = [
        {
            column: None if word == "-" else _READ[kinds[column]](word)
            for column, word in zip(names, line.split(), strict=True)
        }
        for line in lines
    ]
    full = [{column: row.get(column) for column in TABLES[name].schema.names} for row in rows]
    return name, ibis.memtable(pa.Table.from_pylist(full, schema=TABLES[name].schema))


@pytest.fixture(scope="module")
def company():
    return dict(facts(block) for block in FACTS.split("\n\n"))


@pytest.fixture(scope="module")
def measured(company):
    metrics = list(standard_metrics().values())
    sources = {source: _seen(source, company[source.table]) for source in sources_of(metrics)}
    (row,) = ibis.duckdb.connect().to_pyarrow(measure(metrics, sources, by=[])).to_pylist()
    return row


def _seen(source, table):
    """What lasts is seen in the quarter of which the figures are: 90 days of the 181 of the figure."""
    if source.derived:
        return needs.with_united(table, on=source.on)
    if source.spread is None:
        return table
    days = [date(2017, 1, 1) + timedelta(days=n) for n in range(90)]
    quarter = ibis.memtable(pa.table({"window": [""] * 90, "day": pa.array(days, pa.date32())}))
    return spread(table, quarter, source.spread, on=source.on, by=())


def test_every_standard_metric_has_its_case():
    assert EXPECTED.keys() == standard_metrics().keys()


@pytest.mark.parametrize("key", EXPECTED)
def test_standard_metric(measured, key):
    value, wanted = measured[key], EXPECTED[key]
    if isinstance(wanted, float):
        assert value == pytest.approx(wanted, rel=1e-12)
    else:
        assert value == Decimal(wanted)


def test_every_metric_reads_well_in_both_languages():
    for metric in standard_metrics().values():
        assert metric.label.en != metric.label.zh_hans, metric.key
        assert metric.label.en[0].isupper(), metric.key
        if metric.note:
            assert metric.note.en.endswith("."), metric.key
            assert metric.note.zh_hans.endswith("。"), metric.key
    labels = [metric.label.zh_hans for metric in standard_metrics().values()]
    assert len(labels) == len(set(labels))


def test_money_is_only_counted_in_the_reporting_currency():
    for metric in standard_metrics().values():
        if isinstance(metric, Measure):
            assert not any(column.startswith("original_") for column in metric.columns), metric.key
