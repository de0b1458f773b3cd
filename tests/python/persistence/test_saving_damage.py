"""Damaged, foreign and future files, and disks that fill up: a clear error, and never a crash or half a file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import coals
from answers import answers
from coals.persistence.tensor_file import TensorFile
from model_cases import MODELS


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from conftest import random_ratings

    folder = tmp_path_factory.mktemp("damage")
    data = coals.Interactions.from_matrix(random_ratings(60, 40, 0.2, seed=0), item_ids=[("i", j) for j in range(40)])
    found = {}
    for name in ("popularity", "item-knn-rating", "explicit-sides"):
        path = folder / f"{name}.coals"
        MODELS[name]().fit(data).save(path)
        found[name] = path.read_bytes()
    return found


def header_of(content):
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def with_header(content, change, checksum=True):
    """The file with its header changed, and with the checksum that belongs to it."""
    header = header_of(content)
    change(header)
    header["__metadata__"]["checksum"] = "0" * 64
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    if checksum:
        text = text.replace(b"0" * 64, hashlib.sha256(text).hexdigest().encode(), 1)
    return len(text).to_bytes(8, "little") + text + content[8 + int.from_bytes(content[:8], "little") :]


@pytest.mark.parametrize("name", ["popularity", "item-knn-rating", "explicit-sides"])
def test_every_byte_of_the_header_and_some_of_the_rest(files, name, tmp_path):
    content = files[name]
    end = 8 + int.from_bytes(content[:8], "little")
    rng = np.random.default_rng(0)
    places = [*range(end), *range(end, len(content), 1 + (len(content) - end) // 200)]
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("r+b", buffering=0) as file:
        for at in places:
            for byte in (content[at] ^ 1 << int(rng.integers(8)), content[at]):
                file.seek(at)
                file.write(bytes([byte]))
                if byte != content[at]:
                    with pytest.raises(coals.FileFormatError, match=re.escape(str(path))):
                        coals.load(path)
    coals.load(path)


@pytest.mark.parametrize("name", ["popularity", "item-knn-rating", "explicit-sides"])
def test_without_verification_damaged_arrays_never_crash(files, name, tmp_path):
    content = files[name]
    rng = np.random.default_rng(1)
    end = 8 + int.from_bytes(content[:8], "little")
    for at in rng.integers(end, len(content), 150).tolist():
        damaged = bytearray(content)
        damaged[at : at + 4] = rng.bytes(len(damaged[at : at + 4]))
        (tmp_path / "file").write_bytes(damaged)
        try:
            with np.errstate(all="ignore"):
                answers(coals.load(tmp_path / "file", verify=False))
        except (ValueError, SystemError, OverflowError):  # SystemError: NumPy, of letters that are none
            pass


@pytest.mark.parametrize("name", ["popularity", "item-knn-rating", "explicit-sides"])
def test_a_file_cut_short_or_too_long(files, name, tmp_path):
    content = files[name]
    for size in (0, 1, 7, 8, 20, 36, 100, 1000, len(content) // 2, len(content) - 1, len(content) + 1):
        (tmp_path / "file").write_bytes((content + b"\0")[:size])
        with pytest.raises(coals.FileFormatError, match=r"corrupt|not a coals file"):
            coals.load(tmp_path / "file")


@pytest.mark.parametrize(
    "foreign",
    [b"PK\x03\x04" + bytes(100), b"\x80\x04\x95pickle", b"user,item\n1,2\n" * 9, bytes(1000), b"\xff" * 1000],
)
def test_files_of_other_kinds(foreign, tmp_path):
    (tmp_path / "file").write_bytes(foreign)
    with pytest.raises(coals.FileFormatError, match="file is not a coals file"):
        coals.load(tmp_path / "file")


def test_safetensors_files_of_others(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file({"weights": np.ones(3)}, tmp_path / "file", {"checksum": "0" * 64})
    with pytest.raises(coals.FileFormatError):
        coals.load(tmp_path / "file")


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        coals.load(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        coals.load(tmp_path)


def forge(key, value):
    def change(header):
        header["__metadata__"][key] = value

    return change


def forge_model(change):
    def forged(header):
        model = json.loads(header["__metadata__"]["model"])
        change(model)
        header["__metadata__"]["model"] = json.dumps(model)

    return forged


def forge_table(name, **entry):
    return lambda header: header[name].update(entry)


FORGED = {
    "a later version": (forge("version", "2"), "written by a newer version of coals .file format 2.*update coals"),
    "no version": (forge("version", "x"), "does not say that it is a coals file"),
    "another format": (forge("format", "pt"), "does not say that it is a coals file"),
    "no model": (forge("model", "{"), "corrupt"),
    "an unknown class": (forge_model(lambda m: m.update({"class": "os.system"})), "class os.system, which is not"),
    "a parameter too many": (forge_model(lambda m: m["parameters"]["dict"].update(cmd="ls")), "no argument 'cmd'"),
    "a bad parameter": (forge_model(lambda m: m["parameters"]["dict"].update(num_threads=-1)), "num_threads must be"),
    "an attribute too many": (forge_model(lambda m: m["state"].update(fit=3)), "unexpected attribute 'fit'"),
    "an unknown kind": (forge_model(lambda m: m["state"].update(n_users_={"pickle": "x"})), "unknown kind 'pickle'"),
    "a private reader": (forge_model(lambda m: m["state"].update(n_users_={"_class_": 1})), "unknown kind"),
    "a number of users": (forge_model(lambda m: m["state"].update(n_users_=61)), "another number of users"),
    "a list": (forge_model(lambda m: m["state"].update(n_users_=[])), "a list stands"),
    "an array that is not there": (
        forge_model(lambda m: m["state"].update(popularity_={"array": "x"})),
        "no array 'x'",
    ),
    "a deep nest": (forge("model", "[" * 100_000), "corrupt"),
    "a missing state": (forge_model(lambda m: m.pop("state")), "corrupt"),
    "a negative shape": (forge_table("popularity_", shape=[-40]), "makes no sense"),
    "a shape too large": (forge_table("popularity_", shape=[2**62, 4]), "makes no sense"),
    "a shape that wraps": (forge_table("popularity_", shape=[2**50, 2**50, 0]), "does not fit its shape"),
    "an endless shape": (forge_table("popularity_", shape=[float("inf")]), "makes no sense"),
    "a shape of halves": (forge_table("popularity_", shape=[40.5]), "makes no sense"),
    "an endless place": (forge_table("popularity_", data_offsets=[0, float("inf")]), "makes no sense"),
    "axes": (forge_table("popularity_", shape=[0] + [1] * 70), "does not fit its shape"),
    "checksums in a list": (forge("checksums", "[]"), "makes no sense"),
    "checksums in a number": (forge("checksums", "5"), "makes no sense"),
    "a long version": (forge("version", "9" * 5000), "does not say that it is a coals file"),
    "another dtype": (forge_table("popularity_", dtype="F32"), "does not fit its shape"),
    "an unknown dtype": (forge_table("popularity_", dtype="O"), "makes no sense"),
    "another place": (forge_table("popularity_", data_offsets=[8, 328]), "does not fit its shape"),
    "a shape of words": (forge_table("popularity_", shape=["x"]), "makes no sense"),
    "other lengths": (forge_table("popularity_", shape=[20, 2]), "does not fit the rest"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_header_with_its_checksum_forged_is_not_believed_either(files, what, tmp_path):
    change, message = FORGED[what]
    (tmp_path / "file").write_bytes(with_header(files["popularity"], change))
    with pytest.raises(coals.FileFormatError, match=message):
        coals.load(tmp_path / "file")


def test_positions_out_of_range_never_reach_native_code(files, tmp_path):
    """Written over in the file, with `verify=False`: the matrices are checked where they are first used."""
    path = tmp_path / "file"
    for name in ("item-knn-rating", "explicit-sides"):
        content = bytearray(files[name])
        path.write_bytes(content)
        file = TensorFile(path)
        for array in [n for n in file.names if n.endswith((".indices", ".indptr"))]:
            at = file._data_at + file._table[array][2]
            for value in (2**31 - 1, -5):
                damaged = bytearray(content)
                damaged[at + 8 : at + 12] = value.to_bytes(4, "little", signed=True)
                path.write_bytes(damaged)
                model = coals.load(path, verify=False)
                with pytest.raises(coals.FileFormatError, match="one of its matrices is broken: row"):
                    model._make_all()
                with pytest.raises(coals.FileFormatError):
                    coals.load(path, verify=True)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(files, ratings, tmp_path, monkeypatch):
    path = tmp_path / "model.coals"
    path.write_bytes(b"old")
    model = coals.Popularity().fit(ratings)
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:

            def fail(*_):
                raise OSError(errno.ENOSPC, "No space left on device")

            patch.setattr(os if name == "fsync" else Path, name, fail)
            with pytest.raises(OSError, match="No space left"):
                model.save(path)
        assert [(p, p.read_bytes()) for p in tmp_path.iterdir()] == [(path, b"old")]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes here")
def test_a_disk_that_fills_up(tmp_path):
    code = (
        "import resource, signal, sys, coals, numpy as np, scipy.sparse as sp\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "model = coals.ImplicitALS(iterations=1).fit(sp.csr_array(np.eye(200)))\n"
        "try: model.save(sys.argv[1])\n"
        "except OSError as error: print('refused:', error)\n"
    )
    path = tmp_path / "model.coals"
    path.write_bytes(b"old")
    source = str(Path(coals.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source}
    done = subprocess.run([sys.executable, "-c", code, path], env=environment, capture_output=True, encoding="utf-8")
    assert "refused: [Errno 27]" in done.stdout, done.stderr
    assert [(p, p.read_bytes()) for p in tmp_path.iterdir()] == [(path, b"old")]


def test_where_it_cannot_be_written(ratings, tmp_path):
    model = coals.Popularity().fit(ratings)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        model.save(tmp_path / "none" / "file")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        model.save(tmp_path)


def test_links_and_permissions_stay(ratings, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    coals.Popularity().fit(ratings).save(link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert coals.load(target).n_items_ == 40
