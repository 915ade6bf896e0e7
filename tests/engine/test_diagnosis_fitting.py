"""Figures of units and of product lines at once, cell by cell."""

import numpy as np
import pytest

from dabiao.engine.diagnosis.fitting import Margin, evened, fitted

ROWS, COLUMNS = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


def margin(row_of, *figures):
    return Margin(row_of, np.array(figures, dtype=np.int64))


def test_both_sets_hold_and_odds_stay_as_usual():
    """Scaling rows and columns keeps the odds ratio (Deming and Stephan): here 1 × 4 / (2 × 3)."""
    cells, off = fitted(np.array([1.0, 2, 3, 4]), [margin(ROWS, 60, 40), margin(COLUMNS, 30, 70)])

    assert cells.reshape(2, 2).sum(axis=1) == pytest.approx([60, 40])
    assert cells.reshape(2, 2).sum(axis=0) == pytest.approx([30, 70])
    assert cells[0] * cells[3] / (cells[1] * cells[2]) == pytest.approx(4 / 6, rel=1e-4)
    assert off < 1e-9


def test_what_cannot_all_hold_holds_in_the_first_set():
    cells, off = fitted(np.ones(2), [margin(np.array([0, 1]), 60, 40), margin(np.array([0, 1]), 30, 70)])

    assert cells == pytest.approx([60, 40])
    assert off == pytest.approx(30)


def test_a_cell_that_usually_has_nothing_takes_what_no_other_can():
    cells, _off = fitted(np.array([5.0, 0, 0, 5]), [margin(ROWS, 60, 40), margin(COLUMNS, 30, 70)])

    assert cells == pytest.approx([30, 30, 0, 40], abs=0.01)


def test_what_was_promised_beyond_the_whole_is_shared_like_the_others():
    rows = np.array([0, 0, 1, 1])
    cells, _off = fitted(np.ones(4), [margin(rows, 110, -10), margin(COLUMNS, 40, 60)])

    assert cells == pytest.approx([44, 66, -4, -6])


def test_whole_units_are_moved_until_every_set_holds():
    margins = [margin(ROWS, 10, 10), margin(COLUMNS, 9, 11)]

    moved = evened(np.array([5, 5, 5, 5]), margins)

    assert moved.reshape(2, 2).sum(axis=1).tolist() == [10, 10]
    assert moved.reshape(2, 2).sum(axis=0).tolist() == [9, 11]
