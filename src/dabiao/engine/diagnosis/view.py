"""One period as the scan sees it, in events: against what is usual, against named figures, or the period before."""

from dataclasses import replace

import numpy as np

from dabiao.engine.diagnosis.baseline import Baseline
from dabiao.engine.diagnosis.cells import Cells, Floats
from dabiao.engine.diagnosis.expectation import UNIT, Expectation
from dabiao.engine.diagnosis.presence import joined, unmeasured
from dabiao.engine.diagnosis.search import Shown

LEAST_EXPECTED = 0.02
"""Events that even a cell of which nothing was expected is judged by, so that what is new can be found."""


def against_usual(cells: Cells, baseline: Baseline) -> Shown:
    return without_joined(cells, _at(cells, baseline, baseline.rate))


def against_named(cells: Cells, baseline: Baseline, expectation: Expectation, *, in_total: bool) -> Shown:
    """A ratio is judged on the whole it had, a sum in proportion to what was expected of those who were there.

    in_total: whether nobody named members; then who has no usual level is off by nothing, and the others owe what
    is left of the total
    """
    if cells.whole is None:
        shown = _of_sum(cells, baseline, np.maximum(expectation.staffed, 0) / UNIT)
        return levelled_to(without_joined(cells, shown), float(shown.expected.sum())) if in_total else shown
    part, whole = np.maximum(expectation.part, 0) / UNIT, expectation.whole / UNIT
    return _at(cells, baseline, np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), baseline.rate))


def against_before(cells: Cells, baseline: Baseline) -> Shown:
    """The last period but one as far as it is likely to last: what a cell had then is partly chance.

    Its rate is the usual one times what each of its members, and then itself, had then of what is usual, all shrunk
    by the Gamma law that the noise of the baseline comes from: what a whole channel had lasts, what one cell had
    mostly does not. The level is that of the whole period then.
    """
    exposure = cells.presence[-2] if cells.whole is None else np.maximum(cells.whole[-2], 0.0)
    had = np.where(exposure > 0, np.maximum(cells.part[-2], 0.0), 0.0) / baseline.grain
    usual = exposure * baseline.rate / baseline.grain
    lasting = np.ones(cells.leaves)
    for group in (*cells.codes.T, np.arange(cells.leaves)):
        then, due = np.bincount(group, had), np.bincount(group, usual * lasting)
        lasting *= ((baseline.shape + then) / (baseline.shape + due))[group]
    shown = without_joined(cells, _at(cells, baseline, baseline.rate * lasting))
    level = 1.0 if cells.whole is None else shown.exposure.sum() / max(float(exposure.sum()), 1e-12)
    return levelled_to(shown, float(had.sum()) * level)


def without_joined(cells: Cells, shown: Shown) -> Shown:
    """What those bring who have no usual level is expected of them: a sum cannot tell whether it is off."""
    if cells.whole is not None:
        return shown
    expected = np.where(joined(cells), np.maximum(shown.seen, shown.expected), shown.expected)
    return replace(shown, expected=np.where(unmeasured(cells), np.maximum(shown.seen, 0.0), expected))


def levelled_to(shown: Shown, total: float) -> Shown:
    """The same with an expectation that sums to `total`, where what is expected as seen leaves room for that."""
    fixed = shown.expected == shown.seen
    open_to, left = float(shown.expected[~fixed].sum()), total - float(shown.expected[fixed].sum())
    if open_to <= 0 or left <= 0:
        return shown
    return replace(shown, expected=np.where(fixed, shown.expected, shown.expected * left / open_to))


def _at(cells: Cells, baseline: Baseline, rate: Floats) -> Shown:
    """The last period if each leaf brought `rate` for each unit of its exposure."""
    if cells.whole is None:
        return _of_sum(cells, baseline, cells.presence[-1] * rate)
    exposure = np.maximum(cells.whole[-1], 0.0)
    return Shown(cells.part[-1] / baseline.grain, exposure * rate / baseline.grain, exposure, baseline.shape)


def _of_sum(cells: Cells, baseline: Baseline, part: Floats) -> Shown:
    """The last period of a sum if each leaf was expected to bring `part`."""
    expected = np.maximum(part / baseline.grain, LEAST_EXPECTED)
    return Shown(cells.part[-1] / baseline.grain, expected, expected, baseline.shape)
