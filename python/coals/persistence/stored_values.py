"""Parts of models as JSON, next to arrays: ids of any kind, matrices, settings.

A value is itself where JSON has it: None, bools, integers, finite floats, strings. Anything else is {kind: content}
with one of a fixed set of kinds, each with its own reader below. So nothing in a file can name code to be run.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import uuid
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals.data.ids import IdIndex
from coals.data.native import as_scipy
from coals.persistence.tensor_file import TensorFile
from coals.ranking.graph_scores import GraphScores
from coals.ranking.linear_scores import DenseScores
from coals.ranking.neighbor_scores import NeighborScores

__all__ = ["Decoder", "Encoder", "has_matrix"]

Array = npt.NDArray[Any]

_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

#: Kinds of small values: the type, and how to write and read it as text.
_TEXTS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "float": (float, lambda value: float(value).hex() if math.isfinite(value) else str(float(value)), float.fromhex),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "fraction": (Fraction, str, Fraction),
}
#: Records whose fields are values of these kinds.
_RECORDS: dict[str, type] = {cls.__name__: cls for cls in (DenseScores, GraphScores, NeighborScores)}
_SEQUENCES: dict[str, Callable[[Any], Any]] = {"list": list, "tuple": tuple, "frozenset": frozenset}


class Encoder:
    """Collects arrays in `arrays`, each object once, while values become JSON."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._known: dict[int, tuple[Any, Any]] = {}  # the object too: its number may not be given to another

    def encode(self, name: str, value: Any) -> Any:
        """`value` as JSON; `name` is what errors call it, and what its arrays are called."""
        if id(value) in self._known:
            return self._known[id(value)][1]
        node = self._large(name, value)
        if node is None:
            return self._small(name, value)
        self._known[id(value)] = value, node
        return node

    def _large(self, name: str, value: Any) -> Any:
        """Of what holds arrays."""
        if isinstance(value, np.ndarray):
            return self._array(name, value)
        if isinstance(value, IdIndex):
            ids = None if value.ids is None else self.encode(name, value.ids)
            return {"index": {"ids": ids, "size": value.size, "kind": value.kind}}
        if isinstance(value, _core.Csr):
            indptr, indices, values = value.to_arrays()
            has_values = len(values) > 0 or len(indices) == 0
            parts = {"indptr": indptr, "indices": indices, "values": values if has_values else None}
            return {"csr": self._parts(name, parts) | {"columns": value.columns, "dtype": values.dtype.name}}
        if scipy.sparse.issparse(value):
            parts = {"indptr": value.indptr.astype(np.int64), "indices": value.indices.astype(np.int32)}
            node = self._parts(name, parts | {"values": value.data})
            return {"csr_array": node | {"columns": value.shape[1], "dtype": value.dtype.name}}
        if isinstance(value, (DenseScores, GraphScores, NeighborScores)):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return {"record": [type(value).__name__, self._parts(name, fields)]}
        if hasattr(value, "_stored"):  # a model
            return {"model": value._stored(self, f"{name}.")}
        if isinstance(value, np.random.Generator):
            state = value.bit_generator.state
            return {"generator": self.encode(name, {**state, "bit_generator": type(value.bit_generator).__name__})}
        return None

    def _parts(self, name: str, parts: dict[str, Any]) -> dict[str, Any]:
        return {part: self.encode(f"{name}.{part}", value) for part, value in parts.items()}

    def _array(self, name: str, array: Array) -> dict[str, Any]:
        kind = array.dtype.kind
        if kind == "O":
            text = json.dumps([self._small(name, value) for value in array.tolist()], separators=(",", ":"))
            return {"objects": self._keep(name, np.frombuffer(text.encode(), np.uint8))}
        if kind in "US":  # their letters as numbers, which can be read where they lie
            letter = np.uint32 if kind == "U" else np.uint8
            own = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
            width = own.itemsize // np.dtype(letter).itemsize
            return {"letters": [self._keep(name, own.view(letter).reshape(*own.shape, width)), kind]}
        if kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"{name} cannot be saved: it holds {array.dtype}")
        return {"array": self._keep(name, array)}

    def _keep(self, name: str, array: Array) -> str:
        while name in self.arrays:
            name += "'"
        self.arrays[name] = array
        return name

    def _small(self, name: str, value: Any) -> Any:
        if isinstance(value, np.generic) and not isinstance(value, (str, bytes)):
            value = value.item()
        if value is None or isinstance(value, bool) or type(value) is str:
            return value
        if isinstance(value, Enum):
            raise self._unknown(name, value)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, str):
            return "".join([value])  # of a subclass, such as NumPy's
        if type(value) is float and math.isfinite(value):
            return value
        for kind, (known, write, _) in _TEXTS.items():
            if isinstance(value, known):
                text = write(value)
                if not isinstance(value, float) and not _same(kind, text, value):
                    raise self._unknown(name, value)
                return {kind: text}
        for kind in _SEQUENCES:
            if isinstance(value, _SEQUENCES[kind]):  # type: ignore[arg-type]
                return {kind: [self.encode(name, element) for element in value]}
        if isinstance(value, dt.timedelta):
            return {"timedelta": [value.days, value.seconds, value.microseconds]}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"dict": {key: self.encode(f"{name}.{key}", element) for key, element in value.items()}}
        raise self._unknown(name, value)

    @staticmethod
    def _unknown(name: str, value: Any) -> TypeError:
        return TypeError(
            f"{name} cannot be saved: it holds {value!r} ({type(value).__name__}). Numbers, strings, bytes, uuid, "
            "datetime, Decimal, Fraction, None, and tuples and lists of these can be"
        )


