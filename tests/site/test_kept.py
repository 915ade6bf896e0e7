"""What `dabiao init` is told of language, currency and time zone is kept for every process that follows."""

import json
import os
import subprocess
import sys

import pytest

from dabiao.core import config
from dabiao.site import commands, doctor


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DABIAO_HOME", str(tmp_path))
    for name in config.KEPT:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def init(home, company, monkeypatch):
    """Nothing but what init is told: the tests' own database stands already."""
    monkeypatch.setattr(commands, "prepare", lambda: None)
    return lambda **told: commands.init(admin="ada", password="correct-horse-9", **told)


def test_an_installation_speaks_the_language_that_it_was_made_in(tmp_path):
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in {*config.KEPT, "DJANGO_SETTINGS_MODULE", "DATABASE_URL"}
    }

    def said(*words, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "dabiao", *words], capture_output=True, text=True, check=False,
            env={**plain, "DABIAO_HOME": str(tmp_path), "DABIAO_SECRET_KEY": "x" * 50, **environment},
        )  # fmt: skip
        return done.stdout + done.stderr

    made = said("init", "--language", "en", "--currency", "eur", "--timezone", "Europe/Berlin")
    doctor_says = said("doctor")
    contradicted = said("doctor", DABIAO_CURRENCY="USD", DABIAO_LANGUAGE="zh-hans")

    assert "Ready in" in made
    assert json.loads((tmp_path / config.KEPT_IN).read_text()) == {
        "DABIAO_LANGUAGE": "en",
        "DABIAO_CURRENCY": "EUR",
        "DABIAO_TIME_ZONE": "Europe/Berlin",
    }
    assert "nothing risky is set" in doctor_says
    assert "DABIAO_CURRENCY 在当前环境中为 USD" in contradicted.replace("\n", " ")


class TestKept:
    def test_comes_after_the_environment_and_before_the_default(self, home, monkeypatch):
        assert config.get("DABIAO_CURRENCY") == "CNY"
        config.keep({"DABIAO_CURRENCY": "EUR"})
        assert config.get("DABIAO_CURRENCY") == "EUR"
        monkeypatch.setenv("DABIAO_CURRENCY", "USD")
        assert config.get("DABIAO_CURRENCY") == "USD"

    def test_stays_where_something_else_is_told(self, home):
        config.keep({"DABIAO_CURRENCY": "EUR"})
        config.keep({"DABIAO_LANGUAGE": "en"})
        assert config.kept() == {"DABIAO_CURRENCY": "EUR", "DABIAO_LANGUAGE": "en"}

    def test_is_nothing_else(self, home):
        (home / config.KEPT_IN).write_text('{"DABIAO_SECRET_KEY": "x", "DABIAO_LANGUAGE": "en"}')
        assert config.kept() == {"DABIAO_LANGUAGE": "en"}


class TestInit:
    def test_keeps_what_it_is_told_also_where_the_administrator_exists(self, init, capsys):
        init(currency="usd", timezone_="America/New_York")
        assert config.kept() == {"DABIAO_CURRENCY": "USD", "DABIAO_TIME_ZONE": "America/New_York"}
        assert "nothing else was changed" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "told", [{"language": "klingon"}, {"currency": "euro"}, {"timezone_": "Berlin"}], ids=str
    )
    def test_refuses_what_is_none(self, init, home, told):
        with pytest.raises(commands.typer.BadParameter):
            init(**told)
        assert not (home / config.KEPT_IN).exists()

    @pytest.mark.parametrize("told", [{"currency": "USD"}, {"timezone_": "Europe/Berlin"}], ids=str)
    def test_keeps_currency_and_time_zone_once_there_are_facts(self, facts, init, home, monkeypatch, told):
        monkeypatch.setattr("dabiao.facts.queries.has_facts", lambda lake: True)
        with pytest.raises(SystemExit, match="facts were loaded with it"):
            init(**told)
        assert not (home / config.KEPT_IN).exists()
        init(language="en", currency="CNY")
        assert config.kept() == {"DABIAO_CURRENCY": "CNY", "DABIAO_LANGUAGE": "en"}

    def test_the_doctor_tells_of_an_environment_that_contradicts(self, init, monkeypatch, at):
        init(currency="EUR")
        assert [each.state for each in doctor._settings(at)] == ["ok"]
        monkeypatch.setenv("DABIAO_CURRENCY", "USD")
        first, *_rest = doctor._settings(at)
        assert (first.state, "EUR was kept" in first.detail) == ("warn", True)


@pytest.mark.parametrize("text", ["{", "[]", '{"DABIAO_CURRENCY": '])
def test_a_damaged_file_is_named_with_its_mend_and_no_default_stands_in(home, text):
    (home / config.KEPT_IN).write_text(text)

    with pytest.raises(SystemExit, match=r"settings\.json is damaged .*`dabiao init"):
        config.get("DABIAO_CURRENCY")
