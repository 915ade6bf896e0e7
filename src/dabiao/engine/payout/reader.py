"""The words in which the files of this folder read a plan: places of a document, and how one is begun."""

from dabiao.engine import document as documents
from dabiao.engine.document import Bad, Problem, field_of, listed
from dabiao.engine.message import message
from dabiao.engine.payout.plan import SCHEMA

__all__ = ["Bad", "Problem", "Spot", "document", "field_of", "listed"]

Spot = documents.Node
"""A place in the plan's text: its value, its path, and the list that its problems go to."""


def document(text: str) -> tuple[Spot | None, list[Problem]]:
    """The plan's root, or what keeps it from being a plan at all."""
    root, problems = documents.read(text)
    if root is None or root.is_mapping:
        return root, problems
    mend = message("Start with `schema: {schema}`.", schema=SCHEMA)
    return None, [Problem(1, "", message("the plan is empty"), mend)]
