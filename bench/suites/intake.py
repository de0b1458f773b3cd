"""Intake: ids of strings against polars' categories, files against polars' reader, plain integers against positions.

    python -m bench.suites.intake [--rows 10000000] [--rounds 5]

Needs polars. Contenders take turns in one process; a ratio is the median of the rounds' ratios, above 1 where coals is
faster. The data are generated: users drawn evenly, items Zipf-like.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

import coals
from coals import _core
from coals._util.text_table import aligned

__all__ = ["main"]

Contender = Callable[[], Any]


def table(rows: int, long_ids: bool) -> Any:
    """A polars frame of user, item and rating; ids like "user_123456", or 40 hexadecimal digits."""
    import polars as pl

    rng = np.random.default_rng(0)
    users, items = rng.integers(0, max(rows // 20, 1), rows), rng.zipf(1.2, rows) % 100_000
    if long_ids:
        names = [(rng.integers(0, 16, (size, 40), dtype=np.uint8) + 97).view("S40").ravel().astype(str)
                 for size in (max(rows // 20, 1), 100_000)]  # fmt: skip
        columns = {"user": pl.Series(names[0])[users], "item": pl.Series(names[1])[items]}
    else:
        columns = {
            "user": "user_" + pl.Series(users).cast(pl.String),
            "item": "item_" + pl.Series(items).cast(pl.String),
        }
    return pl.DataFrame({**columns, "rating": rng.integers(1, 11, rows) / 2})


def encode(frame: Any) -> None:
    """Both columns of ids to codes of sorted ids: all of the intake that categories compare with."""
    for column in _core.ArrowStream(frame.select("user", "item").__arrow_c_stream__()).read([0, 1], 0):
        column.sorted_ids(False, 0)


def seconds(contender: Contender) -> float:
    start = time.perf_counter()
    contender()
    return time.perf_counter() - start


def race(name: str, ours: Contender, theirs: Contender | None, words: str, target: str, rounds: int) -> list[str]:
    """A row of the table."""
    both = [(seconds(ours), seconds(theirs) if theirs else float("nan")) for _ in range(rounds)]
    mine, other = np.median(both, axis=0)
    ratio = float(np.median([b / a for a, b in both]))
    return [name, words, f"{other:.3g}" if theirs else "", f"{mine:.3g}", f"{ratio:.2f}x" if theirs else "", target]


def string_rows(rows: int, rounds: int) -> list[list[str]]:
    import polars as pl

    lines = []
    for words, long_ids in (("strings of 11", False), ("strings of 40", True)):
        frame = table(rows, long_ids)
        lines.append(
            race(f"encode 2 columns of {words}", lambda: encode(frame),  # noqa: B023
                 lambda: frame.with_columns(pl.col("user", "item").cast(pl.Categorical)),  # noqa: B023
                 "polars, cast to Categorical", ">= 0.67x", rounds)
        )  # fmt: skip
        lines.append(race(f"from_frame, {words}", lambda: from_frame(frame), None, "", "", rounds))  # noqa: B023
    return lines


def from_frame(frame: Any) -> None:
    coals.Interactions.from_frame(frame, user="user", item="item", value="rating", duplicates="sum")


def file_rows(rows: int, rounds: int) -> list[list[str]]:
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        table(rows, False).write_csv(path)
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        names = {"user": "user", "item": "item", "value": "rating", "duplicates": "sum", "progress": False}
        return [
            race(f"from_csv, {size}", lambda: coals.Interactions.from_csv(path, **names),
                 lambda: from_frame(pl.read_csv(path)), "polars.read_csv, then from_frame", "", rounds)
        ]  # fmt: skip


def plain_rows(rounds: int) -> list[list[str]]:
    """Ids that are positions: what `recommend` does beyond `recommend_indices`."""
    rng = np.random.default_rng(0)
    matrix = sp.random_array((20_000, 2_000), density=0.01, rng=rng, format="csr")
    model = coals.Popularity().fit(matrix)
    lines = []
    for size in (1, 20_000):
        users = rng.integers(0, 20_000, size)
        times = max(1, 2_000 // size)

        def repeated(call: Any, users: Any = users, times: int = times) -> Contender:
            return lambda: [call(users, 10) for _ in range(times)]

        positions = repeated(model.recommend_indices)
        lines.append(
            race(f"recommend, {times} x {size} plain integers", repeated(model.recommend), positions,
                 "recommend_indices", ">= 0.9x", 4 * rounds)
        )  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    lines = string_rows(given.rows, given.rounds) + file_rows(given.rows, given.rounds) + plain_rows(given.rounds)
    titles = ["intake", "baseline", "baseline s", "coals s", "ratio", "target"]
    print(f"{given.rows} rows, {given.rounds} rounds, {coals.show_config()['num_threads']} threads")
    print("\n".join(aligned([titles, *lines], [0, 1], rule=True)))


if __name__ == "__main__":
    main()
