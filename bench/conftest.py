"""The `race` fixture, which measures contenders in turns, and the table of what it found."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import pytest

from bench.harness.data import SIZES
from bench.harness.table import Row, format_table, load_average

ROWS = pytest.StashKey[list[Row]]()
LOAD = pytest.StashKey[float]()


@dataclass(frozen=True)
class Baseline:
    """What coals is held against. `run` does one `scale`-th of the work; its seconds are multiplied by it."""

    name: str
    run: Callable[[], Any]
    scale: float = 1.0
    target: float | None = None


class Race(Protocol):
    """Measures `ours` and `baselines` in turns: each baseline, ours, each baseline, ours, ...

    Where `ours` returns a list of floats, it timed parts of itself: their median is compared with the baselines,
    and the whole call gets a line of its own under the name `whole`. Returns what each contender returned last.
    """

    def __call__(
        self,
        name: str,
        size: str,
        ours: Callable[[], Any],
        baselines: Sequence[Baseline] = (),
        whole: str = "",
    ) -> dict[str, Any]: ...


class Turns:
    """The contenders, what each took and what each returned last."""

    def __init__(self, ours: Callable[[], Any], baselines: Sequence[Baseline]) -> None:
        self.ours = ours
        self.baselines = baselines
        self.seconds: dict[str, list[float]] = {baseline.name: [] for baseline in baselines}
        self.parts: list[float] = []
        self.cores: list[float] = []
        self.results: dict[str, Any] = {}

    def run_baselines(self) -> None:
        self.results.clear()
        for baseline in self.baselines:
            start = time.perf_counter()
            self.results[baseline.name] = baseline.run()
            self.seconds[baseline.name].append((time.perf_counter() - start) * baseline.scale)

    def run_ours(self) -> None:
        start, cpu_start = time.perf_counter(), time.process_time()
        result = self.results["coals"] = self.ours()
        self.cores.append((time.process_time() - cpu_start) / (time.perf_counter() - start))
        if isinstance(result, list):
            self.parts += result

    def rows(self, name: str, size: str, whole: str, whole_seconds: float) -> list[Row]:
        seconds = statistics.median(self.parts) if self.parts else whole_seconds
        cores = statistics.median(self.cores)
        rows = [
            Row(
                name,
                size,
                seconds,
                cores,
                baseline.name,
                statistics.median(self.seconds[baseline.name]),
                baseline.target,
                baseline.scale != 1,
            )
            for baseline in self.baselines
        ]
        if not rows:
            rows.append(Row(name, size, seconds, cores))
        if self.parts:
            rows.append(Row(whole, size, whole_seconds, cores))
        return rows


@pytest.fixture
def race(benchmark: Any, pytestconfig: pytest.Config) -> Race:
    """See `Race`. Rounds are those of the size; medians go to the table and to the benchmark's extra_info."""

    def measure(
        name: str,
        size: str,
        ours: Callable[[], Any],
        baselines: Sequence[Baseline] = (),
        whole: str = "",
    ) -> dict[str, Any]:
        turns = Turns(ours, baselines)
        benchmark.group = size
        benchmark.pedantic(turns.run_ours, setup=turns.run_baselines, rounds=SIZES[size].rounds)
        if benchmark.stats is not None:  # None under --benchmark-disable
            rows = turns.rows(name, size, whole, benchmark.stats.stats.median)
            benchmark.extra_info["rows"] = [asdict(row) for row in rows]
            pytestconfig.stash[ROWS] += rows
        return turns.results

    return measure


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    config.stash[LOAD] = load_average()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash[ROWS]
    if rows:
        terminalreporter.section("coals against baselines (medians; ratio = baseline / coals)")
        for line in format_table(rows, config.stash[LOAD]):
            terminalreporter.write_line(line)
