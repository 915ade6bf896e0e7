"""Is a target SMART: specific, measurable, achievable, relevant, time-bound (S1)? It says which is missing."""

from dataclasses import dataclass
from typing import Final, Literal

from dabiao.engine.period import Period

Letter = Literal["specific", "measurable", "achievable", "relevant", "time-bound"]

LEAST_PROBABILITY: Final = 0.3  # a challenge may be hard, but a target below this is a wish


@dataclass(frozen=True)
class Proposed:
    """What is known of a target. None or empty says that it is missing.

    probability: of reaching it, from a calibration. has_facts: whether the metric's facts are there to
    measure it by. has_checkpoint: a date inside the period at which it is looked at.
    """

    scope: str = ""
    metric: str = ""
    has_facts: bool = False
    amount_is_set: bool = False
    probability: float | None = None
    goal: str = ""
    period: Period | None = None
    has_checkpoint: bool = False


@dataclass(frozen=True)
class Finding:
    """One letter: fulfilled, or why not. `missing` is empty where it is fulfilled."""

    letter: Letter
    missing: str = ""


def check(target: Proposed) -> tuple[Finding, ...]:
    """All five letters in order."""
    return (
        Finding("specific", _first(("no unit or person", target.scope), ("no metric", target.metric))),
        Finding(
            "measurable",
            _first(("no amount", target.amount_is_set), ("no facts to measure it by", target.has_facts)),
        ),
        Finding("achievable", _achievable(target.probability)),
        Finding("relevant", _first(("not linked to a strategy goal", target.goal))),
        Finding(
            "time-bound",
            _first(("no period", target.period), ("no checkpoint in the period", target.has_checkpoint)),
        ),
    )


def _first(*needs: tuple[str, object]) -> str:
    return next((says for says, there in needs if not there), "")


def _achievable(probability: float | None) -> str:
    if probability is None:
        return "not calibrated: the probability of reaching it is not known"
    if probability < LEAST_PROBABILITY:
        return f"reached with a probability of {probability:.0%}, less than {LEAST_PROBABILITY:.0%}"
    return ""
