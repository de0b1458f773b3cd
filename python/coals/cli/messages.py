"""Errors of the library in the words of the shell: one line, with options in place of Python's arguments."""

from __future__ import annotations

import re
from typing import Any

import click

__all__ = ["in_shell", "one_line"]

# An argument that a message begins with, or whose name cannot be a word of prose; and name=value as Python is called,
# with any value that messages show.
_NAME = re.compile(r"^([a-z_]+)(?= (?:must|goes|is|takes)\b)|\b([a-z]+(?:_[a-z]+)+)\b(?!=)")
_ARGUMENT = re.compile(r"\b([a-z][a-z_0-9]*)=('[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([^)]*\)|-?\w[\w.+-]*)?")
# What Python calls arguments that have another name in the shell.
_CALLED = {
    "on": "titles_id", "num_threads": "threads", "random_state": "seed", "test": "test_file", "k": "leave_out",
}  # fmt: skip


def one_line(text: str) -> str:
    """Without line ends and other control characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", " ".join(text.split()))


def in_shell(
    text: str, command: click.Command | None, parameters: frozenset[str] = frozenset(), before: str = ""
) -> str:
    """The text with arguments of Python as options of a command: header=True is --header there, or `before` the name.

    `parameters` are those of models, which `--set` takes. What the command has no option for stays as it is.

    >>> show = click.Command("show", params=[click.Option(["--header/--no-header"]), click.Option(["--quote"])])
    >>> in_shell("pass header=True or quote=None; unknown='skip' leaves it out", show)
    "pass --header or --quote none; unknown='skip' leaves it out"
    """
    options = {p.name: p for p in (command.params if command else []) if isinstance(p, click.Option)}

    def option(match: re.Match[str]) -> str:
        name, value = match[1], match[2]
        plain = "" if value is None else value.strip("'\"")
        found = options.get(before + name) or options.get(_CALLED.get(name, name))
        if found is not None:
            return _written(found, "none" if plain == "None" else plain)
        if name in parameters and "settings" in options and plain:
            return f"--set {name}={plain}"
        return match[0]

    def bare(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found = options.get(_CALLED.get(name, name))
        if found is not None:
            return max(found.opts, key=len)
        return f"--set {name}" if match[1] and name in parameters and "settings" in options else name

    text = text.replace("data with item titles", "titles (--titles FILE)") if "titles" in options else text
    if "sql" in options:
        text = text.replace("Interactions.from_sql(query, connection=path)", "--sql QUERY").replace(", time=", "")
    return _ARGUMENT.sub(option, _NAME.sub(bare, text))


def _written(option: Any, value: str) -> str:
    if option.is_flag:
        names = option.secondary_opts if value == "False" and option.secondary_opts else option.opts
        return str(names[0]) if value != "False" or option.secondary_opts else f"no {names[0]}"
    name = max(option.opts, key=len)
    return f"{name} {value}" if value else str(name)
