"""Named arrays in one file, in the safetensors format, read where they lie.

Eight bytes give the length of a JSON header, which gives dtype, shape and place of each array; then come the arrays,
without gaps, those of the widest numbers first, so that each is aligned. The header begins with the SHA-256 of itself
(computed with zeros in its place) and holds a CRC-32 of each array: a corrupt header is always found out, an
array when `verify` is asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import mmap
import os
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import type_word
from coals.persistence.atomic import written_whole

__all__ = ["FileFormatError", "Place", "TensorFile", "write_tensors"]

Array = npt.NDArray[Any]
#: Where a model is kept: a path, or a file open in binary mode.
Place = str | os.PathLike[str] | IO[bytes]

_DTYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "F16": "<f2", "U32": "<u4", "I32": "<i4",
    "F32": "<f4", "U64": "<u8", "I64": "<i8", "F64": "<f8",
}  # fmt: skip
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}

_START = b'{"__metadata__":{"checksum":"'
_BLANK = b"0" * 64
_LONGEST_HEADER = 100_000_000
_ALIGNMENT = 64
_BLOCK = 1 << 24
_MOST_AXES = 32
_LARGEST = 1 << 56  # numbers of an array: beyond any file, and what NumPy multiplies without wrapping


class FileFormatError(ValueError):
    """A file is not what `coals.load` reads: corrupt, cut short, not a coals file, or from a newer version.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "notes.txt")
    ...     _ = path.write_text("milk and bread")
    ...     try:
    ...         coals.load(path)
    ...     except coals.FileFormatError as error:
    ...         print(str(error).replace(str(path), path.name))
    notes.txt is not a coals file: its first bytes are not those of one
    """


def write_tensors(path: Place, arrays: Mapping[str, Array], about: Mapping[str, str]) -> None:
    """Writes all of it, or leaves `path` as it was; a file open for writing gets it from where it is. `about` are texts
    that come back as `TensorFile.about`.
    """
    # Widest first; safetensors wants them without gaps, and in the order of the table.
    ordered = dict(sorted(arrays.items(), key=lambda pair: (-pair[1].dtype.itemsize, pair[0])))
    contiguous = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in ordered.items()}
    with _target(path) as file:
        _write(file, memoryview(_header(contiguous, about)))
        for array in contiguous.values():
            for block in _blocks_of(array):
                _write(file, block)


def _write(file: Any, content: memoryview) -> None:
    """All of it: files without a buffer may take a part at a time."""
    while len(content):
        taken = file.write(content)
        if taken == 0 or (taken is None and isinstance(file, io.RawIOBase)):
            raise BlockingIOError("the file to save to takes no more bytes: give a file that waits until it does")
        content = content[len(content) if taken is None else taken :]


def _target(path: Place) -> Any:
    if not hasattr(path, "write"):
        return written_whole(checked_place(path))
    if isinstance(path, io.TextIOBase):
        raise TypeError("the file to save to is open for text: open it in binary mode, 'wb'")
    return nullcontext(path)


def checked_place(path: Any) -> str | os.PathLike[str]:
    """A path, or an error that says what would do."""
    if isinstance(path, (str, os.PathLike)):
        return path
    raise TypeError(f"path must be a path or a file open in binary mode, got {type_word(path)}")


def _header(arrays: Mapping[str, Array], about: Mapping[str, str]) -> bytes:
    sums = json.dumps({name: _crc(array) for name, array in arrays.items()}, separators=(",", ":"))
    table: dict[str, Any] = {"__metadata__": {"checksum": _BLANK.decode(), **about, "checksums": sums}}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        table[name] = {"dtype": _NAMES[array.dtype], "shape": array.shape, "data_offsets": [begin, end]}
    text = json.dumps(table, separators=(",", ":")).encode()
    if len(text) > _LONGEST_HEADER:
        raise ValueError(f"the header would take {len(text)} bytes, but at most {_LONGEST_HEADER} will do")
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text.replace(_BLANK, hashlib.sha256(text).hexdigest().encode(), 1)


def _blocks_of(array: Array) -> list[memoryview]:
    # Not memoryview(array).cast: it refuses arrays with a 0 in their shape.
    flat: Any = array.reshape(-1).view(np.uint8)
    whole = memoryview(flat) if array.size else memoryview(b"")
    return [whole[start : start + _BLOCK] for start in range(0, len(whole), _BLOCK)]


def _crc(array: Array) -> int:
    crc = 0
    for block in _blocks_of(array):
        crc = zlib.crc32(block, crc)
    return crc


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number <= _LARGEST:
        raise ValueError(f"{number!r} is no length")
    return number


def _content(file: Any) -> bytes:
    """The rest of a file that is open, at a place in memory that suits numbers of any width."""
    content = file.read()
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError("the file to load from is open for text: open it in binary mode, 'rb'")
    return bytes(content)


class TensorFile:
    """An open file. Its arrays are read-only views of the mapped file, which live as long as any of them.

    Attributes
    ----------
    path : str
    about : dict of str to str
    names : set of str
    size : int
        Bytes.
    """

    def __init__(self, path: Place) -> None:
        self._map: mmap.mmap | bytes
        if hasattr(path, "read"):
            self.path = str(getattr(path, "name", f"the {type(path).__name__}"))
            self._map = _content(path)
            self.size = len(self._map)
            self._open(io.BytesIO(self._map))
            return
        self.path = os.fspath(checked_place(path))
        with open(self.path, "rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            self._open(file)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def _open(self, file: IO[bytes]) -> None:
        header = self._read_header(file)
        self._data_at = 8 + len(header)
        self._table = self._parse(header)

    @property
    def names(self) -> set[str]:
        return set(self._table)

    def __getitem__(self, name: str) -> Array:
        entry = self._table.get(name)
        if entry is None:
            raise self.error(f"it has no array {name!r}")
        dtype, shape, begin = entry
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._map, dtype, count, self._data_at + begin if count else 0).reshape(shape)

    def verify(self, name: str) -> None:
        """An error if the array is not what was written."""
        if _crc(self[name]) != self._checksums.get(name):
            raise self.error(f"its array {name!r} does not have the checksum it was written with")

    def error(self, why: str) -> FileFormatError:
        return FileFormatError(f"{self.path} is corrupt: {why}; restore it from a copy, or fit and save again")

    def _read_header(self, file: IO[bytes]) -> bytes:
        start = file.read(8 + len(_START))
        if start[8:] != _START:
            raise FileFormatError(f"{self.path} is not a coals file: its first bytes are not those of one")
        length = int.from_bytes(start[:8], "little")
        if length > min(_LONGEST_HEADER, self.size - 8):
            raise self.error(f"the header should take {length} bytes, of {self.size} in all")
        file.seek(8)
        header = file.read(length)
        hash_at = len(_START), len(_START) + len(_BLANK)
        blank = header[: hash_at[0]] + _BLANK + header[hash_at[1] :]
        if hashlib.sha256(blank).hexdigest().encode() != header[hash_at[0] : hash_at[1]]:
            raise self.error("its header does not have the checksum it was written with")
        return header

    def _parse(self, header: bytes) -> dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]:
        """The table of arrays. The checksum vouches for the header, unless it was forged: nothing is believed."""
        try:
            table = json.loads(header)
            self.about: dict[str, str] = {str(k): str(v) for k, v in table.pop("__metadata__").items()}
            self._checksums: dict[str, int] = dict(json.loads(self.about["checksums"]).items())
            parsed, end = {}, 0
            for name, entry in table.items():
                dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(map(_whole, entry["shape"]))
                begin, stop = map(_whole, entry["data_offsets"])
                count = math.prod(shape)
                lying = len(shape) > _MOST_AXES or math.prod(length or 1 for length in shape) > _LARGEST
                if lying or begin != end or stop - begin != count * dtype.itemsize:
                    raise self.error(f"the place of its array {name!r} does not fit its shape")
                if count and (self._data_at + begin) % dtype.itemsize:
                    raise self.error(f"its array {name!r} is not aligned")
                parsed[name], end = (dtype, shape, begin), stop
        except FileFormatError:
            raise
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
            raise self.error(f"its header makes no sense ({type(error).__name__})") from None
        if self.size != self._data_at + end:
            raise self.error(f"it has {self.size} bytes, and should have {self._data_at + end}")
        return parsed
