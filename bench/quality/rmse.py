"""Accuracy of predicted ratings, against other libraries: `python -m bench.quality.rmse --ratings-dir DIR`.

Each contender's hyperparameters are searched within the training part of the first of five folds; the best are then
fitted and tested on all of them. DIR holds `<data>/ratings.csv.gz`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.quality.rmse_contenders import CONTENDERS, Contender, Grid, Params, Ratings
from coals._util.text_table import aligned

__all__ = ["Result", "folds", "read_ratings", "search"]

#: Columns of users, items and ratings.
COLUMNS = {"ml-latest-small": ("userId", "movieId", "rating"), "goodbooks": ("user_id", "book_id", "rating")}
TITLES = [
    "data",
    "contender",
    "best parameters",
    "tried",
    "search",
    "RMSE",
    "sd",
    "less coals",
    "MAE",
    "fits s",
    "CPU s",
]
LEFT = (0, 1, 2)
Rows = npt.NDArray[np.int64]


@dataclass
class Result:
    """One line of the table. `tried` are all parameters of the search with their validation RMSE; lists are by fold."""

    data: str
    contender: str
    seed: int
    folds: int
    missing: str = ""
    version: str = ""
    best: Params = field(default_factory=dict)
    tried: list[tuple[Params, float]] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    rmse: list[float] = field(default_factory=list)
    mae: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


def read_ratings(path: Path, columns: Sequence[str]) -> Ratings:
    """Ids become positions; of a pair that comes twice the last row counts. Sorted by user, then item."""
    with gzip.open(path, "rt") as file:
        titles = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",", usecols=[titles.index(title) for title in columns])[::-1]
    users, items = (np.unique(table[:, side], return_inverse=True)[1].astype(np.int64) for side in (0, 1))
    shape = int(users.max()) + 1, int(items.max()) + 1
    _, last = np.unique(users * shape[1] + items, return_index=True)
    return Ratings(users[last].astype(np.int32), items[last].astype(np.int32), table[last, 2].astype(np.float32), shape)


def folds(count: int, parts: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows to train and to test on: each of `count` rows, in shuffled order, is tested once."""
    tests = np.array_split(np.random.default_rng(seed).permutation(count), parts)
    for test in tests:
        yield np.setdiff1d(np.arange(count), test, assume_unique=True), np.sort(test)


def errors(
    contender: Contender, params: Params, train: Ratings, test: Ratings, seed: int, threads: int
) -> tuple[float, float, float, float]:
    """RMSE and MAE on `test` of a fit to `train`, clipped to the range of `train`; seconds and CPU seconds of the fit.

    A busy or paused machine stretches the first and hardly the second, which adds all threads up.
    """
    data = contender.prepare(train)
    begin, cpu = time.perf_counter(), time.process_time()
    model = contender.fit(data, params, seed, threads)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    predicted = np.clip(contender.predict(model, test).astype(np.float64), train.values.min(), train.values.max())
    off = predicted - test.values
    return float(np.sqrt(np.mean(off**2))), float(np.mean(np.abs(off))), seconds, cpu


def search(grid: Grid, start: Params, loss: Callable[[Params], float]) -> tuple[Params, list[tuple[Params, float]]]:
    """The best parameters found by coordinate descent over the grid, and all that were tried with their losses.

    Tries all values of one parameter, keeps the best, goes on to the next; then only neighbors of the best, around
    until nothing changes. The full grid would take hours.
    """
    tried: dict[tuple[object, ...], float] = {}

    def known(params: Params) -> float:
        key = tuple(params[name] for name in grid)
        if key not in tried:
            tried[key] = loss(params)
        return tried[key]

    best, before = start, None
    while best != before:
        first, before = before is None, best
        for name, values in grid.items():
            at = values.index(best[name])
            near = values if first else values[max(at - 1, 0) : at + 2]
            best = min([best, *({**best, name: value} for value in near)], key=known)
    return best, [(dict(zip(grid, key, strict=True)), value) for key, value in tried.items()]


def edges(grid: Grid, best: Params) -> list[str]:
    """Parameters whose best value is the first or last one tried: a wider grid might do better.

    A penalty is at the edge if its lambda is, among those of its exponent.
    """
    found = []
    for name, values in grid.items():
        value = best[name]
        alike = [other for other in values if other[0] == value[0]] if isinstance(value, tuple) else values
        if len(alike) > 2 and value in (alike[0], alike[-1]):
            found.append(name)
    return found