def _same(kind: str, text: str, value: Any) -> bool:
    """Whether a reader would get what was written: subclasses may hold more than their base can say."""
    try:
        return bool(_TEXTS[kind][2](text) == value)
    except ValueError:
        return False


def has_matrix(node: Any) -> bool:
    """Whether the JSON of a value has a sparse matrix in it."""
    if isinstance(node, dict):
        return not node.keys().isdisjoint(("csr", "csr_array")) or any(map(has_matrix, node.values()))
    return isinstance(node, list) and any(map(has_matrix, node))


class Decoder:
    """Values from the JSON of an `Encoder` and the file its arrays were written to. Each matrix is made once.

    `model_of` makes models of what their `_stored` gave.
    """

    def __init__(self, file: TensorFile, model_of: Callable[[Any, Decoder], Any]) -> None:
        self.file = file
        self._model_of = model_of
        self._made: dict[str, Any] = {}

    def decode(self, node: Any) -> Any:
        if not isinstance(node, dict):
            if isinstance(node, list):
                raise self.file.error("a list stands where a value should be")
            return node
        kind: str = next(iter(node), "")
        content: Any = node.get(kind) if len(node) == 1 else None
        if kind in _TEXTS:
            return _TEXTS[kind][2](content)
        if kind in _SEQUENCES:
            return _SEQUENCES[kind](self.decode(element) for element in content)
        if kind == "dict":
            return {key: self.decode(element) for key, element in content.items()}
        if kind == "timedelta":
            return dt.timedelta(*map(int, content))
        reader = getattr(self, f"_read_{kind}", None)
        if reader is None:
            raise self.file.error(f"it holds a value of unknown kind {kind!r}")
        key = json.dumps(node)
        if key not in self._made:
            self._made[key] = reader(content)
        return self._made[key]

    def _read_array(self, name: str) -> Array:
        array = self.file[name]
        if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
            raise self.file.error(f"its array {name!r} holds other numbers than 0 and 1")
        return array

    def _read_letters(self, content: Any) -> Array:
        name, kind = content
        letters = self.file[name]
        dtype = np.dtype((np.str_ if kind == "U" else np.bytes_, letters.shape[-1]))
        if letters.dtype.itemsize != (4 if kind == "U" else 1) or letters.ndim < 1 or letters.shape[-1] == 0:
            raise self.file.error(f"its array {name!r} does not hold text")
        return letters.reshape(-1).view(dtype).reshape(letters.shape[:-1])

    def _read_objects(self, name: str) -> Array:
        self.file.verify(name)
        values = [self.decode(node) for node in json.loads(self.file[name].tobytes())]
        return np.fromiter(values, dtype=object, count=len(values))

    def _read_index(self, content: Any) -> IdIndex:
        ids = None if content["ids"] is None else self.decode(content["ids"])
        size = int(content["size"])
        if ids is not None and ids.shape != (size,):
            raise self.file.error(f"it has {len(ids)} {content['kind']} ids for {size} {content['kind']}s")
        return IdIndex.trusted(ids, size, str(content["kind"]))

    def _read_csr(self, content: Any) -> _core.Csr:
        indptr, indices, values = (self.decode(content[part]) for part in ("indptr", "indices", "values"))
        try:
            return _core.borrow_csr(indptr, indices, values, int(content["columns"]), str(content["dtype"]))
        except (TypeError, ValueError) as error:
            raise self.file.error(f"one of its matrices is broken: {error}") from None

    def _read_csr_array(self, content: Any) -> Any:
        return as_scipy(self._read_csr(content))

    def _read_record(self, content: Any) -> Any:
        name, fields = content
        if name not in _RECORDS:
            raise self.file.error(f"it holds a record of unknown kind {name!r}")
        return _RECORDS[name](**{field: self.decode(node) for field, node in fields.items()})

    def _read_model(self, content: Any) -> Any:
        return self._model_of(content, self)

    def _read_generator(self, content: Any) -> np.random.Generator:
        state = self.decode(content)
        if state["bit_generator"] not in _GENERATORS:
            raise self.file.error(f"it holds a random generator of unknown kind {state['bit_generator']!r}")
        bits = getattr(np.random, state["bit_generator"])()
        bits.state = state
        return np.random.Generator(bits)
