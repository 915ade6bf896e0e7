"""The contract of a room, kept by every one of the register: a new room is held to it without a line here."""

import pytest
from django.apps import apps
from django.urls import URLPattern, get_resolver, reverse
from django.utils import translation

from dabiao.core.room import Room
from dabiao.rooms import ROOMS
from tests.posts import actions_of

WITH_ADDRESSES = [room for room in ROOMS if room.urls]


def patterns(room: Room) -> list[URLPattern]:
    """The addresses of a room."""
    found = [each for each in get_resolver().url_patterns if getattr(each, "namespace", "") == room.key]
    return [pattern for resolver in found for pattern in resolver.url_patterns]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
class TestEveryRoom:
    def test_is_an_installed_package_of_its_name(self, room):
        assert apps.is_installed(f"dabiao.{room.key}")

    def test_says_what_each_of_its_actions_is_called_in_the_audit_log(self, room):
        assert set(actions_of(room).values()) - set(room.audit) == set(), "say them in the room's `audit`"

    def test_says_nothing_of_codes_that_no_action_has(self, room):
        assert set(room.audit) - set(actions_of(room).values()) == set()

    def test_records_under_its_own_name(self, room):
        assert [code for code in room.audit if not code.startswith(f"{room.key}.")] == []

    def test_has_modules_for_what_it_brings(self, room):
        for command in room.commands.values():
            module, _sign, name = command.place.partition(":")
            assert module.startswith(f"dabiao.{room.key}.") and name


@pytest.mark.parametrize("room", WITH_ADDRESSES, ids=lambda room: room.key)
class TestEveryRoomWithPages:
    def test_has_its_key_as_the_name_of_its_addresses(self, room):
        assert patterns(room)

    def test_says_on_each_page_who_can(self, room):
        assert [str(each.name) for each in patterns(room) if not hasattr(each.callback, "can")] == []

    def test_puts_only_pages_in_the_rail_that_are_there(self, room):
        for entry in (*room.rail, *room.account):
            assert reverse(entry.view)

    @pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
    def test_answers_in_an_empty_company(self, room, language, as_):
        browser = as_("ada")
        plain = [each for each in patterns(room) if not each.pattern.converters]
        for pattern in plain:
            if "GET" in pattern.callback.methods:
                with translation.override(language):
                    answer = browser.get(
                        reverse(f"{room.key}:{pattern.name}"), headers={"accept-language": language}
                    )
                assert answer.status_code == 200, pattern.name