def compare(ratings: Ratings, result: Result, options: argparse.Namespace, save: Callable[[], None]) -> None:
    """Fills one contender's `result` in: search, then all folds, each unless it is there already."""
    contender = CONTENDERS[result.contender]
    result.missing = contender.missing() or ""
    if result.missing:
        return
    result.version = contender.version()
    splits = [
        (ratings.part(train), ratings.part(test)) for train, test in folds(len(ratings), result.folds, result.seed)
    ]
    if not result.best:
        find_best(contender, result, splits[0][0], options.threads)
        save()
    for train, test in splits[len(result.rmse) :] if not options.search_only else []:
        figures = errors(contender, result.best, train, test, result.seed, options.threads)
        for figure, kept in zip(figures, (result.rmse, result.mae, result.seconds, result.cpu_seconds), strict=True):
            kept.append(figure)
        log(f"{result.data} {result.contender} fold {len(result.rmse)}: {figures[0]:.4f} in {figures[2]:.1f} s")
        save()


def find_best(contender: Contender, result: Result, outer: Ratings, threads: int) -> None:
    """Searches on four fifths of the first fold's training part, validated on the rest of it."""
    train, validation = map(outer.part, next(folds(len(outer), 5, result.seed + 1)))

    def loss(params: Params) -> float:
        rmse, _, seconds, _ = errors(contender, params, train, validation, result.seed, threads)
        log(f"{result.data} {result.contender} {describe(params)}: {rmse:.4f} in {seconds:.1f} s")
        return rmse

    result.best, result.tried = search(contender.grid, contender.start, loss)
    result.edges = edges(contender.grid, result.best)


def log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def describe(params: Params) -> str:
    return " ".join(f"{name}={value}".replace(", ", ",") for name, value in params.items())


def cells(result: Result, ours: Result | None) -> list[str]:
    """A line of the table. `less coals` is the mean over folds of the RMSE less that of coals on the same fold."""
    head = [result.data, result.contender]
    if result.missing:
        return [*head, f"missing ({result.missing})"]
    marked = {name + ("*" if name in result.edges else ""): value for name, value in result.best.items()}
    head += [describe(marked), str(len(result.tried))]
    head.append(f"{min(value for _, value in result.tried):.4f}")
    if len(result.rmse) < result.folds:
        return [*head, "not run"]
    less = ""
    if ours is not None and len(ours.rmse) == len(result.rmse) and ours is not result:
        less = f"{np.mean(np.subtract(result.rmse, ours.rmse)):+.4f}"
    deviation = np.std(result.rmse, ddof=1)
    figures = f"{np.mean(result.rmse):.4f}", f"{deviation:.4f}", less, f"{np.mean(result.mae):.4f}"
    return [*head, *figures, f"{sum(result.seconds):.1f}", f"{sum(result.cpu_seconds):.1f}"]


def table(results: Sequence[Result]) -> list[str]:
    """Aligned lines under the titles."""
    ours = {result.data: result for result in results if result.contender == "coals"}
    rows = [cells(result, ours.get(result.data)) for result in results]
    return aligned([TITLES, *rows], LEFT, rule=True)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality.rmse", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ratings-dir", type=Path, required=True, help="holds <data>/ratings.csv.gz")
    parser.add_argument("--data", nargs="+", choices=COLUMNS, default=list(COLUMNS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of folds and of every model (0)")
    parser.add_argument("--threads", type=int, default=2, help="of coals and cmfrec (2); surprise has one")
    parser.add_argument("--search-only", action="store_true", help="leave the folds out")
    parser.add_argument("--resume", action="store_true", help="go on from what --json FILE holds of the same folds")
    parser.add_argument("--json", type=Path, help="write every figure to this file, with all parameters tried")
    options = parser.parse_args(argv)
    if options.resume and not options.json:
        parser.error("--resume needs --json FILE")
    return options


def resumed(path: Path | None) -> dict[tuple[str, str, int, int], Result]:
    """What an earlier run wrote, by all that must be the same for it to count; parameters as the grids have them."""
    if path is None or not path.exists():
        return {}
    results = [Result(**fields) for fields in json.loads(path.read_text())]
    for result in results:
        result.best = _with_tuples(result.best)
        result.tried = [(_with_tuples(params), value) for params, value in result.tried]
    return {(result.data, result.contender, result.seed, result.folds): result for result in results}


def _with_tuples(params: Params) -> Params:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    earlier = resumed(options.json) if options.resume else {}
    results: list[Result] = []

    def save() -> None:
        if options.json:
            options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")

    keys = [(data, name, options.seed, options.folds) for data in options.data for name in options.contenders]
    results += [earlier.get(key) or Result(*key) for key in keys]
    for data in options.data:
        ratings = read_ratings(options.ratings_dir / data / "ratings.csv.gz", COLUMNS[data])
        log(f"{data}: {len(ratings)} ratings, {ratings.shape[0]} users x {ratings.shape[1]} items")
        for result in results:
            if result.data == data:
                compare(ratings, result, options, save)
    save()
    print("\n".join(table(results)))
    print("* the best value is at the edge of those tried. search: RMSE of the best of `tried` on validation ratings.")


if __name__ == "__main__":
    main()
