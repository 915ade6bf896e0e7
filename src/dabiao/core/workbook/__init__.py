"""Workbooks, for every door: which sheet is meant, and all of its cells as text. Called where strangers' files are read."""

from dabiao.core.workbook.cells import NO_RESULT, Cells, cells, hidden, names

__all__ = ["NO_RESULT", "Cells", "cells", "hidden", "names"]
