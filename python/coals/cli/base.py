"""Shared by all commands: errors of one line, models by name, ids from text, files to write."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

import click
import numpy as np

import coals
from coals.data.ids import IdIndex
from coals.persistence.atomic import resolved, written_whole

__all__ = ["CannotDo", "OneLineGroup", "check_target", "ids_of", "made", "model_names", "note", "write"]


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
            raise CannotDo("out of memory") from error
        except (ValueError, TypeError, ImportError, OverflowError, RecursionError) as error:
            raise CannotDo(one_line(str(error)) or type(error).__name__) from error


def one_line(text: str) -> str:
    """Without line ends and other control characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", " ".join(text.split()))


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
        raise CannotDo(f"--model {name}: choose one of {', '.join(known)}")
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

_PARSERS: dict[type, Any] = {
    int: int,
    float: float,
    str: str,
    bytes: str.encode,
    uuid.UUID: uuid.UUID,
    dt.datetime: dt.datetime.fromisoformat,
    dt.date: dt.date.fromisoformat,
}


def ids_of(index: IdIndex, texts: list[str]) -> Any:
    """Ids of the type that the model has, from text."""
    kind = int if index.ids is None else type(index.ids[:1].tolist()[0])
    parser = _PARSERS.get(kind)
    if parser is None:
        raise CannotDo(
            f"{index.kind} ids are {kind.__name__} in this model, which the command line cannot express: use Python"
        )
    try:
        parsed = [parser(text) for text in texts]
    except ValueError:
        bad = next(text for text in texts if not _parses(parser, text))
        raise CannotDo(f"{index.kind} ids are {kind.__name__} in this model, got {bad!r}") from None
    if kind in (int, float, str):
        return parsed
    return np.fromiter(parsed, dtype=object, count=len(parsed))


def _parses(parser: Any, text: str) -> bool:
    try:
        parser(text)
    except ValueError:
        return False
    return True


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
