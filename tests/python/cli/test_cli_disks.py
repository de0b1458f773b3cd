"""Disks that are full, or take nothing: one line, exit code 2, and what was there is still there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coals

PREPARE = 'mount -t tmpfs -o size={size} tmpfs "$DISK" && printf old > "$DISK/old.coals"'


def unavailable():
    """Why there can be no file system of one's own here, if so."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "file systems of one's own need unshare of Linux"
    tried = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True)
    return "no file systems of one's own: " + tried.stderr.strip() if tried.returncode else ""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "plays.csv"
    path.write_bytes(b"".join(b"u%d,i%d,1\n" % (i, i % 50) for i in range(3000)))
    return path


def saved_to(folder, script, *command):
    """Runs a command of coals on a file system that the script makes at $DISK; what is said, and what is there then."""
    reason = unavailable()
    if reason:
        pytest.skip(reason)
    run = script + ' && { "$@"; echo "code $?"; ls -A "$DISK"; cat "$DISK/old.coals"; }'
    source = str(Path(coals.__file__).parents[1])
    environment = {**os.environ, "DISK": str(folder), "PYTHONPATH": source, "PYTHONUTF8": "1"}
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", run, "sh", sys.executable, "-m", "coals", *map(str, command)],
        env=environment, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["old.coals", "new.coals"])
@pytest.mark.parametrize(
    ("script", "because"),
    [
        (PREPARE.format(size="64k"), "No space left on device"),
        (PREPARE.format(size="1m") + ' && mount -o remount,ro "$DISK"', "Read-only file system|no permission"),
    ],
    ids=["full", "read-only"],
)
def test_a_model_that_cannot_be_saved(tmp_path, table, name, script, because):
    command = ["fit", table, "--user", "0", "--item", "1", "--save", tmp_path / name]
    done = saved_to(tmp_path, script, *command)
    assert done.stdout.splitlines() == ["code 2", "old.coals", "old"]
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert any(reason in errors[0] for reason in because.split("|")), errors
    assert "Traceback" not in done.stderr


def test_a_model_that_fits(tmp_path, table):
    """The same way, so that the tests above fail for the disk alone."""
    command = ["fit", table, "--user", "0", "--item", "1", "--factors", "2", "--save", tmp_path / "new.coals"]
    done = saved_to(tmp_path, PREPARE.format(size="8m"), *command)
    assert done.stdout.splitlines() == ["code 0", "new.coals", "old.coals", "old"]
