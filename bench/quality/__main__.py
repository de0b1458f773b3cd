"""`python -m bench.quality --data-dir DIR`: all models on goodbooks and ml-latest-small under one protocol.

`--data goodbooks-sample` needs no files: it comes with coals. `--file FILE --user COLUMN --item COLUMN` measures on a
table of text instead. `--search` searches for parameters, using only the training part, and writes them to
`bench/quality/settings.json`, which the tables read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import coals
from bench.quality import protocol
from bench.quality.models import contenders


def sample(_: Path) -> Any:
    return coals.datasets.goodbooks()


def goodbooks(folder: Path) -> Any:
    data = coals.Interactions.from_csv(
        folder / "goodbooks/ratings.csv.gz", user="user_id", item="book_id", value="rating", duplicates="last"
    )
    return with_texts(data, folder / "goodbooks/books.csv.gz", "id", ["title", "authors"])


def ml_latest_small(folder: Path) -> Any:
    data = coals.Interactions.from_csv(
        folder / "ml-latest-small/ratings.csv.gz", user="userId", item="movieId", value="rating"
    )
    return with_texts(data, folder / "ml-latest-small/movies.csv.gz", "movieId", ["title", "genres"])


def with_texts(data: Any, path: Path, key: str, columns: list[str]) -> Any:
    """Titles that hold all that ContentKNN can go by."""
    import csv
    import gzip

    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = {int(row[key]): " ".join(row[column] for column in columns) for row in csv.DictReader(file)}
    ids = data.items.ids.tolist()
    return coals.Interactions.from_matrix(
        data.matrix, user_ids=data.users.ids, item_ids=data.items.ids, item_titles=[texts.get(i, "") for i in ids]
    )


DATA = {"goodbooks-sample": sample, "goodbooks": goodbooks, "ml-latest-small": ml_latest_small}


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    for name in [options.file.name] if options.file else options.data:
        data = from_file(options) if options.file else DATA[name](options.data_dir)
        if options.search:
            look_for(name, data, options)
        else:
            show(name, data, options)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="holds goodbooks/ and ml-latest-small/")
    parser.add_argument("--file", type=Path, help="measure on this table of text")
    for column in ("user", "item", "value"):
        parser.add_argument(f"--{column}", metavar="COLUMN", help=f"column of {column}s in --file, by name or position")
    parser.add_argument("--settings", choices=DATA, help="data set whose parameters to use (for --file the sample's)")
    parser.add_argument("--models", nargs="+", help="lines of the table; all by default")
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--trials", type=int, default=protocol.TRIALS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", type=Path, help="add each line to this file of JSON lines")
    options = parser.parse_args(argv)
    if options.file and not (options.user and options.item):
        parser.error("--file needs --user and --item: the columns of users and items, by name or position")
    if not options.file and (options.user or options.item or options.value):
        parser.error("--user, --item and --value are columns of a table: give --file FILE, too")
    if options.file and options.search:
        parser.error("--search writes the parameters of --data; search for those of --file with coals.search")
    return options


def from_file(options: argparse.Namespace) -> coals.Interactions:
    columns = {
        name: int(column) if column.isdecimal() else column
        for name in ("user", "item", "value")
        if (column := getattr(options, name)) is not None
    }
    return coals.Interactions.from_csv(options.file, duplicates="last", **columns)


def chosen(options: argparse.Namespace, data: Any) -> dict[str, Any]:
    """The lines to measure: ContentKNN needs titles."""
    lines = contenders()
    names = options.models or [name for name in lines if name != "ContentKNN" or data.item_titles is not None]
    return {name: lines[name] for name in names}


def look_for(name: str, data: Any, options: argparse.Namespace) -> None:
    train, _ = protocol.halves(data, options.seed)
    for line, entry in chosen(options, data).items():
        own = protocol.settings_of(name)
        found = protocol.find_settings(
            line, entry, train, own, seed=options.seed, num_threads=options.threads, trials=options.trials
        )
        print(name, line, found, file=sys.stderr, flush=True)
        if found is not None:
            settings = protocol.recorded_settings()
            settings.setdefault(name, {})[line] = found
            text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
            protocol.SETTINGS.write_text(text, encoding="utf-8")


def show(name: str, data: Any, options: argparse.Namespace) -> None:
    train, test = protocol.halves(data, options.seed)
    settings = protocol.settings_of(options.settings or name)
    lines: dict[str, Any] = {}
    for line, entry in chosen(options, data).items():
        model = protocol.made(line, entry, settings, options.seed, options.threads)
        lines[line] = protocol.measured(model, train, test)
        print(name, line, lines[line], file=sys.stderr, flush=True)
        if options.json is not None:
            with options.json.open("a", encoding="utf-8") as file:
                fields = {"data": name, "model": line, "seed": options.seed, **lines[line]}
                file.write(json.dumps(fields) + "\n")
    users = next(iter(lines.values()))["users"]
    print(f"\n{name}: {train.nnz} entries to learn from, {test.nnz} held out, of {users} users")
    print(protocol.table_text(lines), flush=True)


if __name__ == "__main__":
    main()
