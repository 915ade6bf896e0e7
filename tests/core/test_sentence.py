"""The engine's messages in the languages of the pages."""

import pytest
from django.utils import translation

from dabiao.core.sentence import say
from dabiao.engine.message import Words, counted_message, message
from dabiao.engine.payout.explain import explain
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
    ("language", "weeks", "label"),
    [("en", "3 weeks", "Orders"), ("zh-hans", "3周", "软件订单"), ("zh-hant", "3周", "軟件訂單")],
)
def test_counts_and_labels_of_data(language, weeks, label):
    assert say(counted_message("{count} week", "{count} weeks", 3), language) == weeks
    assert say(Words("Orders", "软件订单"), language) == label
