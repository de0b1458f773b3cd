"""Argument checks: every coercion of what a caller passes lives here, so that all models complain alike.

Each function takes the argument's name first and returns the value in the one type the rest of the library
uses. A wrong type is a TypeError, a wrong value a ValueError; both name the argument, what was given and what
would do.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import reprlib
from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "FOREIGN_NAMES",
    "check_bool",
    "check_choice",
    "check_column_name",
    "check_indices",
    "check_int",
    "check_number",
    "check_pair",
    "check_random_state",
    "check_seconds",
    "check_threads",
    "column_error",
    "did_you_mean",
    "foreign_name_error",
    "given",
    "kind_word",
    "paired",
    "refuse_masked",
    "refuse_unordered",
    "shown",
    "type_word",
]

_OURS_AND_THEIRS = {
    "factors": "rank n_factors n_components no_components num_factors num_components factor_num n_latent "
    "latent_dim K k embedding_dim embedding_size n_dims dim",
    "regularization": "reg lambda_ lam lmbda l2 l2_reg reg_all reg_param regParam regularisation lambda_reg lambda",
    "iterations": "n_epochs n_iter n_iters num_iter max_iter maxIter epochs num_epochs num_iterations "
    "n_iterations iter",
    "regularization_exponent": "nu reg_exponent regularization_power scale_lam",
    "feature_regularization": "feature_reg lambda_features item_alpha user_alpha lambda_side",
    "solver": "use_cg use_cholesky solver_type",
    "cg_steps": "max_cg_steps cg_max_steps n_cg_steps num_cg_steps",
    "block_size": "ialspp_subspace_dimension subspace_dimension block_dim",
    "nonnegative": "nonneg non_negative nmf positive",
    "random_state": "seed random_seed rng rng_spec",
    "num_threads": "n_jobs nthreads threads n_threads num_workers workers",
    "tolerance": "tol",
    "alpha": "alpha0 confidence",
    "unobserved_weight": "w0 w_0 unobserved weight_unobserved",
    "biases": "use_bias use_biases bias biased with_bias",
    "neighbors": "top_k topk topK k_neighbors n_neighbors num_neighbors max_nbrs neighbours",
    "layers": "hidden_units hidden_sizes hidden_dims hidden_layers mlp_layers p_dims q_dims",
    "learning_rate": "lr lr_all step_size",
    "weight_decay": "wd",
    "n": "N top_n n_items num_items n_recommendations",
    "exclude_seen": "filter_already_liked_items exclude_known filter_seen remove_seen exclude_train",
}

#: What other libraries call our parameters: foreign name -> ours.
FOREIGN_NAMES: dict[str, str] = {name: ours for ours, names in _OURS_AND_THEIRS.items() for name in names.split()}


def foreign_name_error(cls_name: str, given: str, allowed: Iterable[str]) -> TypeError:
    """The error for an argument `cls_name` does not know; returned, not raised.

    Its text gives our name where `given` is one another library uses, else the closest of `allowed` by
    spelling, and always the whole list.

    >>> foreign_name_error("ImplicitALS", "rank", ["factors", "alpha"])
    TypeError("ImplicitALS has no argument 'rank': it is called 'factors' here. Arguments: alpha, factors")
    """
    names = sorted(allowed)
    ours = FOREIGN_NAMES.get(given)
    hint = f": it is called {ours!r} here" if ours in names else did_you_mean(given, names)
    end = "" if hint.endswith("?") else "."
    return TypeError(f"{cls_name} has no argument {given!r}{hint}{end} Arguments: {', '.join(names) or 'none'}")


def did_you_mean(given: Any, names: Iterable[str], mark: str = ":") -> str:
    """ ": did you mean 'x'?" with the closest name, whatever the case of letters; nothing if none is close.

    >>> did_you_mean("Item-KNN ", ["item-knn", "user-knn"]), did_you_mean("x", ["item-knn"])
    (": did you mean 'item-knn'?", '')
    """
    folded = {name.casefold().strip(): name for name in names}
    close = difflib.get_close_matches(str(given).casefold().strip(), folded, n=1)
    return f"{mark} did you mean {folded[close[0]]!r}?" if close else ""


def column_error(argument: str, given: Any, names: Iterable[Any], found: int = 0) -> ValueError:
    """The error for a column that a table does not have, or has more than once; returned, not raised.

    >>> column_error("user", "usr_id", ["user_id", "item"])
    ValueError("user='usr_id': there is no such column; did you mean 'user_id'? Columns: 'user_id', 'item'")
    """
    known = list(names)
    if found > 1:
        return ValueError(f"{argument}={shown(given)}: {found} columns have this name; rename all but one")
    hint = did_you_mean(given, [name for name in known if isinstance(name, str)], ";") or "."
    listed = ", ".join(map(repr, known[:20])) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
    return ValueError(f"{argument}={shown(given)}: there is no such column{hint} Columns: {listed or 'none'}")


def check_column_name(argument: str, name: Any) -> None:
    """A TypeError for an array, a list or another thing that cannot be the name of a column."""
    try:
        hash(name)
    except TypeError:
        raise _type_error(argument, "the name of a column", name) from None
    if isinstance(name, (np.ndarray, bool)) or hasattr(name, "tocsr"):
        raise _type_error(argument, "the name of a column", name)


def check_int(name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """`value` as an int. Python and NumPy integers pass; bool, 3.0 and "3" are a TypeError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise _type_error(name, "an integer", value)
    _check_range(name, value, minimum, maximum, strict=False)
    return int(value)


