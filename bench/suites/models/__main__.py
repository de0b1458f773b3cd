"""`python -m bench.suites.models`: seconds of a fit (svd, ease, rp3beta) or an epoch (sgd, bpr), coals and others in
turns."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.harness.contender import clocked
from bench.harness.data import interactions, load_matrix, save_matrix
from bench.harness.processes import Child, Outcome, child_environment, giving_up, serve, take_turns
from bench.suites.models.contenders import CONTENDERS
from coals._util.text_table import aligned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--shape", default="medium", help="as in bench.harness.data")
    parser.add_argument("--ratings", type=Path, help="ratings.csv.gz, for --shape goodbooks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the other libraries")
    parser.add_argument("--serve", nargs=2, metavar=("TASK", "NAME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        run_child(*arguments.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.npz"
        save_matrix(path, interactions(arguments.shape, arguments.ratings))
        for task in arguments.tasks:
            race(task, str(path), arguments)


def run_child(task: str, name: str) -> None:
    matrix: Any = None

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        nonlocal matrix
        if matrix is None:
            matrix = load_matrix(request["path"])
        seconds, _, cores = clocked(lambda: CONTENDERS[task][name](matrix))
        return {"seconds": seconds, "cores": cores}

    serve(answer)


def race(task: str, path: str, arguments: argparse.Namespace) -> None:
    def log(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    log(f"{task}, {arguments.shape}")
    environment = child_environment(arguments.threads, {})
    runners = []
    for name in CONTENDERS[task]:
        python = sys.executable if name == "coals" else arguments.python
        runners.append(
            (Outcome(name), Child([python, "-m", "bench.suites.models", "--serve", task, name], environment))
        )

    def turn(outcome: Outcome, child: Child) -> None:
        reply = child.ask(path=path)
        outcome.seconds.append(reply["seconds"])
        outcome.cores.append(reply["cores"])

    take_turns(runners, arguments.rounds, turn, log)
    for outcome, child in runners:
        with giving_up(outcome, log):
            child.__exit__()
    print("\n".join(table(task, [outcome for outcome, _ in runners])), flush=True)


def table(task: str, outcomes: list[Outcome]) -> list[str]:
    """Medians; the ratio is that of each to coals, the median of the rounds' ratios."""
    ours = outcomes[0].seconds
    rows = []
    for outcome in outcomes:
        if outcome.missing:
            rows.append([task, outcome.name, f"missing: {outcome.missing}"])
            continue
        ratio = statistics.median(theirs / own for theirs, own in zip(outcome.seconds, ours, strict=False))
        cores = statistics.median(outcome.cores)
        rows.append([task, outcome.name, f"{outcome.median:.3g}", f"{cores:.1f}", f"{ratio:.3g}"])
    return aligned([["task", "contender", "seconds", "cores", "over coals"], *rows], (0, 1), rule=True)


if __name__ == "__main__":
    main()
