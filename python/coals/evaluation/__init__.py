"""Offline evaluation: `evaluate`, `evaluate_fold_in`, and the results they return."""

from __future__ import annotations

from coals.evaluation.evaluation import Curve, evaluate, precision_recall_curve
from coals.evaluation.fold_in import evaluate_fold_in
from coals.evaluation.result import Comparison, Evaluation

__all__ = ["Comparison", "Curve", "Evaluation", "evaluate", "evaluate_fold_in", "precision_recall_curve"]
