"""An explanation as rows, for commands and programs: the figures of the page, with every digit."""

from dabiao.core.sentence import say
from dabiao.engine import number
from dabiao.engine.diagnosis import Candidate, Contribution
from dabiao.engine.diagnosis.steps import named
from dabiao.engine.diagnosis.wording import described
from dabiao.improvement.queries import bridge
from dabiao.improvement.queries.explaining import Explained
from dabiao.improvement.queries.why import others_of

Row = dict[str, object]


def rows(reasons: Explained, language: str) -> list[Row]:
    """What sums to the gap, the gap, then the parts worth a look, which may overlap.

    kind: step or split (where no cause is told, the members of the split that the page shows), gap, part
    step: how programs call it; name: in words; stands_out: of parts, whether chance would hardly do as much
    """
    return [*steps(reasons, language), *parts(reasons, language)]


def steps(reasons: Explained, language: str) -> list[Row]:
    """One row for each step of the bridge, and the gap that they sum to."""
    what = reasons.explanation.steps
    gap: Row = {
        "kind": "gap",
        "step": "gap",
        "name": reasons.steps[-1],
        "actual": what.actual,
        "expected": what.expected,
        "volume": what.volume,
        "mix": what.mix,
        "rate": what.rate,
        "contribution": what.gap,
        "stands_out": None,
    }
    moves = bridge.moves(reasons, language)
    return [
        *({"kind": move.kind, "step": move.key, "name": move.name, **_figures(reasons, move.line), "stands_out": None} for move in moves),
        gap,
    ]  # fmt: skip


def parts(reasons: Explained, language: str) -> list[Row]:
    """One row for the part that the sentence names and each other that the page does, best first."""
    return [
        {
            "kind": "part",
            "step": named(one.where),
            "name": say(described(one.where, reasons.names), language),
            **_figures(reasons, line),
            "stands_out": one.stands_out,
        }
        for one, line in _worth_a_look(reasons)
    ]


def split(reasons: Explained, language: str) -> list[Row]:
    """The members of the split, where no cause is told; in brief, for whoever lists many explanations."""
    return [
        {"where": dict(move.where), "name": move.name, "contribution": number.text(move.contribution)}
        for move in bridge.moves(reasons, language)
        if move.kind == "split"
    ]


def _figures(reasons: Explained, line: Contribution) -> Row:
    actual, expected = bridge.own(line, reasons.explanation)
    return {
        "actual": actual,
        "expected": expected,
        "volume": line.volume,
        "mix": line.mix,
        "rate": line.rate,
        "contribution": line.total,
    }


def _worth_a_look(reasons: Explained) -> list[tuple[Candidate, Contribution]]:
    """Where nothing stands out, the part with most of the gap comes first, as in the sentence."""
    what = reasons.explanation
    others = others_of(what)
    if what.place is None or len(what.place.where) != 1:
        return others
    ((dimension, member),) = what.place.where
    placed = [line for line in what.by[dimension].contributions if line.member.name == (member or "")]
    first = [(Candidate(what.place.where, stands_out=False), line) for line in placed]
    return [*first, *(each for each in others if each[0].where != what.place.where)]
