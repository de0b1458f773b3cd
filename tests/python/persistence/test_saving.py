"""What is loaded is what was saved, to the bit; and lies in the file."""

from __future__ import annotations

import copy
import datetime as dt
import os
import pickle
import subprocess
import sys
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import coals
from answers import answers
from coals.persistence.saving import derived_names, fitted_names
from model_cases import MODELS

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())


def named(ratings):
    return coals.Interactions.from_matrix(
        ratings, user_ids=[f"ü{i}" for i in range(60)], item_titles=[f"Título {j}" for j in range(40)]
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Each model, fitted to data with ids and titles, and its file."""
    from conftest import random_ratings

    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name, make in MODELS.items():
        model = make().fit(named(random_ratings(60, 40, 0.2, seed=0)))
        model.save(folder / f"{name}.coals")
        found[name] = model, folder / f"{name}.coals"
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_gives_the_same_bits(saved, name):
    model, path = saved[name]
    expected = answers(model)
    for verify in (None, True, False):
        loaded = coals.load(path, verify=verify)
        assert type(loaded) is type(model)
        assert answers(loaded) == expected


def test_a_fresh_process_gives_the_same_bits(saved):
    script, source = Path(__file__).parents[1] / "answers.py", Path(coals.__file__).parents[1]
    paths = {str(path): model for model, path in saved.values()}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(script.parent)]), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, script, *paths], env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    found = eval(done.stdout, {"nan": float("nan")})
    assert {path: repr(given) for path, given in found.items()} == {p: repr(answers(m)) for p, m in paths.items()}


#: Methods that answer nothing, or write what `to_numpy` and attributes have; they have tests of their own.
NO_ANSWERS = {
    "fit",
    "partial_fit",
    "search_weights",
    "set_params",
    "save",
    "to_faiss",
    "to_arrow",
    "to_parquet",
    "search_space",
}


@pytest.mark.parametrize("name", MODELS)
def test_every_method_is_asked(saved, name):
    model = saved[name][0]
    methods = {
        method for method in dir(type(model)) if method[0] != "_" and callable(getattr(type(model), method, None))
    }
    assert methods - NO_ANSWERS <= {key.split()[0] for key in answers(model)}


@every_model
def test_what_a_model_learned_is_saved_or_follows(make, ratings):
    """A new fitted attribute must be named in `_fitted` or `_derived`, or be a cache."""
    model = make().fit(ratings)
    caches = {"_grams_", "_fitted_to_"}  # the data of a hybrid, to fit to again
    learned = {name for name in vars(model) if name.endswith("_") and name not in model.get_params()}
    assert learned <= fitted_names(type(model)).keys() | derived_names(type(model)).keys() | caches


@pytest.mark.parametrize("name", MODELS)
def test_arrays_lie_in_the_file_and_are_read_only(saved, name):
    loaded = coals.load(saved[name][1])
    arrays = {n: value for n, value in vars(loaded).items() if isinstance(value, np.ndarray)}
    arrays["ids"] = loaded.user_index_.ids
    if hasattr(loaded, "similarity_"):
        arrays["similarity"] = loaded.similarity_.data
    for attribute, array in arrays.items():
        assert not array.flags.writeable, attribute
        assert not array.flags.owndata, attribute
    if sys.platform == "linux":
        assert backing_file(arrays["ids"]) == str(saved[name][1])
        assert backing_file(loaded._seen_.to_arrays()[1]) == str(saved[name][1])


def backing_file(array):
    """The file whose mapping holds the array."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        begin, end = (int(bound, 16) for bound in line.split()[0].split("-"))
        if begin <= array.ctypes.data < end:
            return line.split()[-1]


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_goes_on_like_the_one_that_was_saved(saved, name, ratings):
    """partial_fit, warm starts, copies, pickles and saving again."""
    model, path = saved[name]
    loaded, ours = coals.load(path), copy.deepcopy(model)
    for twin in (copy.copy(loaded), copy.deepcopy(loaded), pickle.loads(pickle.dumps(coals.load(path)))):
        assert answers(twin) == answers(model)
    more = coals.Interactions.from_arrays(["ü3", "new"], [4, 7], [2.0, 3.0])
    if hasattr(model, "partial_fit"):
        more = coals.Interactions.from_matrix(ratings[:2], user_ids=["ü3", "ü4"])
        assert answers(loaded.partial_fit(more)) == answers(ours.partial_fit(more))
    if "warm_start" in model.get_params():
        for one in (loaded, ours):
            one.set_params(warm_start=True).fit(named(ratings))
        assert answers(loaded) == answers(ours)
    loaded.save(path.with_suffix(".again"))
    assert answers(coals.load(path.with_suffix(".again"))) == answers(loaded)


def test_saving_what_was_loaded_gives_the_same_file(saved, tmp_path):
    for name in ("explicit-sides", "item-knn-rating", "popularity"):
        coals.load(saved[name][1]).save(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == saved[name][1].read_bytes()


def test_a_model_can_be_saved_over_the_file_it_lies_in(saved, tmp_path):
    path = tmp_path / "model.coals"
    path.write_bytes(saved["implicit"][1].read_bytes())
    model = coals.load(path)
    expected = answers(model)
    model.save(path)
    assert answers(model) == answers(coals.load(path)) == expected


IDS = {
    "int8": np.array([5, -3, 2], np.int8),
    "uint64": np.array([2**64 - 1, 3, 2**63], np.uint64),
    "float": np.array([0.5, -0.25, np.inf]),
    "str": np.array(["ann", "bøb", "😀"]),
    "big-endian": np.array(["ann", "b", "c"], dtype=">U3"),
    "bytes": np.array([b"x", b"\xff\x00y", b""]),
    "uuid": [uuid.UUID(int=i) for i in (7, 1, 2**127)],
    "datetime": [dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23)],
    "aware": [dt.datetime(2020, 1, day, tzinfo=dt.timezone(dt.timedelta(hours=5.5))) for day in (3, 1, 2)],
    "date": [dt.date(2020, 1, day) for day in (3, 1, 2)],
    "mixed": [1, "1", b"1"],
    "objects": [("a", 1), (None, (2.5, True)), frozenset([3])],
    "numbers": [Decimal("1.10"), Fraction(1, 3), 2**100],
    "odd text": ["ends in NUL\0", "\ud800 alone", "'"],
    "timedelta": [dt.timedelta(days=1), dt.time(4, 5), 3.5],
    "numpy scalars": np.array([np.str_("b"), np.int8(3), "c"], dtype=object),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_every_kind_come_back(kind, tmp_path):
    matrix = coals.Interactions.from_arrays([0, 1, 2], [0, 1, 2]).matrix
    data = coals.Interactions.from_matrix(matrix, user_ids=IDS[kind], item_ids=IDS[kind])
    coals.Popularity().fit(data).save(tmp_path / "file")
    loaded = coals.load(tmp_path / "file", verify=True)
    for index in (loaded.user_index_, loaded.item_index_):
        assert index.ids.tolist() == data.user_ids.tolist()
        assert index.ids.dtype == data.user_ids.dtype.newbyteorder("=")
        if kind != "numpy scalars":
            assert list(map(type, index.ids.tolist())) == list(map(type, data.user_ids.tolist()))
        assert_array_equal(index.encode(data.user_ids), [0, 1, 2])
    expected = coals.Popularity().fit(data).recommend(data.user_ids[:1], n=1).ids.tolist()
    assert loaded.recommend(data.user_ids[:1], n=1).ids.tolist() == expected


class Odd:
    pass


@pytest.mark.parametrize("ids", [[Odd(), Odd()], [Odd, int], [("a", Odd()), 1]])
def test_ids_of_other_kinds_are_refused_and_nothing_is_left(ids, tmp_path):
    data = coals.Interactions.from_matrix(np_eye(2), user_ids=ids)
    with pytest.raises(TypeError, match=r"user_index_ cannot be saved: it holds .*can be"):
        coals.Popularity().fit(data).save(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def np_eye(size):
    import scipy.sparse as sp

    return sp.csr_array(np.eye(size))


@pytest.mark.parametrize("bits", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_parameters_come_back(ratings, tmp_path, bits):
    rng = np.random.Generator(getattr(np.random, bits)(5))
    init = rng.standard_normal((60, 3)), rng.standard_normal((40, 3))
    model = coals.ExplicitALS(factors=3, regularization=(0.1, np.float32(0.2)), init=init, random_state=rng)
    model.fit(ratings).set_params(factors=4, init=None)
    model.save(tmp_path / "file")
    loaded = coals.load(tmp_path / "file")
    assert loaded.factors == 4
    assert loaded.regularization == model.regularization
    assert loaded._fitted_params_["factors"] == 3
    for ours, theirs in zip(init, loaded._fitted_params_["init"], strict=True):
        assert_array_equal(ours, theirs)
    assert loaded.random_state.random() == rng.random()


def test_safetensors_reads_the_file(saved):
    safetensors = pytest.importorskip("safetensors.numpy")
    for model, path in saved.values():
        arrays = safetensors.load_file(path)
        name = "_entries_.indices" if hasattr(model, "_entries_") else "_seen_.indices"
        assert_array_equal(arrays[name], model._seen_.to_arrays()[1])
        if hasattr(model, "item_factors_"):
            assert_array_equal(arrays["item_factors_"], model.item_factors_)


def test_an_unfitted_model_is_not_saved(tmp_path):
    with pytest.raises(coals.NotFittedError, match="call fit first"):
        coals.ItemKNN().save(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_titles_stay_with_the_model_and_grow_with_it(ratings):
    model = coals.ItemKNN().fit(named(ratings))
    assert model.titles([3, 1]) == ["Título 3", "Título 1"]
    assert model.titles(np.array([3, -1])) == ["Título 3"]
    more = coals.Interactions.from_matrix(np_eye(42)[:1], user_ids=["x"], item_titles=[f"other {j}" for j in range(42)])
    model.partial_fit(more)
    assert model.titles([3, 41]) == ["Título 3", "other 41"]
    assert coals.Popularity().fit(ratings).titles(5) == ["5"]
