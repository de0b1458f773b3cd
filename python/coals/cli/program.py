"""The group of commands, and ``coals demo``."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

import coals
from coals.cli.base import CannotDo, OneLineGroup, check_target, write
from coals.cli.evaluate import bench, evaluate
from coals.cli.fit import fit
from coals.cli.output import say
from coals.cli.serve import info, recommend, search, similar

__all__ = ["main"]

_PICTURES = ("png", "pdf", "svg", "jpg")


@click.group(
    cls=OneLineGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  coals demo
  coals fit ratings.csv --user user_id --item book_id --value rating --save books.coals
  coals recommend books.coals --user 314 -n 10
""",
)
@click.version_option(coals.__version__, prog_name="coals", message="%(prog)s %(version)s")
def main() -> None:
    """Co-occurrence and alternating least squares: a fast recommender core.

    Answers go to the standard output as a table, CSV or JSON lines; messages go to the standard error.
    """


for _command in (fit, recommend, similar, search, evaluate, info, bench):
    main.add_command(_command)


@main.command(
    epilog="""\b
Example:
  coals demo --plot curve.png --json demo.json
"""
)
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
            check_target(option, path)
    if plot is not None:
        _check_picture(plot)
    from coals.cli import demo_text
    from coals.cli.demo import Demo

    show = Demo(seed=seed, num_threads=threads)
    figures: dict[str, Any] = {"coals": coals.__version__}
    for name, as_text in demo_text.SECTIONS.items():
        figures[name] = getattr(show, name)()
        say(as_text(figures[name]))
    best = figures["accuracy"]["models"]["ImplicitALS"]["made_by"]
    say(demo_text.next_steps(_python(), figures["reader"]["id"], best))
    if plot is not None:
        write("--plot", plot, show.picture(_file_format(plot)))
    _write_figures(json_file, figures)


def _write_figures(path: Path | None, figures: dict[str, Any]) -> None:
    if path is not None:
        text = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
        write("--json", path, f"{text}\n".encode())


def _python() -> str:
    """What to type to get this Python."""
    if shutil.which("python") == sys.executable:
        return "python"
    here = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(Path.cwd()) else sys.executable
    return here if len(here) <= 40 and " " not in here else "python"


def _check_picture(path: Path) -> None:
    if _file_format(path) not in _PICTURES:
        raise CannotDo(f"--plot {path}: name a file that ends in .{', .'.join(_PICTURES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise CannotDo("--plot needs matplotlib: pip install matplotlib") from None


def _file_format(path: Path) -> str:
    return path.suffix.lstrip(".").lower()
