"""Forward passes and losses of neural models, a user or an entry at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "autoencoder_logits",
    "autorec_rating",
    "level_probability",
    "masked_squared_error",
    "multinomial_loss",
    "nade_scores",
    "network_rating",
    "normal_divergence",
    "ordering_cost",
    "ordinal_cost",
]

Array = npt.NDArray[np.float64]
Layer = tuple[Any, Any]


def autoencoder_logits(
    items: list[int], encoder: list[Layer], decoder: list[Layer], output: Layer, variational: bool
) -> Array:
    """Logits of all items for a user who has some.

    x_i = 1 / sqrt(number of items) where the user has i;  h = W x + b, tanh between layers. The last layer of the
    encoder of a variational model gives (mu, log sigma²) and z = mu, without tanh; otherwise z = tanh(h). The decoder
    takes tanh after each layer but the last. Layers are (W of shape (outputs, inputs), b).
    """
    x = np.zeros(np.shape(encoder[0][0])[1])
    x[items] = 1 / np.sqrt(len(items))
    h = np.asarray(encoder[0][0]) @ x + encoder[0][1]
    for weight, bias in encoder[1:]:
        h = np.asarray(weight) @ np.tanh(h) + bias
    h = h[: len(h) // 2] if variational else np.tanh(h)
    for weight, bias in decoder:
        h = np.tanh(np.asarray(weight) @ h + bias)
    logits: Array = np.asarray(output[0]) @ h + output[1]
    return logits


def multinomial_loss(logits: Array, items: list[int]) -> float:
    """- sum over the items of log pi_i, where pi = softmax(logits).

    Examples
    --------
    Three items with equal logits, two of them the user's: 2 log 3.

    >>> round(float(multinomial_loss(np.zeros(3), [0, 2]) / np.log(3)), 12)
    2.0
    """
    log_pi = logits - np.log(np.exp(logits).sum())
    return -float(log_pi[items].sum())


def normal_divergence(mean: Array, log_variance: Array) -> float:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1), summed over dimensions.

    Examples
    --------
    >>> normal_divergence(np.array([3.0]), np.zeros(1))  # ½ · 3²
    4.5
    """
    return 0.5 * float((np.exp(log_variance) + mean**2 - 1 - log_variance).sum())


def network_rating(user: Array, item: Array, layers: list[Layer], limits: tuple[float, float] | None) -> float:
    """[user item] through max(0, W x + b) for all layers but the last, which is W x + b, then the sigmoid to limits."""
    x = np.concatenate([user, item])
    for weight, bias in layers[:-1]:
        x = np.maximum(0, np.asarray(weight) @ x + bias)
    score = float((np.asarray(layers[-1][0]) @ x + layers[-1][1])[0])
    return score if limits is None else limits[0] + (limits[1] - limits[0]) / (1 + np.exp(-score))


def autorec_rating(known: dict[int, float], j: int, encoder: Layer, decoder: Layer, mean: float) -> float:
    """mean + c_j + v_j · h,  h = sigmoid(sum over known of (rating - mean) w + b). Encoder (w, b), decoder (v, c)."""
    total = np.array(encoder[1], np.float64)
    for place, rating in known.items():
        total += (rating - mean) * np.asarray(encoder[0])[place]
    return float(mean + decoder[1][j] + np.asarray(decoder[0])[j] @ (1 / (1 + np.exp(-total))))


def masked_squared_error(ratings: dict[int, float], predicted: Array) -> float:
    """Of known ratings alone, whatever they are.

    Examples
    --------
    Known are 3 at place 0 and 0 at place 2: (3 - 2)² + (0 - 1)²; the 9 at place 1 is compared with nothing.

    >>> masked_squared_error({0: 3.0, 2: 0.0}, np.array([2.0, 9.0, 1.0]))
    2.0
    """
    return float(sum((rating - predicted[place]) ** 2 for place, rating in ratings.items()))


def nade_scores(
    known: dict[int, int], item: int, w: Array, v: Array, b: Array, layers: list[Layer], shrinkage: float
) -> Array:
    """Scores of the K levels of an item, s^k = v_i^k · h + sum over t <= k of b_i^t.

    h = tanh(c + 1 / (d + shrinkage) sum over the d known items j, at level k_j, of w_j^{k_j}), then h = tanh(W h + c)
    for each further layer. w is (items, K, H), v is (items, K, H'), b (items, K); layers are (None, c), (W, c), …;
    levels count from 0.
    """
    h = np.array(layers[0][1], np.float64)
    for j, level in known.items():
        h += w[j, level] / (len(known) + shrinkage)
    h = np.tanh(h)
    for weight, bias in layers[1:]:
        h = np.tanh(np.asarray(weight) @ h + bias)
    scores: Array = v[item] @ h + np.cumsum(b[item])
    return scores


def level_probability(scores: Array) -> Array:
    p = np.exp(scores - scores.max())
    found: Array = p / p.sum()
    return found


def ordinal_cost(scores: Array, level: int) -> float:
    """-log of the probability of the ranking level, level - 1, …, 0, and of that of level, level + 1, …, K - 1.

    A ranking is drawn place by place, each by a softmax of what is left.

    Examples
    --------
    Three levels of scores log 1, log 2, log 3 and the middle one right: 2 / (1 + 2) downwards and 2 / (2 + 3) upwards,
    where the last place of either is certain.

    >>> scores = np.log([1.0, 2.0, 3.0])
    >>> bool(np.isclose(ordinal_cost(scores, 1), -np.log(2 / 3 * 2 / 5)))
    True
    """
    total = 0.0
    for ranking in (range(level, -1, -1), range(level, len(scores))):
        for place in range(len(ranking)):
            left = [scores[k] for k in ranking[place:]]
            total -= left[0] - np.log(np.exp(left).sum())
    return float(total)


def ordering_cost(costs: list[float], d: int) -> float:
    """D / (D - d) times the cost of those of D ratings that come after the first d of a random order.

    The mean over all orders and all d from 0 to D - 1 of this is what an autoregressive model costs, D times the mean
    cost of a rating for each number of known ones.

    Examples
    --------
    >>> ordering_cost([9.0, 9.0, 1.0, 2.0], 2)  # 4 / 2 · (1 + 2)
    6.0
    """
    D = len(costs)
    return D / (D - d) * sum(costs[d:])
