"""The command line: ``coals`` or ``python -m coals``."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

import coals

__all__ = ["main"]

_PICTURES = ("png", "pdf", "svg", "jpg")


class CannotDo(click.ClickException):
    """One line on stderr, without the usage, and exit code 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(coals.__version__, prog_name="coals", message="%(prog)s %(version)s")
def main() -> None:
    """Co-occurrence and alternating least squares: a fast recommender core."""


@main.command()
@click.option("--plot", type=click.Path(path_type=Path), help="Draw precision over recall into this file.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures to this file.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of split and models.")
@click.option("--threads", type=click.IntRange(min=1), help="Default: every processor it may use.")
def demo(plot: Path | None, json_file: Path | None, seed: int, threads: int | None) -> None:
    """Recommend real books to a real reader, in seconds.

    Fits four models to 176,233 book ratings that come with coals, measures them on ratings they have not
    seen, and shows what each recommends to one reader.
    """
    for option, path in (("--plot", plot), ("--json", json_file)):
        if path is not None:
            _check_target(option, path)
    if plot is not None:
        _check_picture(plot)
    from coals import _demo_text
    from coals.demo import Demo

    show = Demo(seed=seed, num_threads=threads)
    figures: dict[str, Any] = {"coals": coals.__version__}
    for name, as_text in _demo_text.SECTIONS.items():
        figures[name] = getattr(show, name)()
        _say(as_text(figures[name]))
    best = figures["accuracy"]["models"]["ImplicitALS"]["made_by"]
    _say(_demo_text.next_steps(_python(), figures["reader"]["id"], best))
    if plot is not None:
        _write("--plot", plot, show.picture(_file_format(plot)))
    if json_file is not None:
        text = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
        _write("--json", json_file, f"{text}\n".encode())


def _say(text: str) -> None:
    # A stream that lacks a letter of some title, or the dash, shall show a ? instead of failing.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def _python() -> str:
    """What to type to get this Python."""
    if shutil.which("python") == sys.executable:
        return "python"
    here = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(Path.cwd()) else sys.executable
    return here if len(here) <= 40 and " " not in here else "python"


def _check_target(option: str, path: Path) -> None:
    """Better before the work than after it."""
    folder = path.absolute().parent
    if path.is_dir():
        raise CannotDo(f"{option} {path}: is a folder, name a file in it")
    if not folder.is_dir():
        raise CannotDo(f"{option} {path}: there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise CannotDo(f"{option} {path}: no permission to write there")


def _check_picture(path: Path) -> None:
    if _file_format(path) not in _PICTURES:
        raise CannotDo(f"--plot {path}: name a file that ends in .{', .'.join(_PICTURES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise CannotDo("--plot needs matplotlib: pip install matplotlib") from None


def _file_format(path: Path) -> str:
    return path.suffix.lstrip(".").lower()


def _write(option: str, path: Path, content: bytes) -> None:
    """All of it or nothing: a file is written beside its place and then renamed; a device or a pipe is not."""
    in_place = path.exists() and not path.is_file()
    target = path if in_place else path.resolve()
    part = path if in_place else target.with_name(f".{target.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        if not in_place:
            part.replace(target)
    except OSError as error:
        raise CannotDo(f"{option} {path}: {error.strerror or error}") from None
    finally:
        if not in_place:
            part.unlink(missing_ok=True)
    click.echo(f"Wrote {path}", err=True)
