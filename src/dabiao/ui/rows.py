"""Rows of a table that are made when somebody looks at them: a page shows a hundred of thousands."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import overload

from dabiao.ui.listing import Row


class LazyRows(Sequence[Row]):
    """Whoever knows how many there are and how some of them are made; all of them only where all are asked for."""

    @abstractmethod
    def part(self, at: slice) -> Sequence[Row]:
        """The rows of a slice."""

    @abstractmethod
    def __iter__(self) -> Iterator[Row]: ...

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        return self.part(at) if isinstance(at, slice) else self.one(at)

    @abstractmethod
    def one(self, at: int) -> Row:
        """The row at a place."""
