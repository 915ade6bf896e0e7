"""The engine's messages in the languages of the pages."""

from datetime import date

import pyarrow as pa
import pytest
from django.utils import translation

from dabiao.core.sentence import say
from dabiao.engine.diagnosis.cells import lay_out
from dabiao.engine.message import Objection, Words, counted_message, message
from dabiao.engine.payout.explain import explain
from dabiao.engine.period import Fiscal
from tests.incentives.test_situations import PLANS

CONDITIONS = {
    "en": "“above” counts amount of order_lines by ordered_on, where kind is above and qty is above 10.",
    "zh-hans": "“above”按 ordered_on 统计 order_lines 的 amount，条件：kind为above且qty高于10。",
    "zh-hant": "“above”按 ordered_on 統計 order_lines 的 amount，條件：kind為above且qty高於10。",
}
TIER = {
    "en": "The part from 0 CNY to 1,000 CNY earns 5%.",
    "zh-hans": "0 CNY 至 1,000 CNY 的部分按 5% 计。",
    "zh-hant": "0 CNY 至 1,000 CNY 的部分按 5% 計。",
}


@pytest.mark.parametrize(("plan", "sentences"), [("conditions_and_overlays", CONDITIONS), ("tiers", TIER)])
@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_a_plan_is_told_in_every_language(plan, sentences, language):
    assert sentences[language] in [say(sentence, language) for sentence in explain(PLANS[plan])]


def test_the_reader_decides_where_nobody_says_a_language():
    text = message("usual level")

    with translation.override("zh-hans"):
        assert say(text) == "平常水平"
        assert say(text, "en") == "usual level"
        assert say(text) == "平常水平"


@pytest.mark.parametrize(
    ("case", "refused", "said"),
    [
        (
            "a text that is no period",
            lambda: Fiscal().parse("soon"),
            "“soon”不是期间。请写成 2017、2017-H1、2017-Q3、2017-08、2017-P05、2017-W31、2017-08-15 或 "
            "2017-08-15..2017-09-14（含首尾两天）。",
        ),
        (
            "a half that there is not",
            lambda: Fiscal().parse("2017-H3"),
            "2017-H3：2017 年按“半年”共有 2 个。",
        ),
        (
            "a kind of period that the calendar lacks",
            lambda: Fiscal(pattern="13").containing("month", date(2017, 1, 1)),
            "本日历没有“月”，只有年、半年、季度、期（13 期制）、周、日。",
        ),
        (
            "a table that cannot be explained",
            lambda: lay_out(pa.table({"part": [1]}), ["team"], at=1, ratio=False),
            "表中没有列 team, period：请补上",
        ),
    ],
)
def test_what_the_engine_refuses_is_said_in_chinese(case, refused, said):
    with pytest.raises(Objection) as objection:
        refused()

    assert say(objection.value.said, "zh-hans") == said, case
    assert say(objection.value.said, "en") == str(objection.value)


@pytest.mark.parametrize(
    ("language", "weeks", "label"),
    [("en", "3 weeks", "Orders"), ("zh-hans", "3周", "软件订单"), ("zh-hant", "3周", "軟件訂單")],
)
def test_counts_and_labels_of_data(language, weeks, label):
    assert say(counted_message("{count} week", "{count} weeks", 3), language) == weeks
    assert say(Words("Orders", "软件订单"), language) == label
