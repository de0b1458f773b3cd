"""Autoencoders of interactions with a multinomial likelihood: what `MultVAE` and `MultDAE` share."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import columns_where, structure
from coals.models.base import Array, Indices
from coals.models.factors.inner_product import InnerProductModel
from coals.models.folded_rows import Rows
from coals.neural.neural_model import NeuralModel, check_layers, check_share
from coals.neural.training.layers import dense, sparse
from coals.neural.training.multinomial_task import MultinomialTask
from coals.neural.training.training import Training
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN
from coals.split.users import FoldInData

__all__ = ["MultinomialModel"]

Self = TypeVar("Self", bound="MultinomialModel")


class MultinomialModel(NeuralModel, InnerProductModel):
    """A network whose last layer is linear, so that lists are ranked as those of any factor model."""

    layers: Any
    dropout: float

    encoder_: list[Array]
    decoder_: list[Array]
    item_bias_: Array
    held_out_loss_: npt.NDArray[np.float64] | None

    _fitted: ClassVar[Axes] = {"encoder_": (), "decoder_": (), "item_bias_": ("items",), "held_out_loss_": ("epochs",)}

    #: Whether the innermost layer is drawn from a distribution.
    _variational: ClassVar[bool]

    _may_size_batches = True

    def _check_params(self) -> None:
        super()._check_params()
        check_layers("layers", self.layers)
        check_share("dropout", self.dropout)

    def fit(self: Self, X: Any, *, validation: Any = None, progress: bool | None = None, callback: Any = None) -> Self:
        """Learns the network from interactions, from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Every stored entry counts as 1, whatever its value.
        validation : (history, held_out) or None
            New users to stop by, as ``coals.split.by_user(...).validation``, with the items of X; all of X is then
            trained on. None holds out `validation_fraction` of the users of X, a fifth of whose entries are to be
            found from the rest.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each epoch; True ends the fit. What it raises is passed on.

        Returns
        -------
        The model itself. If `fit` raises, it is left unfitted; Ctrl-C leaves it as of the best epoch so far, if one
        is done, and is passed on.

        Raises
        ------
        ImportError
            Without torch.
        TypeError, ValueError
            Data that cannot be used; ``device="cuda"`` without a GPU.
        """
        data = self._start_fit(X)
        given = None if validation is None else self._check_validation(validation, data)
        self._fit(data, progress, callback, given)
        return self

    def _task(self, torch: Any, device: str, data: Interactions, validation: FoldInData | None) -> MultinomialTask:
        return MultinomialTask(self, torch, device, data, validation)

    def _check_validation(self, validation: Any, data: Interactions) -> FoldInData:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise TypeError(
                "validation must be a pair (history, held_out), such as coals.split.by_user(...).validation, got "
                f"{type(validation).__name__}"
            )
        pair = FoldInData(*map(as_interactions, validation))
        for name, part in zip(pair._fields, pair, strict=True):
            if not part.items.same_as(data.items):
                raise ValueError(f"{name} of validation must have the items of X in their order: split X by_user")
        return pair

    def _finish(self, data: Interactions, fitted: dict[str, Any], training: Training, epoch: int) -> None:
        super()._finish(data, fitted, training, epoch)
        if self.held_out_loss_ is not None:
            self.held_out_loss_ = self.held_out_loss_[: training.completed]

    # --- the network without torch ---

    def _fitted_of(self, arrays: dict[str, Array], data: Interactions) -> dict[str, Any]:
        """Fitted attributes, less the users'."""

        def of(side: str) -> list[Array]:
            return [array for name, array in arrays.items() if name.startswith(side)]

        return {
            "encoder_": of("encoder"),
            "decoder_": of("decoder"),
            "item_factors_": arrays["output"],
            "item_bias_": arrays["output bias"],
            "_candidates_": columns_where(structure(data), positive=False),
        }

    def _represented(self, entries: _core.Csr) -> Array:
        """The last hidden layer of users with these entries, whatever their values. z is its mean: nothing is drawn."""
        indptr, indices, _ = entries.to_arrays()
        sizes = np.maximum(np.diff(indptr), 1)
        values = np.repeat(1 / np.sqrt(sizes), np.diff(indptr)).astype(np.float32)
        rows = _core.Csr(indptr, indices, values, entries.columns, "float32")
        h = sparse(rows, self.encoder_[0], self.encoder_[1], self._threads)
        for weight, bias in _pairs(self.encoder_[2:]):
            h = dense(np.tanh(h), weight, bias, self._threads)
        h = np.ascontiguousarray(h[:, : h.shape[1] // 2]) if self._variational else np.tanh(h)
        for weight, bias in _pairs(self.decoder_):
            h = np.tanh(dense(h, weight, bias, self._threads))
        return h

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        return np.concatenate([factors, np.ones((len(factors), 1), factors.dtype)], axis=1)

    def _targets(self) -> Array:
        return np.concatenate([self.item_factors_, self.item_bias_[:, None]], axis=1)

    def _target_sources(self) -> tuple[Array, ...]:
        return self.item_factors_, self.item_bias_

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        scores: Array = super()._predict_pairs(users, items) + self.item_bias_[items]
        return scores

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        factors = self._represented(rows.entries)
        return self._rank(self._queries(factors, None), n, excluded, rows.entries.row_sizes() > 0)


def _pairs(arrays: list[Array]) -> list[tuple[Array, Array]]:
    return list(zip(arrays[::2], arrays[1::2], strict=True))
