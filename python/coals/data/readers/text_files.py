"""Files of text as blocks of UTF-8: compressed or not, in any encoding, from a path or an open file."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coals._util.progress import new_bar

__all__ = ["TextFile", "open_text"]

BLOCK = 1 << 23  # bytes

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "lzma"}
_NOT_TEXT = {
    b"PK\x03\x04": "a ZIP archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd: unpack it first",
    b"PAR1": "a Parquet file: read it with Interactions.from_parquet",
}


class TextFile:
    """Blocks of bytes in UTF-8. `name` is what errors call the file."""

    def __init__(self, name: str, raw: Any, encoding: str, size: int | None) -> None:
        self.name = name
        self.size = size
        self._raw = raw
        head = self._read_raw(16)
        packing = next((module for magic, module in _PACKED.items() if head.startswith(magic)), None)
        for magic, what in _NOT_TEXT.items():
            if head.startswith(magic):
                raise ValueError(f"{name} is {what}")
        self._stream: Any = _Replayed(head, raw)
        if packing is not None:
            self._stream = __import__(packing).open(io.BufferedReader(self._stream))
            head = self._read(16)
            self._stream = _Replayed(head, self._stream)
        given = codecs.lookup(encoding).name
        for bom, named in _BOMS:
            if head.startswith(bom):
                if named != "utf-8" and not given.startswith(named):
                    raise ValueError(f"{name} is encoded in {named.upper()}: pass encoding={named!r}")
                if named == "utf-8":
                    self._read(len(bom))
                break
        self._decoder = None if given in ("utf-8", "ascii") else codecs.getincrementaldecoder(encoding)()

    def _read_raw(self, size: int) -> bytes:
        block = self._raw.read(size)
        return block.encode() if isinstance(block, str) else bytes(block)

    def _read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except (EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise ValueError(f"{self.name} is corrupt or cut off: {error}") from None
        except Exception as error:
            if type(error).__module__ in ("zlib", "_lzma", "lzma"):
                raise ValueError(f"{self.name} is corrupt: {error}") from None
            raise

    def read(self) -> bytes:
        """The next block, empty at the end."""
        block = self._read(BLOCK)
        if self._decoder is None:
            return block
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.name} is not encoded in {error.encoding}: {error.reason}") from None
        return text.encode() if text or not block else self.read()

    def blocks(self, progress: bool | None) -> Iterator[bytes]:
        """All blocks; the next one is read, and unpacked, while the last one is in use."""
        title = f"reading {Path(self.name).name}"
        with new_bar(progress, total=self.size, desc=title, unit="B", unit_scale=True, leave=False) as bar:
            for block in self._read_ahead():
                yield block
                bar.update(self._position() - bar.n)

    def _read_ahead(self) -> Iterator[bytes]:
        from concurrent.futures import ThreadPoolExecutor  # `import coals` need not wait for it

        with ThreadPoolExecutor(1) as reader:
            try:
                coming = reader.submit(self.read)
            except RuntimeError:  # there is no memory for a thread, or there may be no more of them
                coming = None
            while block := self.read() if coming is None else coming.result():
                coming = None if coming is None else reader.submit(self.read)
                yield block

    def _position(self) -> int:
        try:
            return int(self._raw.tell())
        except (OSError, ValueError, AttributeError):
            return 0


class _Replayed(io.RawIOBase):
    """A stream whose first bytes have been looked at already."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            cut = len(self._head) if size < 0 else size
            block, self._head = self._head[:cut], self._head[cut:]
            return block
        block = self._rest.read(size)
        return block.encode() if isinstance(block, str) else bytes(block or b"")

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def open_text(path: Any, encoding: str) -> Iterator[TextFile]:
    """The file at a path, or one that is open already, which stays open."""
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError):
        raise ValueError(f"encoding must be one that Python knows, such as 'utf-8', got {encoding!r}") from None
    if hasattr(path, "read"):
        yield TextFile(str(getattr(path, "name", "the file")), path, encoding, None)
        return
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the path of a file, or a file open for reading, got {type(path).__name__}")
    name = os.fspath(path)
    if Path(name).is_dir():
        raise IsADirectoryError(f"{name} is a folder: give the path of a file")
    with open(name, "rb") as raw:
        size = os.fstat(raw.fileno()).st_size
        yield TextFile(str(name), raw, encoding, size or None)
