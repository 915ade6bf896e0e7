"""What a template asks about rights: by capability, never by role."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template

import dabiao
from dabiao.org.access import Rights
from dabiao.org.can import Can
from dabiao.org.models import User

SOURCE = Path(dabiao.__file__).parent
TEMPLATES = [*SOURCE.glob("*/templates/**/*.html"), *SOURCE.glob("site/skeleton/*.html.txt")]


class TestRights:
    @pytest.mark.parametrize(
        ("role", "rights"),
        [
            ("reader", {"LOOK"}),
            ("rep", {"LOOK", "WRITE"}),
            ("manager", {"LOOK", "WRITE", "WRITE_FOR_OTHERS", "SET_TARGETS"}),
            ("operations", {"LOOK", "WRITE", "WRITE_FOR_OTHERS", "SET_TARGETS", "OPERATE"}),
            ("admin", {"LOOK", "WRITE", "WRITE_FOR_OTHERS", "SET_TARGETS", "OPERATE", "ADMINISTER"}),
        ],
    )
    def test_are_those_of_the_role(self, role, rights):
        user = User(role=role)

        assert {name for name in Can.__members__ if getattr(Rights(user), name)} == rights

    def test_of_nobody_are_none(self):
        assert not any(getattr(Rights(AnonymousUser()), name) for name in Can.__members__)

    def test_a_capability_that_does_not_exist_is_no_silent_no(self):
        with pytest.raises(ImproperlyConfigured, match="OPERATES is no capability"):
            Template("{% if can.OPERATES %}x{% endif %}").render(Context({"can": Rights(User(role="admin"))}))


def test_templates_ask_for_capabilities_that_exist():
    asked = {name for file in TEMPLATES for name in re.findall(r"\bcan\.(\w+)", file.read_text("utf-8"))}

    assert {"OPERATE", "ADMINISTER"} <= asked <= set(Can.__members__)


def test_neither_templates_nor_pages_ask_for_a_role():
    pages = [*SOURCE.glob("*/pages.py"), *SOURCE.glob("*/pages/*.py")]
    asks = [
        str(file.relative_to(SOURCE))
        for file in [*TEMPLATES, *pages]
        if re.search(r"user\.role\b|\.Role\.", file.read_text("utf-8"))
    ]
    assert asks == []
