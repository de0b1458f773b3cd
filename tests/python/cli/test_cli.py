"""The command line: what is asked for appears, and what cannot be done is said in one line before the work."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

import coals
from coals import cli
from coals.cli import base


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run in this process that writes all it can, and the folder it wrote to."""
    folder = tmp_path_factory.mktemp("demo")
    plot = ["--plot", folder / "curve.svg"] if find_spec("matplotlib") else []
    result = run("demo", "--json", folder / "figures.json", *plot)
    assert result.exit_code == 0, result.output
    return result, folder


def test_version_and_help():
    assert run("--version").output == f"coals {coals.__version__}\n"
    assert "demo" in run("--help").output
    for option in ("--plot", "--json", "--seed", "--threads"):
        assert option in run("demo", "--help").output
    assert run("--version").exit_code == run("--help").exit_code == run("demo", "-h").exit_code == 0


def test_files_hold_what_was_shown_and_nothing_else_is_left(finished):
    result, folder = finished
    figures = read(folder / "figures.json")
    assert figures["coals"] == coals.__version__
    for name, found in figures["accuracy"]["models"].items():
        assert re.search(rf"^{name} .* {found['ndcg@10']:.3f} ", result.stdout, re.MULTILINE)
    assert figures["accuracy"]["models"]["ImplicitALS"]["rmse"] is None
    plots = {"curve.svg"} if find_spec("matplotlib") else set()
    assert {path.name for path in folder.iterdir()} == {"figures.json"} | plots
    for name in plots:
        picture = (folder / name).read_text(encoding="utf-8")
        assert "<svg" in picture
        assert "ImplicitALS" in picture


def test_the_command_to_try_next_runs_in_a_fresh_process(finished, tmp_path):
    (command,) = re.findall(r"^  (\S+ -m coals demo --seed 1 .*)$", finished[0].stdout, re.MULTILINE)
    assert (command.split()[0] == "python") or Path(command.split()[0]).samefile(sys.executable)
    environment = {**os.environ, "PYTHONPATH": str(Path(coals.__file__).parents[1]), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, *command.split()[1:]], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "Wrote demo.json\n")
    assert "Fitting" not in done.stdout
    assert "\r" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    models = read(tmp_path / "demo.json")["accuracy"]["models"]
    for name in ("ItemCooccurrence", "ImplicitALS"):
        assert models[name]["ndcg@10"] > 10 * models["Popularity"]["ndcg@10"]


@pytest.mark.parametrize(
    ("option", "path", "because"),
    [
        ("--json", "missing/figures.json", "there is no folder"),
        ("--json", ".", "is a folder"),
        ("--plot", "missing/curve.png", "there is no folder"),
        ("--plot", "curve.doc", "ends in .png"),
        ("--plot", "curve", "ends in .png"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_the_work(monkeypatch, tmp_path, option, path, because):
    monkeypatch.setattr("coals.cli.demo.Demo", None)
    result = run("demo", option, tmp_path / path)
    assert result.exit_code == 2
    assert re.fullmatch(rf"Error: {option} {re.escape(str(tmp_path / path))}: .*{because}.*\n", result.output)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_permission_is_refused_before_the_work(monkeypatch, tmp_path):
    monkeypatch.setattr("coals.cli.demo.Demo", None)
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)  # root may write anywhere
    result = run("demo", "--json", tmp_path / "figures.json")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert f"{tmp_path / 'figures.json'}: no permission" in result.output


def test_without_matplotlib_the_picture_is_refused_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr("coals.cli.demo.Demo", None)
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("demo", "--plot", tmp_path / "curve.png")
    assert (result.exit_code, result.output) == (
        2,
        "Error: --plot needs matplotlib: pip install matplotlib\n",
    )


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_half_written(monkeypatch, tmp_path):
    target = tmp_path / "figures.json"
    target.write_bytes(b"old")

    def fill_up(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fill_up)
    with pytest.raises(base.CannotDo, match=re.escape(f"--json {target}: No space left on device")):
        base.write("--json", target, b"new content")
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(target, b"old")]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    link = tmp_path / "link"
    try:
        link.symlink_to(tmp_path / "target")
    except OSError:
        pytest.skip("no symbolic links here")
    base.write("--json", link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system here")
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    base.write("--json", pipe, b"figures")
    reader.join(timeout=10)
    assert received == [b"figures"]
    assert pipe.is_fifo()


def test_an_output_without_the_letters_shows_question_marks():
    done = subprocess.run(
        [sys.executable, "-c", "from coals.cli.output import say; say('Zając – ok')"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(coals.__file__).parents[1]),
            "PYTHONUTF8": "0",
            "PYTHONIOENCODING": "ascii",
        },
        capture_output=True,
    )
    assert (done.returncode, done.stdout.split()) == (0, [b"Zaj?c", b"?", b"ok"])
