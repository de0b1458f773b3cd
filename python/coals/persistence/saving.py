"""Models as files: `model.save(path)` and `coals.load(path)`.

A class names its fitted attributes in `_fitted`; those of its bases are saved too. The file holds the constructor's
parameters and these attributes, and loading calls the constructor: it runs no code but that of a class known already.
Sparse matrices are made when first asked for: until then a file of any size is opened in milliseconds.
"""

from __future__ import annotations

import functools
import importlib
import json
import warnings
from collections.abc import Callable
from typing import Any

from coals.data.ids import IdIndex
from coals.persistence.model_classes import Axes
from coals.persistence.stored_values import Decoder, Encoder, has_matrix
from coals.persistence.tensor_file import FileFormatError, Place, TensorFile, write_tensors

__all__ = ["Once", "derived_names", "fitted_names", "load", "save", "stored"]

VERSION = 1
#: Files up to this many bytes are checked as a whole whenever they are opened: that takes some milliseconds.
ALWAYS_VERIFIED = 1 << 25

_BROKEN = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


class Once:
    """An attribute that is made when it is first asked for, once for all copies of a model."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make: Callable[[Any], Any] | None = make
        self._value: Any = None

    def of(self, model: Any) -> Any:
        make = self._make
        if make is not None:
            self._value = make(model)
            self._make = None
        return self._value


def save(model: Any, path: Place) -> None:
    """What `Recommender.save` does."""
    model._require_fitted()
    encoder = Encoder()
    text = json.dumps(stored(model, encoder, ""), separators=(",", ":"))
    write_tensors(path, encoder.arrays, {"format": "coals", "version": str(VERSION), "model": text})


def stored(model: Any, encoder: Encoder, prefix: str) -> dict[str, Any]:
    """Class, parameters and what was fitted. `prefix` goes before the names of arrays."""
    pending = vars(model).get("_pending_", {})
    names = [name for name in fitted_names(type(model)) if name in vars(model) or name in pending]
    state = {name: getattr(model, name) for name in names}
    if "_fitted_params_" in state:
        state["_fitted_params_"] = _without_unsaved(model, state["_fitted_params_"])
    parameters = _without_unsaved(model, model.get_params())
    return {
        "class": class_name(type(model)),
        "parameters": encoder.encode(f"{prefix}parameters", parameters),
        "state": {name: encoder.encode(f"{prefix}{name}", value) for name, value in state.items()},
    }


def _without_unsaved(model: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    given = [name for name in model._not_saved if parameters.get(name) is not None]
    for name in given:
        warnings.warn(f"{name} is not saved: set it again before another fit", UserWarning, stacklevel=5)
    return {**parameters, **dict.fromkeys(given)}


def load(path: Place, *, verify: bool | None = None) -> Any:
    """The model that `save` wrote.

    Parameters
    ----------
    path : str, path, or file open for reading in binary mode
        A file is read to its end, into memory; a path is mapped.
    verify : bool or None, default None
        Whether to read the whole file and compare it with its checksums. None does so for files of up to 32 MiB, which
        takes some milliseconds. The header is always checked, and so are positions in sparse matrices when they are
        first used; with False, corrupt factors would be believed.

    Returns
    -------
    The fitted model. It gives the same bits from every method as the one that was saved.

    Raises
    ------
    FileFormatError
        The file is corrupt, cut short, not a coals file, from a newer version, or of a class that is not defined here.
    OSError
        It cannot be read.

    Notes
    -----
    Arrays are read-only and lie in the mapped file: they are read from disk where they are used, and processes that
    load the same file share its memory. Nothing from the file is run. While models use it, replace the file by
    `save`, which gives the new one a place of its own; do not write into it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]])
    >>> model = coals.ImplicitALS(factors=2, random_state=0).fit(plays)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "plays.coals")
    ...     model.save(path)
    ...     loaded = coals.load(path)
    >>> loaded.recommend([0, 1], n=2).scores.tobytes() == model.recommend([0, 1], n=2).scores.tobytes()
    True
    """
    file = TensorFile(path)
    _check_version(file)
    if verify or (verify is None and file.size <= ALWAYS_VERIFIED):
        for name in sorted(file.names):
            file.verify(name)
    try:
        model = _model_of(file)
        if verify:
            model._make_all()
            for index in (model.user_index_, model.item_index_):
                IdIndex(index.ids, index.size, index.kind)
    except FileFormatError:
        raise
    except _BROKEN as error:
        raise file.error(f"{type(error).__name__}: {error}") from error
    return model


def _check_version(file: TensorFile) -> None:
    version = file.about.get("version", "")
    if file.about.get("format") != "coals" or not version.isdecimal() or len(version) > 9:
        raise file.error("its header does not say that it is a coals file")
    if int(version) > VERSION:
        raise FileFormatError(
            f"{file.path} was written by a newer version of coals (file format {version}; this one reads up to "
            f"{VERSION}): update coals"
        )


def _model_of(file: TensorFile) -> Any:
    model = _stored_model(json.loads(file.about["model"]), Decoder(file, _stored_model))
    model._require_fitted()
    return model


def _stored_model(content: Any, decoder: Decoder) -> Any:
    file = decoder.file
    cls = _class_of(content["class"], file)
    model = cls(**decoder.decode(content["parameters"]))
    pending: dict[str, Once] = {}
    fitted = fitted_names(cls)
    for name, node in content["state"].items():
        if name not in fitted:
            raise file.error(f"it has an unexpected attribute {name!r} for {cls.__name__}")
        if has_matrix(node):
            pending[name] = Once(lambda _, node=node: _decoded(decoder, node))  # type: ignore[misc]
        else:
            vars(model)[name] = decoder.decode(node)
    for name, method in derived_names(cls).items():
        pending[name] = Once(lambda model, method=method: getattr(model, method)())  # type: ignore[misc]
    if content["state"]:
        model._pending_ = pending
        _check_lengths(model, fitted, file)
    return model


def _decoded(decoder: Decoder, node: Any) -> Any:
    try:
        return decoder.decode(node)
    except FileFormatError:
        raise
    except _BROKEN as error:
        raise decoder.file.error(str(error)) from error


def _check_lengths(model: Any, fitted: Axes, file: TensorFile) -> None:
    """Arrays that belong together have the same lengths."""
    lengths = {"users": model.n_users_, "items": model.n_items_}
    if (model.user_index_.size, model.item_index_.size) != (model.n_users_, model.n_items_):
        raise file.error("it has ids for another number of users or items")
    for name, axes in fitted.items():
        value = vars(model).get(name)
        if not axes or value is None:
            continue
        shape = value.shape
        if len(shape) != len(axes) or shape != tuple(map(lengths.setdefault, axes, shape)):
            raise file.error(f"{name} has shape {shape}, which does not fit the rest")


def _class_of(name: str, file: TensorFile) -> Any:
    from coals.models.base import Recommender

    found = known_class(name, Recommender)
    if found is None:
        raise FileFormatError(
            f"{file.path} holds a model of class {name}, which is not defined here: import the module that defines it "
            "first, or update coals if it is one of ours"
        )
    return found


# --- classes ---


def fitted_names(cls: type) -> Axes:
    """Fitted attributes of a class and its bases, with their axes."""
    return _merged(cls, "_fitted")


def derived_names(cls: type) -> dict[str, str]:
    """Attributes that follow from others, and the methods that make them."""
    return _merged(cls, "_derived")


@functools.cache
def _merged(cls: type, attribute: str) -> dict[str, Any]:
    """What a class and its bases say; what is nearer counts."""
    merged: dict[str, Any] = {}
    for base in cls.__mro__:
        for name, more in vars(base).get(attribute, {}).items():
            merged.setdefault(name, more)
    return merged


def class_name(cls: type) -> str:
    """The plain name of a class of ours; others with their module."""
    ours = cls.__module__.partition(".")[0] == "coals"
    return cls.__name__ if ours else f"{cls.__module__}.{cls.__qualname__}"


def known_class(name: str, root: type) -> type | None:
    """The subclass of `root`, of ours or defined by now, that has this name; the one defined last."""
    found = _defined(name, root)
    if found is None:
        # The table of models is that of the public names, which are loaded when first asked for.
        package = importlib.import_module("coals")
        if name not in package.MODELS:
            importlib.import_module("coals.neural")
        getattr(package, name, None)
        found = _defined(name, root)
    return found


def _defined(name: str, root: type) -> type | None:
    found, waiting = None, [root]
    while waiting:
        cls = waiting.pop(0)
        waiting += cls.__subclasses__()
        if class_name(cls) == name:
            found = cls
    return found
