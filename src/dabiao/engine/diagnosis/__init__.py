"""Why a number is off: `explain` finds the segments a gap comes from and takes the gap apart exactly."""

from dabiao.engine.diagnosis.candidates import Candidate
from dabiao.engine.diagnosis.cells import CannotExplain
from dabiao.engine.diagnosis.decompose import Contribution, Decomposition, Member, NoRatio, decompose
from dabiao.engine.diagnosis.expectation import Margins, Shares
from dabiao.engine.diagnosis.explain import Before, Cause, Explanation, explain
from dabiao.engine.diagnosis.search import Settings

__all__ = [
    "Before",
    "Candidate",
    "CannotExplain",
    "Cause",
    "Contribution",
    "Decomposition",
    "Explanation",
    "Margins",
    "Member",
    "NoRatio",
    "Settings",
    "Shares",
    "decompose",
    "explain",
]
