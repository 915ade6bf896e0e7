"""Whether a measure worked: `measure_effect` compares whom it treats with comparable others, or with a forecast."""

from dabiao.engine.effect.matching import Balance
from dabiao.engine.effect.measure import measure_effect
from dabiao.engine.effect.panel import CannotMeasure
from dabiao.engine.effect.verdict import Check, Effect, Measure, Outlook, Verdict

__all__ = ["Balance", "CannotMeasure", "Check", "Effect", "Measure", "Outlook", "Verdict", "measure_effect"]
