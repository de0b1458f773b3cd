"""`python -m bench.quality --data-dir DIR`: all models on goodbooks and ml-latest-small under one protocol.

With `--search` the parameters are looked for first, on the training part alone, and written to
`python/coals/datasets/settings.json`, which this table and `coals demo --all` read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import coals
from coals.cli import quality
from coals.cli.quality_models import contenders

SETTINGS = Path(__file__).parents[2] / "python/coals/datasets/settings.json"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="holds goodbooks/ and ml-latest-small/")
    parser.add_argument("--models", nargs="+", help="lines of the table; all by default")
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--trials", type=int, default=quality.TRIALS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", type=Path, help="add each line to this file of JSON lines")
    arguments = parser.parse_args()
    for name in arguments.data:
        if arguments.search:
            look_for(name, arguments)
        else:
            show(name, arguments)


def chosen(arguments: Any) -> dict[str, Any]:
    lines = contenders()
    return {name: lines[name] for name in arguments.models or lines}


def recorded() -> dict[str, Any]:
    return json.loads(SETTINGS.read_text(encoding="utf-8")) if SETTINGS.exists() else {}


def look_for(name: str, arguments: Any) -> None:
    train, _ = quality.halves(DATA[name](arguments.data_dir), arguments.seed)
    for line, entry in chosen(arguments).items():
        own = quality.settings_of(name)
        found = quality.find_settings(
            line, entry, train, own, seed=arguments.seed, num_threads=arguments.threads, trials=arguments.trials
        )
        print(name, line, found, file=sys.stderr, flush=True)
        if found is not None:
            settings = recorded()
            settings.setdefault(name, {})[line] = found
            SETTINGS.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(name: str, arguments: Any) -> None:
    data = DATA[name](arguments.data_dir)
    train, test = quality.halves(data, arguments.seed)
    settings = quality.settings_of(name)
    lines: dict[str, Any] = {}
    for line, entry in chosen(arguments).items():
        model = quality.made(line, entry, settings, arguments.seed, arguments.threads)
        lines[line] = quality.measured(model, train, test)
        print(name, line, lines[line], file=sys.stderr, flush=True)
        if arguments.json is not None:
            with arguments.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"data": name, "model": line, "seed": arguments.seed, **lines[line]}) + "\n")
    users = next(iter(lines.values()))["users"]
    print(f"\n{name}: {train.nnz} entries to learn from, {test.nnz} held out, of {users} users")
    print(quality.table_text(lines), flush=True)


if __name__ == "__main__":
    main()
