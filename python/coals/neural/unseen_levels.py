"""What `CFNADE` based on items makes of new users: the likeliest numbers at each level of rating."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["level_cost_and_slope", "likeliest_steps"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def likeliest_steps(
    x: Floats, levels: Ints, mean: Floats, variance: Floats, ordinal_weight: float
) -> npt.NDArray[np.float64]:
    """The t, of the shape (K, numbers) of `mean`, that lowers Σ cost + Σ (t - mean)² / (2 variance).

    A rating of level k costs what `level_cost_and_slope` says of scores :math:`s^k = \\sum_{j \\le k} t_j x`, with a
    row of `x` for each rating. That is convex, so that where L-BFGS starts does not matter.
    """
    import scipy.optimize

    deviation = np.sqrt(variance)

    def look(z: Floats) -> tuple[float, Floats]:
        steps = mean + deviation * z.reshape(mean.shape)
        cost, slope = level_cost_and_slope((x @ steps.T).cumsum(axis=1), levels, ordinal_weight)
        by_step = slope[:, ::-1].cumsum(axis=1)[:, ::-1].T @ x
        return float(cost.sum() + z @ z / 2), (deviation * by_step).ravel() + z

    found = scipy.optimize.minimize(look, np.zeros(mean.size), jac=True, method="L-BFGS-B")
    steps: Floats = mean + deviation * found.x.reshape(mean.shape)
    return steps


def level_cost_and_slope(scores: Floats, levels: Ints, ordinal_weight: float) -> tuple[Floats, Floats]:
    """What training counts for ratings of these levels, (n,), and its derivatives by the scores, (n, K)."""
    n, K = scores.shape
    own = np.arange(K) == levels[:, None]
    cost, slope = np.zeros(n), np.zeros((n, K))
    if ordinal_weight < 1:
        total = np.logaddexp.reduce(scores, axis=1)
        cost += (1 - ordinal_weight) * (total - scores[own])
        slope += (1 - ordinal_weight) * (np.exp(scores - total[:, None]) - own)
    if ordinal_weight > 0:
        below, below_slope = _ranked_downwards(scores, levels)
        above, above_slope = _ranked_downwards(scores[:, ::-1], K - 1 - levels)
        cost += ordinal_weight * (below + above)
        slope += ordinal_weight * (below_slope + above_slope[:, ::-1])
    return cost, slope


def _ranked_downwards(scores: Floats, levels: Ints) -> tuple[Floats, Floats]:
    """-log of the probability of the ranking level, level - 1, …, 0: each place by a softmax over what is left."""
    asked = np.arange(scores.shape[1]) <= levels[:, None]
    left = np.logaddexp.accumulate(scores, axis=1)
    cost: Floats = ((left - scores) * asked).sum(axis=1)
    # d left_p / d s_q = e^(s_q - left_p) for q <= p
    slope: Floats = -asked.astype(np.float64)
    for p in range(scores.shape[1]):
        slope[:, : p + 1] += np.exp(scores[:, : p + 1] - left[:, p : p + 1]) * asked[:, p : p + 1]
    return cost, slope
