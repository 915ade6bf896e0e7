"""A company's working days as it writes them down: country, region, week, and days closed and opened."""

from functools import partial
from typing import Final, cast

from dabiao.engine.company_calendar import BadCompanyCalendar, CompanyCalendar, Week
from dabiao.engine.document import Node, field_of, listed, read, tried

_SETTINGS: Final = ("country", "region", "week", "free_saturday", "closed", "opened")


def read_calendar(key: str, text: str, file: str = "") -> CompanyCalendar:
    """The calendar of a file; an empty one is China's. Raises BadCompanyCalendar with all that is wrong."""
    root, problems = read(text, file)
    calendar = tried(root, partial(_calendar, key=key), None) if root else None
    if problems or calendar is None:
        raise BadCompanyCalendar("\n".join(map(str, sorted(problems))))
    return calendar


def _calendar(root: Node, key: str) -> CompanyCalendar:
    fields = {} if root.is_null else root.fields(*_SETTINGS)
    # Only of a country does nothing say something: no public holidays.
    fields = {name: node for name, node in fields.items() if name == "country" or not node.is_null}
    calendar = partial(
        CompanyCalendar,
        key,
        country=field_of(fields, "country", _text, "CN"),
        region=field_of(fields, "region", _text, None),
        week=cast(Week, field_of(fields, "week", lambda week: week.word(Week), "five")),
        free_saturday=field_of(fields, "free_saturday", Node.day, None),
        closed=frozenset(field_of(fields, "closed", listed(Node.day), ())),
        opened=frozenset(field_of(fields, "opened", listed(Node.day), ())),
    )
    try:
        return calendar()
    except BadCompanyCalendar as error:
        raise root.bad(str(error).removesuffix(".")) from None


def _text(node: Node) -> str | None:
    return None if node.is_null else node.text()
