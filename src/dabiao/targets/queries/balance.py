"""How the parts of a target stand against the whole: what they sum to, and what is left to share out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dabiao.engine import number


@dataclass(frozen=True)
class Balance:
    """One column. None is "nobody can say": of `parts` where none has a target, of `left` where the whole has none of
    its own but follows from the parts."""

    parts: Decimal | None
    left: Decimal | None
    follows: bool = False

    @property
    def tone(self) -> str:
        """even, open (some is left) or over (the parts are more than the whole)."""
        return "" if self.left is None else "open" if self.left > 0 else "over" if self.left else "even"


def balanced(
    whole: Decimal | None, parts: Sequence[Decimal | None], *, follows: bool, known: bool
) -> Balance:
    """Whole less parts. What is less than a cent is left of dividing by working days, not to share out.

    follows: the whole is what its parts sum to. known: the viewer may know all of the parts
    """
    if not known:
        return Balance(None, None, follows)
    some = [part for part in parts if part is not None]
    total = sum(some, Decimal(0)) if some else None
    if whole is None or follows:
        return Balance(total, None, follows)
    return Balance(total, number.rounded(whole - (total or Decimal(0)), 2))
