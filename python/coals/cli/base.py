"""Shared by all commands: errors of one line, models by name, ids from text, files to write."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import numpy as np

import coals
from coals._util.checks import did_you_mean
from coals._util.memory import NotEnoughMemory
from coals.cli.messages import in_shell, one_line
from coals.data.ids import IdIndex
from coals.persistence.atomic import resolved, written_whole

__all__ = [
    "Asked",
    "CannotDo",
    "OneLineGroup",
    "check_target",
    "id_array",
    "ids_of",
    "made",
    "model_names",
    "note",
    "unknown_option",
    "write",
]


Command = TypeVar("Command", bound=Callable[..., Any])


class CannotDo(click.ClickException):
    """One line on stderr, without the usage, and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"Error: {self.format_message()}", err=True)


class OneLineGroup(click.Group):
    """Commands whose errors are one line on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            where = (error.ctx or ctx).command_path
            raise CannotDo(f"{one_line(error.format_message())} (see {where} --help)") from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotDo(_of_file(error)) from error
        except MemoryError as error:
            known = isinstance(error, NotEnoughMemory)
            raise CannotDo(self._said(ctx, error) if known else "out of memory") from error
        except (ValueError, TypeError, ImportError, OverflowError, RecursionError) as error:
            raise CannotDo(self._said(ctx, error)) from error

    def _said(self, ctx: click.Context, error: Exception) -> str:
        """The message of an error in the words of the command that was called."""
        called = ctx.invoked_subcommand
        command = None if called is None else self.get_command(ctx, called)
        parameters = frozenset(name for model in model_names().values() for name in model._parameter_names())
        return one_line(in_shell(str(error), command, parameters)) or type(error).__name__


def _of_file(error: OSError) -> str:
    if error.strerror is None:
        return one_line(str(error))
    return one_line(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)


def note(text: str) -> None:
    """Prints a message to stderr."""
    click.echo(one_line(text), err=True)


# --- models ---


def model_names() -> dict[str, type[coals.Recommender]]:
    """Every model that can be fitted to a table alone, by its name on the command line: implicit-als is ImplicitALS."""
    between = r"(?<=[a-z])(?=[A-Z]..)|(?<=[A-Z])(?=[A-Z][a-z])"
    return {re.sub(between, "-", name).lower(): getattr(coals, name) for name in coals.MODELS if name != "Hybrid"}


def made(name: str, settings: dict[str, Any], **common: Any) -> coals.Recommender:
    """A model with the settings, and with those of `common` that are not None and are parameters of it."""
    known = model_names()
    if name not in known:
        hint = did_you_mean(name, known, "") or " there is no such model."
        raise CannotDo(f"--model {name}:{hint} Choose one of {', '.join(known)}")
    cls = known[name]
    taken = {key: value for key, value in common.items() if value is not None and key in cls._parameter_names()}
    return cls(**{**taken, **settings})


def settings_of(texts: tuple[str, ...]) -> dict[str, Any]:
    """From NAME=VALUE, with the value in JSON, or else a string."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CannotDo(f"--set {text}: write it as name=value, such as --set alpha=40")
        try:
            parsed = json.loads(value.replace("True", "true").replace("False", "false").replace("None", "null"))
        except ValueError:
            parsed = value
        settings[name.replace("-", "_")] = tuple(parsed) if isinstance(parsed, list) else parsed
    return settings


# --- ids ---


def unknown_option(*choices: str, default: str = "raise", what: str) -> Callable[[Command], Command]:
    """The option `--unknown`."""
    kinds = click.Choice(choices)
    return click.option("--unknown", type=kinds, default=default, show_default=True, help=what)


_PARSERS: dict[type, Any] = {
    int: int,
    float: float,
    str: str,
    bytes: str.encode,
    uuid.UUID: uuid.UUID,
    dt.datetime: dt.datetime.fromisoformat,
    dt.date: dt.date.fromisoformat,
}
_WORDS = {int: "integers", float: "numbers", uuid.UUID: "UUIDs", dt.datetime: "dates and times", dt.date: "dates"}


class Asked(NamedTuple):
    """Ids as text, and for each the place that it comes from, such as "users.txt, line 3"."""

    texts: list[str]
    places: list[str]


def ids_of(index: IdIndex, asked: Asked, unknown: str = "raise") -> list[Any]:
    """Ids of the type that the model has, from text. Unless ``unknown`` has a use for them, all must be known."""
    kind = int if index.ids is None else type(index.ids[:1].tolist()[0])
    parser = _PARSERS.get(kind)
    if parser is None:
        raise CannotDo(
            f"{index.kind} ids are {kind.__name__} in this model, which the command line cannot express: use Python"
        )
    parsed = []
    for text, place in zip(*asked, strict=True):
        try:
            parsed.append(parser(text))
        except ValueError:
            raise CannotDo(
                f"{place}: {index.kind} ids are {_WORDS.get(kind, kind.__name__)} in this model, got {text!r}"
            ) from None
    found = index.find(id_array(index, parsed)) if parsed else np.zeros(0, np.int64)
    missing = np.flatnonzero(found < 0).tolist()
    if missing and unknown == "raise":
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise CannotDo(
            f"{asked.places[missing[0]]}: unknown {index.kind} id {parsed[missing[0]]!r}{more}: not among the "
            f"{index.size:,} {index.kind}s of the model; --unknown skip leaves it out"
        )
    if missing:
        what = "get popular items" if unknown == "popular" else "skipped"
        first = f"{parsed[missing[0]]!r} ({asked.places[missing[0]]})"
        note(f"{len(missing):,} of {len(parsed):,} {index.kind} ids are unknown to the model ({what}), {first} first")
    return parsed


def id_array(index: IdIndex, parsed: list[Any]) -> Any:
    """Ids as the library takes them."""
    plain = index.ids is None or index.ids.dtype.kind in "iufU"
    return parsed if plain else np.fromiter(parsed, dtype=object, count=len(parsed))


# --- files to write ---


def check_target(option: str, path: Path) -> None:
    """Raises before the work if the file cannot be written."""
    folder = path.absolute().parent
    try:
        resolved(path)
    except OSError as error:
        raise CannotDo(f"{option} {path}: {error.strerror}") from None
    if path.is_dir():
        raise CannotDo(f"{option} {path}: is a folder, name a file in it")
    if not folder.is_dir():
        raise CannotDo(f"{option} {path}: there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise CannotDo(f"{option} {path}: no permission to write there")


def write(option: str, path: Path, content: bytes) -> None:
    """Atomic: on an error, an old file stays as it was."""
    try:
        with written_whole(path) as file:
            file.write(content)
    except OSError as error:
        raise CannotDo(f"{option} {path}: {error.strerror or error}") from None
    note(f"Wrote {path}")
