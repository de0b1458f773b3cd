"""Atheris: files for `coals.load`. Whatever the bytes, there is a model or a FileFormatError, and no crash in using it.

    python tests/fuzz/fuzz_model.py -max_total_time=60 build-fuzz/model

The first byte says whether the checksums are put right before the file is opened: without that, hardly any input would
get past them. Seeds are the files of tests/python/golden, with both first bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zlib
from pathlib import Path
from types import FunctionType

import atheris
import numpy as np

import coals

GOLDEN = Path(__file__).parents[1] / "python" / "golden"
BLANK = b"0" * 64
#: So that a forged shape is a MemoryError, not a machine that swaps.
MOST_BYTES = 1 << 16


def sealed(content: bytes) -> bytes:
    """With the checksums that belong to it, as far as there is a header to be seen."""
    length = int.from_bytes(content[:8], "little")
    if not 29 + 64 <= length <= len(content) - 8:
        return content
    header, body = content[8 : 8 + length], content[8 + length :]
    try:
        table = json.loads(header)
        sums = {}
        for name, entry in table.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                sums[name] = zlib.crc32(body[begin:end])
        table["__metadata__"]["checksums"] = json.dumps(sums)
        rest = {name: value for name, value in table["__metadata__"].items() if name != "checksum"}
        table["__metadata__"] = {"checksum": BLANK.decode(), **rest}
        header = json.dumps(table, separators=(",", ":")).encode()
        header += b" " * (-(8 + len(header)) % 64)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    blank = header[:29] + BLANK + header[29 + 64 :]
    header = header[:29] + hashlib.sha256(blank).hexdigest().encode() + header[29 + 64 :]
    return len(header).to_bytes(8, "little") + header + body


def use(model: object) -> None:
    """What a forged file makes of a model may be wrong, and refuse to answer; it must not crash."""
    try:
        with np.errstate(all="ignore"):
            model.recommend([0], n=3)
            model.similar_items([0], n=3)
    except Exception:  # of any kind, as its arrays may be anything
        pass


def test_one_input(data: bytes) -> None:
    if not data or len(data) > MOST_BYTES:
        return
    PATH.write_bytes(sealed(data[1:]) if data[0] & 1 else data[1:])
    try:
        model = coals.load(PATH)
    except coals.FileFormatError:
        return
    use(model)


def instrument_coals() -> None:
    """Its functions and methods. Hooks on imports, the usual way, do not see those of an editable install."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("coals.") or name == "coals._core":
            continue
        for owner in [module, *(value for value in vars(module).values() if isinstance(value, type))]:
            for function in list(vars(owner).values()):
                if isinstance(function, FunctionType) and function.__module__ == name:
                    atheris.instrument_func(function)


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(GOLDEN.glob("*/*.coals")):
        content = path.read_bytes()
        if len(content) < MOST_BYTES:
            (folder / path.stem).write_bytes(b"\1" + content)
            (folder / f"{path.stem}-as-it-is").write_bytes(b"\0" + content)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        PATH = Path(temporary) / "model.coals"
        corpus = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
        write_seeds(Path(corpus[0]) if corpus else Path(temporary, "corpus"))
        arguments = sys.argv if corpus else [*sys.argv, os.fspath(Path(temporary, "corpus"))]
        instrument_coals()
        atheris.Setup([*arguments, f"-max_len={MOST_BYTES}", "-len_control=0"], test_one_input)
        atheris.Fuzz()
