"""Reads text files as blocks of UTF-8: compressed or not, in any encoding, from a path or an open file."""

from __future__ import annotations

import codecs
import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coals._util.progress import new_bar

__all__ = ["TextFile", "copied", "open_text"]

BLOCK = 1 << 20  # bytes

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "lzma",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_NOT_TEXT = {
    b"PAR1": "a Parquet file: read it with Interactions.from_parquet",
    b"SQLite format 3": "an SQLite database: read it with Interactions.from_sql(query, connection=path)",
}


class TextFile:
    """A text file that is read in blocks of UTF-8.

    `name` is the name of the file in errors. `packing` is the compression, "" if there is none. `path` is for other
    programs: None if they could not read the same text from it.
    """

    def __init__(self, name: str, raw: Any, encoding: str, path: str | None) -> None:
        self.name = name
        self._raw = raw
        head = self._read_raw(16)
        self.packing = next((module for magic, module in _PACKED.items() if head.startswith(magic)), "")
        self._refuse_other(head)
        self._stream: Any = _Replayed(head, raw)
        if self.packing:
            self._stream = self._unpacked(path)
            head = self._read(16)
            self._refuse_other(head)
            self._stream = _Replayed(head, self._stream)
        # Python has decoded an open text file already.
        given = "utf-8" if self._is_text and not self.packing else codecs.lookup(encoding).name
        for bom, named in _BOMS:
            if head.startswith(bom):
                if named != "utf-8" and not given.startswith(named):
                    raise ValueError(f"{name} is encoded in {named.upper()}: pass encoding={named!r}")
                if named == "utf-8":
                    self._read(len(bom))
                break
        plain = given in ("utf-8", "ascii")
        self._decoder = None if plain else codecs.getincrementaldecoder(encoding)()
        self.path = path if plain and self.packing in ("", "gzip", "zstd") else None

    def _refuse_other(self, head: bytes) -> None:
        for magic, what in _NOT_TEXT.items():
            if head.startswith(magic):
                raise ValueError(f"{self.name} is {what}")
        if head[8:12] == b"DUCK":
            raise ValueError(
                f"{self.name} is a DuckDB database: read it with Interactions.from_sql(query, connection=path)"
            )

    def _unpacked(self, path: str | None) -> Any:
        if self.packing == "zip":
            return self._member()
        if self.packing == "zstd":
            return self._of_zstd(path)
        return __import__(self.packing).open(io.BufferedReader(self._stream))

    def _member(self) -> Any:
        """The first file in a ZIP archive."""
        whole: Any = self._raw
        if not (hasattr(whole, "seekable") and whole.seekable()):
            whole = io.BytesIO(self._stream.read())
        try:
            archive = zipfile.ZipFile(whole)
            names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
            names = [name for name in names if not name.rpartition("/")[2].startswith(".")]  # .DS_Store
            if "[Content_Types].xml" in names:
                raise ValueError(f"{self.name} is an Excel workbook: save it as CSV, or read it with pandas.read_excel")
            if not names:
                raise ValueError(f"{self.name} is a ZIP archive without files")
            if len(names) > 1:
                warnings.warn(
                    f"{self.name} is a ZIP archive of {len(names)} files: {names[0]!r} is read, {names[1]!r} is not: "
                    "unpack it to read others",
                    stacklevel=2,
                )
            return archive.open(names[0])
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise ValueError(f"{self.name} is a ZIP archive that cannot be read: {error}") from None

    def _of_zstd(self, path: str | None) -> Any:
        try:
            from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14
        except ImportError:
            found = _zstd_by_duckdb(path, self.name)
        else:
            return zstd.open(io.BufferedReader(self._stream))
        if found is None:
            raise ValueError(f"{self.name} is compressed with zstd: unpack it first, or pip install 'coals[files]'")
        return found

    def _read_raw(self, size: int) -> bytes:
        block = self._raw.read(size)
        self._is_text = isinstance(block, str)
        return block.encode() if isinstance(block, str) else bytes(block)

    def _read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except (EOFError, OSError, zipfile.BadZipFile) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise ValueError(f"{self.name} is corrupt or cut off: {error}") from None
        except Exception as error:
            if type(error).__module__ in ("zlib", "_lzma", "lzma", "_zstd", "compression.zstd"):
                raise ValueError(f"{self.name} is corrupt: {error}") from None
            raise

    def read(self, size: int) -> bytes:
        """The next block of about this size, empty at the end."""
        block = self._read(size)
        if self._decoder is None:
            return block
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.name} is not encoded in {error.encoding}: {error.reason}") from None
        return text.encode("utf-8", "surrogatepass") if text or not block else self.read(size)

    def blocks(self, progress: bool | None) -> Iterator[bytes]:
        """All remaining blocks."""
        size = os.path.getsize(self.path) if self.path is not None else None
        title = f"reading {Path(self.name).name}"
        with new_bar(progress, total=size, desc=title, unit="B", unit_scale=True, leave=False) as bar:
            while block := self.read(BLOCK):
                yield block
                bar.update(max(0, self._position() - bar.n))

    def _position(self) -> int:
        try:
            return int(self._raw.tell())
        except (OSError, ValueError, AttributeError):
            return 0


def _zstd_by_duckdb(path: str | None, name: str) -> Any:
    from coals.data.readers.duckdb_text import open_zstd

    try:
        return open_zstd(path)
    except EOFError as error:
        raise ValueError(f"{name} is corrupt: {error}") from None


class _Replayed(io.RawIOBase):
    """A stream whose first bytes were read before, and are read again from here."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            cut = len(self._head) if size < 0 else size
            block, self._head = self._head[:cut], self._head[cut:]
            return block + self._rest_of(-1) if size < 0 else block
        return self._rest_of(size)

    def _rest_of(self, size: int) -> bytes:
        block = self._rest.read(size)
        return block.encode() if isinstance(block, str) else bytes(block or b"")

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def open_text(path: Any, encoding: str) -> Iterator[TextFile]:
    """Opens the file at a path. A file that is open already is used, and stays open."""
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
        # A path that is not a regular file, for example a pipe, can be read only once.
        yield TextFile(str(name), raw, encoding, str(name) if Path(name).is_file() else None)


@contextmanager
def copied(blocks: Iterator[bytes]) -> Iterator[str]:
    """Writes the blocks to a temporary file and yields its path."""
    with TemporaryDirectory(prefix="coals-") as folder:
        path = Path(folder) / "text"
        with path.open("wb") as file:
            file.writelines(blocks)
        yield str(path)