def check_number(
    name: str, value: Any, *, minimum: float | None = None, maximum: float | None = None, strict: bool = False
) -> float:
    """`value` as a finite float; `strict` excludes `minimum` itself. bool and strings are a TypeError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise _type_error(name, "a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {reprlib.repr(value)}")
    _check_range(name, number, minimum, maximum, strict)
    return number


def check_seconds(
    name: str, value: Any, *, minimum: float | None = None, maximum: float | None = None, strict: bool = False
) -> float:
    """`value` in seconds: a number of them, or a length of time of `datetime`, NumPy or pandas."""
    if isinstance(value, np.timedelta64):
        unit = np.datetime_data(value.dtype)[0]
        if unit in ("Y", "M", "generic"):
            raise ValueError(f"{name} must have a unit of fixed length, got {value!r}: days, hours or seconds would do")
        value = float("nan") if np.isnat(value) else value / np.timedelta64(1, "s")
    elif isinstance(value, dt.timedelta):
        value = value.total_seconds()
    elif isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise _type_error(name, "a number of seconds or a timedelta", value)
    return check_number(name, value, minimum=minimum, maximum=maximum, strict=strict)


def check_bool(name: str, value: Any) -> bool:
    """`value` as a bool; 0, 1 and "yes" are a TypeError."""
    if not isinstance(value, (bool, np.bool_)):
        raise _type_error(name, "True or False", value)
    return bool(value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """`value` if it is one of `choices`; the message lists them."""
    listed = ", ".join(repr(choice) for choice in choices)
    if not isinstance(value, str):
        raise _type_error(name, f"one of {listed}", value)
    if value not in choices:
        raise ValueError(f"{name} must be one of {listed}, got {value!r}{did_you_mean(value, choices)}")
    return str(value)


def check_pair(name: str, value: Any, *, maximum: float) -> tuple[float, float]:
    """Numbers from 0 to `maximum` for users and for items, from one for both or a pair."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be a number or a (user, item) pair, got {value!r}")
    users, items = (check_number(name, one, minimum=0, maximum=maximum) for one in pair)
    return users, items


def check_random_state(value: Any) -> np.random.Generator:
    """A generator: None draws fresh entropy, an int >= 0 seeds `default_rng`, a Generator passes as it is."""
    if isinstance(value, np.random.Generator):
        return value
    if value is None:
        return np.random.default_rng()
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise _type_error("random_state", "None, an integer >= 0 or a numpy.random.Generator", value)
    return np.random.default_rng(check_int("random_state", value, minimum=0))


def check_threads(num_threads: Any) -> int:
    """For the core, where 0 means all that the process may use."""
    return 0 if num_threads is None else check_int("num_threads", num_threads, minimum=1, maximum=1024)


