"""Cells as people and programs write them → exact values, whole columns at a time, every failure with its reason."""

from dabiao.facts.logic.coerce.column import Cells, coerced
from dabiao.facts.logic.coerce.result import Coerced, Reason

__all__ = ["Cells", "Coerced", "Reason", "coerced"]
