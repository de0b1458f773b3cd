"""The group of commands."""

from __future__ import annotations

import click

import coals
from coals.cli.base import OneLineGroup
from coals.cli.demo import demo
from coals.cli.evaluate import bench, evaluate
from coals.cli.fit import fit
from coals.cli.recommend import info, recommend, search, similar

__all__ = ["main"]


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

    Results go to the standard output as a table, CSV or JSON lines; messages go to the standard error.
    """


for _command in (demo, fit, recommend, similar, search, evaluate, info, bench):
    main.add_command(_command)
