"""Which segments a gap comes from: a scan over all of them, then the few that together say it best.

Each segment is asked how much better the data are explained if every leaf inside it is off by the same
amount per unit of exposure and all the rest is ordinary: the expectation-based scan statistic (Neill 2009,
after Kulldorff 1997) with a negative binomial likelihood. Taking leaves inside that are not off costs
likelihood, leaving out leaves that are off forgoes some, so the best segment is neither too coarse nor too
fine. Adtributor (Bhagwan et al. 2014) asks for share and surprise of one dimension's values; Squeeze (Li et
al. 2019) and RiskLoc (Kalander 2022) for leaves that changed alike; RobustSpot (Sun et al. 2023) for
deviation and contribution of combinations. Here likelihood stands for surprise and likeness, and a segment
must also carry a share of the gap.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from dabiao.engine.diagnosis.cells import Floats, Ints, Mask
from dabiao.engine.diagnosis.cube import Cube

FREEDOM = 3.0
"""Of the t distribution by which a leaf below zero is judged: refunds come in any size."""


@dataclass(frozen=True)
class Settings:
    """What the search can be told. All are shares or counts: none has the unit of a metric.

    depth:     how many conditions a segment may have
    share:     the least part of the gap that a cause carries
    plainness: what one more cause costs, as a part of the score
    naming:    what it costs to be one segment of many: this x log(segments of the same dimensions)
    stray:     how likely a leaf inside a cause is to be ordinary all the same
    causes:    how many causes are sought together
    starts:    from how many of the best segments the search for companions begins
    early:     the period has only just begun: what has moved is told, and nothing of it is called a cause
    """

    depth: int = 3
    share: float = 0.1
    plainness: float = 0.15
    naming: float = 0.5
    stray: float = 0.01
    causes: int = 3
    starts: int = 5
    early: bool = False


@dataclass(frozen=True, eq=False)
class Shown:
    """One period as the scan sees it, in events: leaf by leaf what was seen, what was expected, on what exposure."""

    seen: Floats
    expected: Floats
    exposure: Floats
    shape: float

    @property
    def gap(self) -> float:
        return float((self.seen - self.expected).sum())


@dataclass(frozen=True, eq=False)
class Scan:
    """Per segment: `score`, log-likelihood gained (0 if it would be lost); `gap`, seen less expected, in events."""

    score: Floats
    gap: Floats


def scan(cube: Cube, shown: Shown, settings: Settings, *, among: Mask | None = None) -> Scan:
    """Score every segment on the leaves in `among` (all by default).

    What is more comes in proportion to exposure (one visit in ten goes wrong, wherever it is made), what is
    less in proportion to what was expected (half of it stays away).
    """
    open_to = np.ones(len(shown.seen)) if among is None else among.astype(np.float64)
    off = (shown.seen - shown.expected) * open_to
    exposure, expected = shown.exposure * open_to, shown.expected * open_to
    scores: list[Floats] = []
    carried: list[Floats] = []
    for cuboid in cube.cuboids:
        gap = cuboid.sums(off)
        more = np.maximum(gap, 0.0) / np.maximum(cuboid.sums(exposure), 1e-12)
        left = 1 + np.minimum(gap, 0.0) / np.maximum(cuboid.sums(expected), 1e-12)
        mean = shown.expected * left[cuboid.group] + shown.exposure * more[cuboid.group]
        gained = cuboid.sums(_gained(shown, mean, settings.stray) * open_to)
        scores.append(gained - settings.naming * np.log(len(cuboid.first)))
        carried.append(gap)
    return Scan(score=np.maximum(np.concatenate(scores), 0.0), gap=np.concatenate(carried))


def gain_of(shown: Shown, inside: Mask, settings: Settings) -> float:
    """The log-likelihood gained if the leaves `inside`, and only they, are off alike."""
    gap = float((shown.seen - shown.expected)[inside].sum())
    more = max(gap, 0.0) / max(float(shown.exposure[inside].sum()), 1e-12)
    left = 1 + min(gap, 0.0) / max(float(shown.expected[inside].sum()), 1e-12)
    mean = shown.expected * left + shown.exposure * more
    return float(_gained(shown, mean, settings.stray)[inside].sum())


def _gained(shown: Shown, mean: Floats, stray: float) -> Floats:
    """Log-likelihood ratio of each leaf having this mean, when it may be a stray that is ordinary."""
    ratio = _log_ratio(shown, mean)
    return np.asarray(np.logaddexp(np.log1p(-stray) + ratio, np.log(stray)))


def _log_ratio(shown: Shown, mean: Floats) -> Floats:
    """log of NB(seen; mean) / NB(seen; expected), leaf by leaf. A mean is at least a hundredth of the expected.

    A leaf without exposure, say money received where nothing was due, can tell neither of the two. Where more
    was given back than came in, nothing can be counted: see `_log_ratio_below_zero`.
    """
    ordinary = np.maximum(shown.expected, 1e-9)
    counted, seen = np.maximum(mean, 0.01 * ordinary), np.maximum(shown.seen, 0.0)
    ratio = seen * np.log(counted / ordinary)
    ratio -= (seen + shown.shape) * np.log((shown.shape + counted) / (shown.shape + ordinary))
    below = shown.seen < 0
    if below.any():
        ratio = np.where(below, _log_ratio_below_zero(shown, mean), ratio)
    return np.where(shown.exposure > 0, ratio, 0.0)


def _log_ratio_below_zero(shown: Shown, mean: Floats) -> Floats:
    """The same by Student's t about the mean, with the variance that the expected would have and one event's."""
    spread = FREEDOM * (shown.expected + shown.expected**2 / shown.shape + 1)
    ordinary = np.log1p((shown.seen - shown.expected) ** 2 / spread)
    return np.asarray((FREEDOM + 1) / 2 * (ordinary - np.log1p((shown.seen - mean) ** 2 / spread)))


@dataclass(frozen=True)
class Aim:
    """What counts as a cause: off in the direction `toward` (1 or -1), by at least `least` events."""

    toward: float
    least: float


@dataclass(frozen=True)
class Ranking:
    """Segments by number: those that together explain the gap best, the best alone, and others by own score.

    alone:      what every segment gains by itself
    gained:     log-likelihood gained by the causes together, and by the movement of all the rest
    everywhere: log-likelihood gained by everything being off alike
    alike:      what all the rest was multiplied by before the causes were sought (1 where that adds nothing)
    """

    causes: tuple[int, ...]
    gained: float
    everywhere: float
    best: int | None
    others: tuple[int, ...]
    alone: Scan
    alike: float = 1.0


def rank(cube: Cube, shown: Shown, aim: Aim, settings: Settings, *, others: int = 10) -> Ranking:
    """The best set of causes, best cause first, and the best single segments beside it.

    From each of the best single segments companions are added one at a time among the leaves not yet taken,
    as long as the likelihood gained outweighs naming one more. Of segments that cover the same leaves only the
    one with fewest conditions is a candidate. First of the others are what would have been the next
    cause, and the best set that says it altogether differently.

    A month can be slow for everybody and still hide a cause. So the search is repeated after all that lies
    outside the causes was taken to have moved alike, and that reading is kept if it gains more than it costs.
    """
    plain = _ranked(cube, shown, aim, settings, others)
    outside = np.ones(len(shown.seen), dtype=bool)
    for one in plain.causes:
        outside &= ~cube.cells.covered(cube.where(one))
    alike = float(shown.seen[outside].sum() / max(shown.expected[outside].sum(), 1e-9))
    if not plain.causes or alike <= 0:
        return plain
    moved = replace(shown, expected=shown.expected * alike)
    second = _ranked(cube, moved, aim, settings, others)
    gained = second.gained + float(_log_ratio(shown, moved.expected).sum())
    if gained * (1 - settings.plainness) <= plain.gained:
        return plain
    return replace(second, gained=gained, everywhere=plain.everywhere, alike=alike)


def _ranked(cube: Cube, shown: Shown, aim: Aim, settings: Settings, others: int) -> Ranking:
    alone = scan(cube, shown, settings)
    order = _best(cube, alone, alone.score, aim, settings.starts + others)
    sets = [
        _with_companions(cube, shown, aim, settings, int(start), alone) for start in order[: settings.starts]
    ]
    best, *rivals = sorted(sets, key=lambda found: -found.worth) or [_Found(0.0, 0.0, (), None)]
    whole = _under_one_roof(cube, shown, aim, settings, best.segments, alone)
    parts = tuple(one for one in best.segments if one not in whole)
    causes = _by_own_score(whole, alone)
    following = () if best.following is None else (best.following,)
    rival = next((one for one in rivals if not set(one.segments) & set(causes)), None)
    instead = () if rival is None else _by_own_score(rival.segments, alone)
    beside = dict.fromkeys([*following, *_by_own_score(parts, alone), *instead, *(int(one) for one in order)])
    return Ranking(
        causes,
        best.gained,
        float(alone.score[0]),
        int(order[0]) if len(order) else None,
        tuple(one for one in beside if one not in causes)[:others],
        alone,
    )


def _under_one_roof(
    cube: Cube, shown: Shown, aim: Aim, settings: Settings, segments: tuple[int, ...], alone: Scan
) -> tuple[int, ...]:
    """The same set, but several parts of a coarser segment that is off all through are that segment.

    What a cause makes go wrong goes wrong in every leaf below it: the ripple effect of Squeeze (Li et al. 2019). It
    does so unevenly, so that a set of parts, each at a rate of its own, gains more likelihood than the whole; RiskLoc
    (Kalander 2022) and RobustSpot (Sun et al. 2023) ask therefore for many leaves that are off rather than for leaves
    that are off alike. Here a whole stands for its parts if it is one of the set, found after a part; or if it gains
    more by itself than any of its several parts, and what is left of it without them is off as well.
    """
    for roof in sorted(_roofs(cube, segments), key=lambda one: (-alone.score[one], one)):
        inside = cube.cells.covered(cube.where(roof))
        parts = [
            one
            for one in segments
            if one != roof and not (cube.cells.covered(cube.where(one)) & ~inside).any()
        ]
        if not parts or (
            roof not in segments and not _off_all_through(cube, shown, aim, settings, roof, parts, alone)
        ):
            continue
        others = tuple(one for one in segments if one not in (*parts, roof))
        return _under_one_roof(cube, shown, aim, settings, (roof, *others), alone)
    return segments


def _off_all_through(
    cube: Cube, shown: Shown, aim: Aim, settings: Settings, whole: int, parts: list[int], alone: Scan
) -> bool:
    """Whether a whole gains more than each of several parts, and is off outside of them too."""
    if len(parts) < 2 or alone.score[whole] <= max(alone.score[one] for one in parts):
        return False
    left = cube.cells.covered(cube.where(whole))
    for one in parts:
        left &= ~cube.cells.covered(cube.where(one))
    rest = scan(cube, shown, settings, among=left)
    return bool(rest.score[whole] > 0 and aim.toward * rest.gap[whole] > 0)


def _roofs(cube: Cube, segments: tuple[int, ...]) -> set[int]:
    """The segments themselves, and what is left of each with conditions left out: of the same rows the shortest."""
    fewer = {
        cube.number(some)
        for one in segments
        for kept in range(1, cube.depth[one])
        for some in combinations(cube.where(one), kept)
    }
    return {int(cube.first_of[one]) for one in fewer} | set(segments)


@dataclass(frozen=True)
class _Found:
    """A set of causes; `following` would have been the next, had it been worth naming."""

    worth: float
    gained: float
    segments: tuple[int, ...]
    following: int | None


def _by_own_score(segments: tuple[int, ...], alone: Scan) -> tuple[int, ...]:
    return tuple(sorted(segments, key=lambda segment: (-alone.score[segment], segment)))


def _best(cube: Cube, found: Scan, value: Floats, aim: Aim, most: int) -> Ints:
    """Candidate segments by value, ties to the coarser, then to the earlier number."""
    numbers = np.arange(len(value))
    fit = (
        (value > 0) & (found.score > 0) & (aim.toward * found.gap > 0) & (aim.toward * found.gap >= aim.least)
    )
    candidates: Ints = numbers[fit & (cube.first_of == numbers) & (numbers > 0)]
    order = np.lexsort((candidates, cube.depth[candidates], -value[candidates]))
    best: Ints = candidates[order[:most]]
    return best


def _with_companions(
    cube: Cube, shown: Shown, aim: Aim, settings: Settings, start: int, alone: Scan
) -> _Found:
    """The set grown from one segment; its worth is what it gained, discounted for every cause added.

    The next cause is the segment that gains most on the leaves not yet taken. That is asked of it alone: were
    the whole set's gain discounted for each of its conditions, a large first cause would make all that follow
    too coarse.
    """
    chosen, following = [start], None
    gained = worth = float(alone.score[start])
    left = ~cube.cells.covered(cube.where(start))
    while left.any():
        beside = scan(cube, shown, settings, among=left)
        found = _best(cube, beside, beside.score, aim, 1)
        if not len(found):
            break
        together = gained + float(beside.score[found[0]])
        worth_together = together * (1 - settings.plainness) ** len(chosen)
        if worth_together <= worth or len(chosen) == settings.causes:
            following = int(found[0])
            break
        chosen.append(int(found[0]))
        gained, worth = together, worth_together
        left &= ~cube.cells.covered(cube.where(chosen[-1]))
    return _Found(worth, gained, tuple(chosen), following)
