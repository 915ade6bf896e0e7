"""What every room's part of the API shares: exact numbers as text, refusals, pages."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, TypeVar

from ninja import Field, Schema
from pydantic import PlainSerializer

from dabiao.engine import number

T = TypeVar("T")
MOST: Final = 10_000

Exact = Annotated[Decimal, PlainSerializer(number.text, return_type=str)]
"""A decimal: text with every digit on the way out, text or number on the way in."""


class Problem(Schema):
    """Why it was refused: one sentence, or a list of what is wrong where."""

    detail: Any


class Paging(Schema):
    """Which rows of a list."""

    limit: int = Field(100, ge=1, le=MOST)
    offset: int = Field(0, ge=0, le=2**31)


class Page(Schema, Generic[T]):
    """Some rows of a list, and how many there are."""

    items: list[T]
    count: int


REFUSALS: Final = dict.fromkeys((400, 401, 403, 404, 409, 422), Problem)
"""What any operation may answer besides its result."""


def page_of(rows: Sequence[T], paging: Paging) -> dict[str, object]:
    """The rows asked for, of a list that is already in memory."""
    return {"items": rows[paging.offset : paging.offset + paging.limit], "count": len(rows)}
