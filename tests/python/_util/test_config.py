"""Dispatch, threads, import."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import coals
from coals import _core


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("isa", _core.detected_isas())
def test_forced_level_is_the_one_that_runs(isa):
    done = run("import coals; print(coals.show_config()['isa'])", COALS_ISA=isa)
    assert done.stdout.strip() == isa, done.stderr


FIT_ALL = """
import json, coals
data = coals.datasets.goodbooks()
models = [
    coals.ExplicitALS(factors=33, iterations=2, random_state=0),
    coals.ImplicitALS(factors=33, iterations=2, random_state=0, dtype="float64"),
    coals.ItemCooccurrence(neighbors=9),
    coals.Popularity(),
]
users = data.user_ids[:200]
lists = [model.fit(data).recommend(users, n=5) for model in models]
print(json.dumps([[m.objective_.tolist() for m in models[:2]], [x.scores.tolist() for x in lists]]))
"""


def test_models_agree_at_every_level():
    found = {isa: json.loads(run(FIT_ALL, COALS_ISA=isa).stdout) for isa in _core.detected_isas()}
    expected_objectives, expected_scores = found["baseline"]
    for objectives, scores in found.values():
        np.testing.assert_allclose(objectives, expected_objectives, rtol=1e-6)
        for ours, theirs in zip(scores, expected_scores, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_best_detected_level_is_the_default():
    done = run("import coals; print(coals.show_config()['isa'])", COALS_ISA="")
    assert done.stdout.strip() == _core.detected_isas()[-1]


def test_level_that_cannot_run_is_an_error_at_import():
    done = run("import coals", COALS_ISA="avx1024")
    assert done.returncode == 1
    assert "COALS_ISA: instruction-set level 'avx1024' cannot run here" in done.stderr
    assert "change or unset COALS_ISA" in done.stderr


def test_show_config_names_what_is_there():
    config = coals.show_config()
    assert config["version"] == coals.__version__
    assert set(config["detected_isas"]) <= set(config["compiled_isas"])
    assert config["isa"] in config["detected_isas"]
    assert config["num_threads"] >= 1


def test_omp_num_threads_and_affinity_are_obeyed():
    code = "import coals; print(coals.show_config()['num_threads'])"
    assert run(code, OMP_NUM_THREADS="1").stdout.strip() == "1"
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no processor affinity")
    one = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);" + code
    assert run(one, OMP_NUM_THREADS="").stdout.strip() == "1"


def test_import_takes_nothing_heavy_along():
    heavy = {"torch", "sklearn", "pandas", "matplotlib", "polars", "click", "tqdm", "scipy.sparse", "scipy.special"}
    own = {*coals.MODELS.values(), "coals.memory", "coals.datasets", "coals.neural", "coals.plot", "coals.reference"}
    code = f"import sys, coals; print([name for name in {sorted(heavy | own)!r} if name in sys.modules])"
    assert run(code).stdout.strip() == "[]"


def test_every_public_name_is_there_when_asked_for():
    code = "from coals import *; import coals; print({*coals.__all__} - {*dir(coals)})"
    assert run(code).stdout.strip() == "set()"
    for name, module in coals.MODELS.items():
        assert getattr(importlib.import_module(module), name) is getattr(coals, name)
    with pytest.raises(AttributeError, match="has no attribute 'ImplicitAls'"):
        coals.ImplicitAls  # noqa: B018
