"""Files, sheets and queries → chunks of text rows, with everything that is not data told apart and reported."""

from dabiao.facts.logic.reading.opening import hidden_sheets, open_file, sheet_names
from dabiao.facts.logic.reading.sheet import PROBLEM, PROBLEM_OF, ROW, Aside, Options, Sheet, Unreadable

__all__ = [
    "PROBLEM",
    "PROBLEM_OF",
    "ROW",
    "Aside",
    "Options",
    "Sheet",
    "Unreadable",
    "hidden_sheets",
    "open_file",
    "sheet_names",
]
