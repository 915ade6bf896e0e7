"""Settings from the environment: what is usually written is understood, and what isn't is named."""

import pytest

from dabiao.core import config


@pytest.mark.parametrize(
    ("written", "language"),
    [("zh", "zh-hans"), ("zh_CN", "zh-hans"), ("zh-TW", "zh-hant"), ("en", "en"), ("zh-hans", "zh-hans")],
)
def test_the_language_as_people_write_it(monkeypatch, written, language):
    monkeypatch.setenv("DABIAO_LANGUAGE", written)

    assert config.language() == language


def test_a_language_nobody_here_speaks_is_named(monkeypatch):
    monkeypatch.setenv("DABIAO_LANGUAGE", "fr")

    with pytest.raises(SystemExit, match="DABIAO_LANGUAGE is fr: write zh-hans, zh-hant or en"):
        config.language()
