"""Net scores, whose single values go below zero: lifted for the search, lowered in what comes out.

A scan counts events, and there are none below zero. Adding one to every answer makes a promoter two, a passive one
and a detractor none; the mean goes up by one everywhere, so no gap and no contribution changes.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from dabiao.engine.diagnosis import Contribution, Decomposition, Explanation, Member


def lifted(table: pa.Table) -> pa.Table:
    """part and whole (decimals of one type) with one more in the part for each of the whole."""
    kind = table["part"].type
    room = pa.decimal128(kind.precision + 1, kind.scale)
    raised = pc.add(table["part"].cast(room), table["whole"].cast(room)).cast(kind)
    return table.set_column(table.schema.get_field_index("part"), "part", raised)


def lowered(found: Explanation) -> Explanation:
    """The explanation of lifted figures, in those that were asked about."""
    return replace(
        found,
        alone=tuple(_line(one) for one in found.alone),
        steps=_lowered(found.steps),
        by={name: _lowered(split) for name, split in found.by.items()},
    )


def _lowered(steps: Decomposition) -> Decomposition:
    lines = tuple(_line(one) for one in steps.contributions)
    return replace(steps, actual=steps.actual - 1, expected=steps.expected - 1, contributions=lines)


def _line(one: Contribution) -> Contribution:
    return replace(one, member=_member(one.member))


def _member(one: Member) -> Member:
    return replace(one, part=one.part - one.whole, expected_part=one.expected_part - one.expected_whole)
