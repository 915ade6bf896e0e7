"""Every light of a scope's cockpit that asks for an explanation, explained in one go."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from dabiao.core.errors import Refused
from dabiao.engine.light import Colour
from dabiao.improvement.queries.against import Against
from dabiao.improvement.queries.explaining import Explained, explained
from dabiao.metrics.frame import Frame
from dabiao.performance.queries.cockpit import cockpit
from dabiao.performance.queries.rows import Tile

RED: Final[frozenset[Colour]] = frozenset({"red"})


@dataclass(frozen=True)
class Lit:
    """A tile whose light is on, and why; or why that cannot be said."""

    tile: Tile
    found: Explained | None
    refused: str = ""

    @property
    def sentence(self) -> str:
        return self.found.sentence if self.found else self.refused


def lights(
    frame: Frame, colours: Collection[Colour] = RED, *, against: Against = "target"
) -> tuple[Lit, ...]:
    """The cockpit's tiles in these colours, in its order. A light is a comparison with the target, so that is asked."""
    return tuple(_lit(frame, tile, against) for tile in cockpit(frame).tiles if tile.light in colours)


def _lit(frame: Frame, tile: Tile, against: Against) -> Lit:
    try:
        return Lit(tile, explained(frame, tile.metric, against))
    except Refused as error:
        return Lit(tile, None, str(error))
