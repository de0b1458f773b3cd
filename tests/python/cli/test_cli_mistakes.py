"""Mistakes on the command line that would cost something: each is refused before the work."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from test_cli_bad_input import GOOD, NAMED, folder, refused

__all__ = ["folder"]  # a fixture


def test_a_table_is_not_overwritten_by_its_model(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name, content in (("table", GOOD), ("titles", b"item,title\nx,Xanadu\n")):
        (folder / name).write_bytes(content)
    (folder / "link").symlink_to("table")
    for target in ("table", "titles", "link"):
        said = refused(["fit", "table", *NAMED, "--titles", "titles", "--save", target], folder)
        assert said == f"Error: --save {target}: that is the table to read; name another file"


def test_links_in_a_circle(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "table").write_bytes(GOOD)
    (folder / "loop").symlink_to("loop")
    assert "symbolic links" in refused(["fit", "table", *NAMED, "--save", "loop"], folder)


def test_options_are_named_as_they_are_typed(folder):
    (folder / "table").write_bytes(GOOD)
    (folder / "titles").write_bytes(b"item,title\nx,Xanadu\n")
    given = ["fit", folder / "table", *NAMED, "--titles", folder / "titles", "--save", folder / "new"]
    assert refused([*given, "--titles-id", "song"], folder).startswith("Error: --titles-id song: there is no such")
    assert refused([*given, "--title", "name"], folder).startswith("Error: --title name: there is no such column")


def test_a_setting_that_no_model_knows(folder):
    (folder / "table").write_bytes(GOOD)
    said = refused(["evaluate", folder / "table", *NAMED, "--set", "nonsense=3"], folder)
    assert said == "Error: --set nonsense=3: none of the models has this parameter"


def test_a_list_of_users_without_any(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "none").write_bytes(b"\n\n")
    said = refused(["recommend", "good.coals", "--users-from", "none"], folder)
    assert said == "Error: --users-from: the file contains no ids"


def test_a_file_that_cannot_be_written_has_its_own_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "table").write_bytes(GOOD)
    monkeypatch.setattr(Path, "open", no_permission)
    said = refused(["fit", "table", *NAMED, "--save", "new.coals"], folder)
    assert said == "Error: cannot write new.coals: Permission denied"


def no_permission(path, mode="r", *others, **options):
    if mode == "wb":
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return open(path, mode, *others, **options)
