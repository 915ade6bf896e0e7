"""Whether a measure worked: `measure_effect` compares whom it treats with comparable others, or with a forecast."""

from dabiao.engine.effect.matching import Balance
from dabiao.engine.effect.measure import Check, Effect, Measure, Verdict, measure_effect
from dabiao.engine.effect.panel import CannotMeasure

__all__ = ["Balance", "CannotMeasure", "Check", "Effect", "Measure", "Verdict", "measure_effect"]
