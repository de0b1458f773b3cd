"""The one loop that all neural models are trained by: AdamW, a rate that falls on plateaus, the best epoch kept."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from coals.neural.training.torch import Workers

__all__ = ["Arrays", "Task", "Training", "refuse_out_of_range", "with_attributes"]


def with_attributes(model: Any, fitted: dict[str, Any]) -> Any:
    """A copy of a model that is being fitted, with fitted attributes."""
    twin = copy.copy(model)
    vars(twin).update(fitted)
    return twin


def refuse_out_of_range(numbers: Iterable[Any], epoch: int) -> None:
    """An error where numbers, or lists of arrays, are infinite or no numbers."""
    for each in numbers:
        arrays = each if isinstance(each, list) else [each]
        if not all(np.isfinite(array).all() for array in arrays if np.asarray(array).dtype.kind == "f"):
            raise ValueError(
                f"after epoch {epoch} numbers of the network are out of the range of float32: set a smaller "
                "learning_rate, or bring values nearer to 1"
            )


#: The numbers of a network, by name.
Arrays = dict[str, npt.NDArray[np.float32]]

# Numbers that are worth several threads.
_MANY = 1 << 21
# What a plateau multiplies the rate by.
_SLOWER = 0.5
# Share of all steps in which an annealed rate rises.
_WARM = 0.05


class Task(ABC):
    """What is to be learned: where to start, the batches of an epoch, their loss, and what an epoch is worth."""

    #: Whether a larger `value` is better.
    rising = False
    #: Epochs in which the loss itself changes, so that want of progress ends nothing and slows nothing.
    settling = 0
    #: Arrays that weight decay leaves alone.
    undecayed: tuple[str, ...] = ()
    #: Whether the rate rises and then falls to 0 over all epochs, which then all take place, and not on plateaus.
    annealed = False

    @abstractmethod
    def start(self) -> Arrays:
        """Numbers to start from."""

    @abstractmethod
    def batches(self) -> Iterator[list[Any]]:
        """The batches of one epoch, in an order drawn anew, each in parts, with all that is random drawn already."""

    def steps(self) -> int:
        """How many batches an epoch has: for annealed tasks."""
        raise NotImplementedError

    @abstractmethod
    def loss(self, weights: dict[str, Any], part: Any) -> tuple[Any, int]:
        """The loss of a part summed up, as a tensor, and how many terms it has. Parts are worked on in parallel."""

    def value(self, arrays: Arrays) -> float | None:
        """How good the network is on data held out; None where there are none."""
        return None

    @abstractmethod
    def results(self, arrays: Arrays) -> dict[str, Any]:
        """Fitted attributes."""


class Training:
    """Epochs of one task. After each, `best` are the arrays to end with as things stand."""

    def __init__(self, model: Any, task: Task, torch: Any, device: str, workers: Workers) -> None:
        self._task, self._torch, self._workers = task, torch, workers
        self._patience = int(model.patience)
        self._weights = {
            name: torch.tensor(array, dtype=torch.float32, device=device, requires_grad=True)
            for name, array in task.start().items()
        }
        decayed = [weight for name, weight in self._weights.items() if name not in task.undecayed]
        others = [weight for name, weight in self._weights.items() if name in task.undecayed]
        groups: list[dict[str, Any]] = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
        self._optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=float(model.learning_rate),
            weight_decay=float(model.weight_decay),
        )
        self._schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self._optimizer, "max" if task.rising else "min", factor=_SLOWER, patience=max(1, self._patience // 2)
        )
        self._rate, self._planned = float(model.learning_rate), 0
        if task.annealed:
            self._planned = task.steps() * int(model.iterations)
        self._taken = 0
        self.losses: list[float] = []
        self.values: list[float] = []
        self.best: Arrays | None = None
        self.best_epoch = 0
        self.completed = 0  # what Ctrl-C has cut off in the middle does not count

    def epoch(self) -> None:
        """All batches once; then the value of what came out."""
        total, count = 0.0, 0
        for parts in self._task.batches():
            found = self._workers.map(self._gradients, parts)
            size = sum(each for _, each, _ in found)
            for k, weight in enumerate(self._weights.values()):
                weight.grad = self._sum([gradients[k] for _, _, gradients in found], size)
            self._step()
            total += sum(loss for loss, _, _ in found)
            count += size
        self.losses.append(total / count)
        self._look()

    def _step(self) -> None:
        """In one thread where waking others costs more than they save; the bits are the same."""
        if self._planned:
            share, self._taken = self._taken / self._planned, self._taken + 1
            rate = self._rate * min(1.0, (share + 1 / self._planned) / _WARM) * (1 + math.cos(math.pi * share)) / 2
            for group in self._optimizer.param_groups:
                group["lr"] = rate
        if sum(weight.numel() for weight in self._weights.values()) < _MANY:
            self._workers.map(lambda _: self._optimizer.step(), [None])
        else:
            self._optimizer.step()

    def _gradients(self, part: Any) -> tuple[float, int, Any]:
        loss, size = self._task.loss(self._weights, part)
        gradients = self._torch.autograd.grad(loss, list(self._weights.values()), materialize_grads=True)
        return loss.item(), size, gradients

    @staticmethod
    def _sum(parts: list[Any], size: int) -> Any:
        """In the order of the parts, over the number of terms."""
        total = parts[0]
        for part in parts[1:]:
            total = total.add_(part)
        return total.div_(size)

    def _look(self) -> None:
        arrays, epoch = self.arrays(), len(self.losses)
        refuse_out_of_range([self.losses[-1], *arrays.values()], epoch)
        value = self._task.value(arrays)
        if value is not None:
            refuse_out_of_range([value], epoch)
            self.values.append(value)
        if epoch > self._task.settling and not self._planned:
            self._schedule.step(self.losses[-1] if value is None else value)
        sign = 1 if self._task.rising else -1
        if value is None or self.best is None or sign * value > sign * self.values[self.best_epoch - 1]:
            self.best, self.best_epoch = arrays, epoch
        self.completed += 1

    @property
    def exhausted(self) -> bool:
        """Whether `patience` epochs of the settled loss have brought nothing better on held-out data."""
        if self._planned:
            return False
        return len(self.values) - max(self.best_epoch, self._task.settling) >= self._patience

    def arrays(self) -> Arrays:
        """Copies."""
        return {name: weight.detach().cpu().numpy().copy() for name, weight in self._weights.items()}