def paired(
    rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions of users and items, both of one length; one of length 1 goes with all of the other."""
    if len(rows) != len(columns) and 1 not in (len(rows), len(columns)):
        raise ValueError(f"users and items must have the same length, got {len(rows)} users and {len(columns)} items")
    size = 0 if 0 in (len(rows), len(columns)) else max(len(rows), len(columns))
    return np.broadcast_to(rows, size), np.broadcast_to(columns, size)


def check_indices(name: str, values: Any, size: int, *, minimum: int = 0) -> npt.NDArray[np.int64]:
    """Positions in ``range(minimum, size)`` as a contiguous 1-D int64 array.

    A scalar gives length 1; a contiguous int64 array is passed on uncopied. Floats, bools and strings are a
    TypeError (a mask or an id passed where positions belong); a position < `minimum` or >= `size` is a
    ValueError that names it.
    """
    refuse_masked(name, values)
    try:
        array = np.asarray(values)
    except ValueError:  # a ragged sequence
        raise _type_error(name, _INDICES, values) from None
    if array.ndim > 1:
        raise ValueError(f"{name} must be a scalar or 1-D, got shape {array.shape}")
    if array.ndim == 1 and array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iuO" or not _holds_integers(values, array):
        raise _type_error(name, _INDICES, values)
    outside = (array < minimum) | (array >= size)
    if outside.any():
        position = int(np.argmax(outside))
        label = f"{name}[{position}]" if array.ndim else name
        valid = f"there are {size}, so 0 to {size - 1} would do" if size else "there are none"
        raise ValueError(f"{label} = {array.flat[position]} is out of range: {valid}")
    return np.ascontiguousarray(array, dtype=np.int64).reshape(-1)


def refuse_masked(name: str, values: Any) -> None:
    """A TypeError for a masked array with masked entries: NumPy would bring back what the mask hides."""
    if np.ma.is_masked(values):
        raise TypeError(
            f"{name} must not be masked, and {int(np.ma.getmaskarray(values).sum())} values are: fill them, or "
            "drop their entries, first"
        )


def refuse_unordered(name: str, values: Any) -> None:
    """A TypeError for an iterator, a set or a dict, which NumPy would take for one single value."""
    if isinstance(values, (Iterator, Set, Mapping)) and not isinstance(values, KeysView):
        kind = type(values).__name__
        raise TypeError(f"{name} must be a list or an array, got {kind}: make a list of it, in an order you choose")


_INDICES = "an integer or a 1-D sequence of integers"


def _holds_integers(values: Any, array: npt.NDArray[Any]) -> bool:
    # NumPy turns [True, 2] into integers, so a list has to be read before the array hides its bools.
    if array.dtype.kind != "O" and not isinstance(values, (list, tuple)):
        return True
    elements = array.flat if array.dtype.kind == "O" else values
    return all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in elements)


def _check_range(name: str, value: Any, minimum: float | None, maximum: float | None, strict: bool) -> None:
    low = minimum is not None and (value <= minimum if strict else value < minimum)
    if low or (maximum is not None and value > maximum):
        bounds = [] if minimum is None else [f"{'>' if strict else '>='} {minimum}"]
        bounds += [] if maximum is None else [f"<= {maximum}"]
        raise ValueError(f"{name} must be {' and '.join(bounds)}, got {value}")


def _type_error(name: str, expected: str, value: Any) -> TypeError:
    return TypeError(f"{name} must be {expected}, got {given(value)}")


def given(value: Any) -> str:
    """A value as messages show it: short, without NumPy's notation, with its type where that is not plain.

    >>> given(np.float64(1.5)), given(None), given("x"), given(np.zeros((2, 3)))
    ('1.5 (float64)', 'None', "'x' (str)", 'an array of shape (2, 3)')
    """
    word = type_word(value)
    if value is None or word.startswith("a"):
        return word
    return f"{shown(value)} ({word})"


def shown(value: Any) -> str:
    """The short `repr` of a value, where NumPy's scalars look like those of Python."""
    if isinstance(value, np.generic):
        value = value.item() if value.dtype.kind in "biufcUS" else str(value)
    return reprlib.repr(value)


def type_word(value: Any) -> str:
    """The type of a value in words of messages."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if hasattr(value, "tocsr"):
        return f"a sparse matrix of shape {value.shape}"
    return "bool" if isinstance(value, np.bool_) else type(value).__name__


_KINDS = {"U": "text", "S": "bytes", "O": "objects", "M": "dates", "m": "lengths of time", "c": "complex numbers",
          "V": "records", "T": "text"}  # fmt: skip


def kind_word(dtype: Any) -> str:
    """What an array holds, in words of messages: the name of the dtype where it holds numbers.

    >>> kind_word(np.dtype("<U4")), kind_word(np.dtype("float64"))
    ('text', 'float64')
    """
    return _KINDS.get(np.dtype(dtype).kind, str(dtype))
