"""Spark's pyspark.ml ALS on a local master. Needs Java.

A penalty grows with the number of ratings of a row (`ls.add` and `numExplicits * regParam` in ALS.scala's
`computeFactors`): exponent 1. With implicitPrefs an observed cell weighs 1 + alpha r, any other 1: coals' hkv with
w0 = 1. It has no biases. regParam is set so that a row of mean size has the same penalty as with the others. Items are
solved before users; the start is Spark's own; sweeps are timed as differences of fits.
"""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession

from bench.harness.processes import Missing
from bench.peers.contender import Restarting
from bench.peers.problem import Factors, Objective


class Spark(Restarting):
    items_first = True
    implicit = True

    package = "pyspark"

    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        if shutil.which("java") is None:
            raise Missing("no java on the path")
        if objective.kind == "ials" or (objective.kind == "hkv" and objective.unobserved_weight != 1):
            raise Missing("Spark has only hkv with unobserved weight 1")
        self.shape = matrix.shape
        entries = matrix.tocoo()
        session = (
            SparkSession.builder.master(f"local[{self.problem.threads}]")
            .config("spark.driver.memory", "6g")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        frame = pd.DataFrame({"user": entries.row, "item": entries.col, "rating": entries.data})
        self.ratings = session.createDataFrame(frame).repartition(self.problem.threads).cache()
        self.ratings.count()

    def fit(self, sweeps: int) -> None:
        self.model = ALS(
            rank=self.problem.factors,
            maxIter=sweeps,
            regParam=self.problem.per_entry_regularization(),
            implicitPrefs=self.implicit,
            alpha=self.problem.objective.alpha,
            numUserBlocks=self.problem.threads,
            numItemBlocks=self.problem.threads,
            seed=1,
        ).fit(self.ratings)

    def factors(self) -> Factors:
        sides = self.model.userFactors, self.model.itemFactors
        return Factors(*(self._dense(side.toPandas(), rows) for side, rows in zip(sides, self.shape, strict=True)))

    def _dense(self, table: Any, rows: int) -> Any:
        out = np.zeros((rows, self.problem.factors), np.float32)
        out[table["id"].to_numpy()] = np.stack(table["features"].to_numpy())
        return out

    def objective(self) -> Objective:
        given = self.problem.objective
        return Objective(
            given.kind,
            self.problem.per_entry_regularization(),
            exponent=1.0,
            alpha=given.alpha,
            bias_penalty=given.kind != "explicit",
        )


class SparkImplicit(Spark):
    pass


class SparkExplicit(Spark):
    implicit = False
