"""Pictures of what `coals.evaluation` measures. Needs matplotlib, which the extra ``coals[plot]`` brings."""

from __future__ import annotations

from coals.plot.curves import metric_over_k, objective, precision_recall
from coals.plot.items import item_map, long_tail
from coals.plot.trials import search

__all__ = ["item_map", "long_tail", "metric_over_k", "objective", "precision_recall", "search"]
