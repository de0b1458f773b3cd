"""What every model must do: the recommender contract."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.reference.topk import top_k
from model_cases import IN_RANDOM_ORDER, MODELS

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())

IN_FIXED_ORDER = {name: make for name, make in MODELS.items() if name not in IN_RANDOM_ORDER}
SIMILAR = {name: make for name, make in MODELS.items() if hasattr(make(), "similar_items")}


def check_contract(model, data, users, n, exclude_seen=True):
    """Short lists padded, best first, ties to the lower index, no seen item, scores as predicted."""
    ids, scores, counts = model.recommend_indices(users, n, exclude_seen)
    assert ids.shape == scores.shape == (len(users), n)
    seen = data.toarray() != 0
    for row, user in enumerate(users):
        count = counts[row]
        listed, listed_scores = ids[row, :count], scores[row, :count]
        assert (ids[row, count:] == -1).all()
        assert np.isnan(scores[row, count:]).all()
        assert np.isfinite(listed_scores).all()
        assert len(set(listed.tolist())) == count
        assert ((listed >= 0) & (listed < data.shape[1])).all()
        assert not (exclude_seen and seen[user, listed].any())
        falls = np.diff(listed_scores)
        assert (falls <= 0).all()
        assert (np.diff(listed)[falls == 0] > 0).all()
        assert_allclose(model.predict(user, listed), listed_scores, rtol=1e-4, atol=1e-5)
    return ids, scores, counts


def brute_force(model, data, users, n):
    """Lists by predicting everything and sorting."""
    everything = np.array([model.predict(user, np.arange(data.shape[1])) for user in users], dtype=np.float64)
    popular = np.asarray(data.astype(bool).sum(axis=0)).ravel() > 0
    allowed = popular & (data.toarray()[users] == 0)
    if hasattr(model, "similarity_") or sp.issparse(
        getattr(model, "weights_", None)
    ):  # only what a neighbor speaks for
        allowed &= [[len(model.explain(user, item).ids) > 0 for item in range(data.shape[1])] for user in users]
    elif getattr(model, "neighbors", None) == "user":
        allowed &= everything > 0
    return top_k(everything, n, allowed)


@every_model
def test_recommend_equals_sorting_all_predictions(make, ratings):
    model = make().fit(ratings)
    users = np.delete(np.arange(60), 7)
    _, scores, counts = check_contract(model, ratings, users, n=6)
    _, expected_scores, expected_counts = brute_force(model, ratings, users, 6)
    assert_array_equal(counts, expected_counts)
    assert_allclose(scores, expected_scores, rtol=1e-4, atol=1e-5)


@every_model
def test_seen_items_come_back_when_asked_for(make, ratings):
    model = make().fit(ratings)
    check_contract(model, ratings, np.arange(60), n=40, exclude_seen=False)
    ids = model.recommend(3, n=40, exclude_seen=False).ids
    assert np.isin(ids, ratings.toarray()[3].nonzero()[0]).any()


@every_model
def test_user_without_entries(make, ratings):
    model = make().fit(ratings)
    _, _, counts = check_contract(model, ratings, [7], n=5)
    knows_something = isinstance(model, coals.Popularity) or getattr(model, "biases", False)
    assert counts[0] == (5 if knows_something else 0)


@every_model
def test_item_that_nobody_has_is_never_recommended(make, ratings):
    ids = make().fit(ratings).recommend(np.arange(60), n=40).ids
    assert not (ids == 11).any()


@every_model
def test_user_who_has_seen_everything(make):
    data = sp.csr_array(np.vstack([np.full(4, 3.0), np.eye(4)]))
    _, _, counts = check_contract(make().fit(data), data, np.arange(5), n=3)
    assert counts[0] == 0


@every_model
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_one_user_or_one_item(make, shape):
    data = sp.csr_array(np.full(shape, 2.0))
    _, _, counts = check_contract(make().fit(data), data, np.arange(shape[0]), n=3)
    assert (counts == 0).all()


@every_model
def test_n_larger_than_the_catalogue(make, ratings):
    model = make().fit(ratings)
    _, _, counts = check_contract(model, ratings, np.arange(60), n=1000)
    assert (counts <= 40).all()


@pytest.mark.parametrize("make", IN_FIXED_ORDER.values(), ids=IN_FIXED_ORDER.keys())
def test_equal_items_are_ranked_by_index(make):
    """Three identical columns: whatever the model, their scores are equal and the order is theirs."""
    column = np.array([[3.0], [0.0], [5.0], [4.0], [0.0], [2.0]])
    data = sp.csr_array(np.hstack([np.eye(6)[:, :2] * 4, column, column, column, 1 + np.arange(6)[:, None] % 4]))
    model = make()
    if "init" in model.get_params():  # from equal starts
        rng = np.random.default_rng(0)
        init = rng.standard_normal((6, model.factors)), np.tile(rng.standard_normal(model.factors), (6, 1))
        model.set_params(init=tuple(map(abs, init)) if model.nonnegative else init)
    model.fit(data)
    ids = model.recommend([1, 4], n=6).ids
    for row in ids:
        equal = [item for item in row if item in (2, 3, 4)]
        assert equal == [2, 3, 4]


@every_model
def test_fit_starts_afresh(make, ratings):
    model = make()
    first = model.fit(ratings).recommend([0, 1, 2], n=5)
    assert model.fit(ratings[:, :17][:20]) is model
    assert (model.n_users_, model.n_items_) == (20, 17)
    again = model.fit(ratings).recommend([0, 1, 2], n=5)
    assert_array_equal(first.ids, again.ids)
    assert_array_equal(first.scores, again.scores)


def in_form(ratings, kind, index):
    """The same matrix; COO in no order."""
    data = getattr(sp, kind)(ratings)
    if kind.startswith("coo"):
        shuffle = np.random.default_rng(0).permutation(data.nnz)
        row, column = data.row[shuffle].astype(index), data.col[shuffle].astype(index)
        return getattr(sp, kind)((data.data[shuffle], (row, column)), shape=data.shape)
    data.indices, data.indptr = data.indices.astype(index), data.indptr.astype(index)
    return data


@every_model
def test_every_sparse_form_gives_the_same(make, ratings):
    expected = make().fit(ratings).recommend(np.arange(60), n=5)
    for kind in ("csr_array", "csr_matrix", "csc_array", "csc_matrix", "coo_array", "coo_matrix"):
        for index in (np.int32, np.int64):
            data = in_form(ratings, kind, index)
            before = data.data.copy()
            got = make().fit(data).recommend(np.arange(60), n=5)
            form = f"{kind} of {index.__name__}"
            assert_array_equal(got.ids, expected.ids, err_msg=form)
            assert_array_equal(got.scores, expected.scores, err_msg=form)
            assert_array_equal(data.data, before, err_msg=form)


@every_model
def test_unsorted_rows_give_the_same(make, ratings):
    data = ratings.copy()
    for i in range(60):
        row = slice(data.indptr[i], data.indptr[i + 1])
        data.indices[row], data.data[row] = data.indices[row][::-1].copy(), data.data[row][::-1].copy()
    got, expected = make().fit(data).recommend([0, 1], n=5), make().fit(ratings).recommend([0, 1], n=5)
    assert_array_equal(got.ids, expected.ids)
    assert_array_equal(got.scores, expected.scores)


@every_model
def test_duplicated_entries_are_an_error_with_a_remedy_that_works(make):
    data = sp.coo_array(([1.0, 2.0, 3.0, 4.0], ([0, 0, 1, 1], [1, 1, 0, 1])), shape=(2, 2))
    with pytest.raises(ValueError, match=r"row 0, column 1 is given 2 times.*duplicates='sum'"):
        make().fit(data)
    make().fit(coals.Interactions.from_matrix(data, duplicates="sum"))


@every_model
def test_ids_go_in_and_come_out(make, ratings):
    users = [f"user {i}" for i in range(60)]
    items = [f"item {j}" for j in range(40)]
    named = coals.Interactions.from_matrix(ratings, user_ids=users, item_ids=items)
    model = make().fit(named)
    plain = make().fit(ratings).recommend([5, 7], n=40)
    got = model.recommend(["user 5", "user 7"], n=40)
    expected = [[items[j] if j >= 0 else None for j in row] for row in plain.ids]
    assert got.ids.tolist() == expected
    assert_array_equal(got.scores, plain.scores)
    with pytest.raises(ValueError, match="unknown user id 'nobody'"):
        model.recommend("nobody")
    with pytest.raises(ValueError, match="unknown item id 'nothing'"):
        model.predict("user 1", "nothing")


@every_model
def test_same_bits_for_any_number_of_threads(make, ratings):
    data = sp.vstack([ratings] * 40).tocsr()
    one, two, three = (make(num_threads=t).fit(data).recommend(np.arange(2400), n=8) for t in (1, 2, 3))
    for other in (two, three):
        assert one.ids.tobytes() == other.ids.tobytes()
        assert one.scores.tobytes() == other.scores.tobytes()


@pytest.mark.parametrize("make", SIMILAR.values(), ids=SIMILAR.keys())
def test_similar_items_leave_the_query_out(make, ratings):
    model = make().fit(ratings)
    ids, _, counts = check_similar(model, np.arange(40), 5)
    assert counts[11] == 0  # nobody has it
    assert not (ids == 11).any()
    assert (np.delete(counts, 11) == 5).all()


def check_similar(model, items, n):
    result = model.similar_items(items, n)
    for item, listed, scores, count in zip(items, result.ids, result.scores, result.counts, strict=True):
        assert item not in listed
        assert (np.diff(scores[:count]) <= 0).all()
        assert (listed[count:] == -1).all()
    return result.ids, result.scores, result.counts


@every_model
@pytest.mark.parametrize("clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_fitted_models_can_be_copied_and_sent_to_other_processes(make, ratings, clone):
    model = make().fit(ratings)
    twin = clone(model)
    everyone = np.arange(60)
    assert twin.recommend(everyone, n=7).scores.tobytes() == model.recommend(everyone, n=7).scores.tobytes()
    twin.fit(ratings[:5])
    assert model.n_users_ == 60


@every_model
@pytest.mark.parametrize("progress", [None, True, False])
def test_every_fit_takes_progress(make, ratings, progress, capsys):
    make().fit(ratings, progress=progress)
    assert ("100%" in capsys.readouterr().err) == (progress is True)


def test_a_subclass_may_have_parameters_of_its_own(ratings):
    class Renamed(coals.Popularity):
        def __init__(self, *, bonus_=3, by="users", num_threads=None):
            super().__init__(by=by, num_threads=num_threads)
            self.bonus_ = bonus_

    class Open(coals.Popularity):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)

    assert Renamed(bonus_=4).fit(ratings).get_params() == {"bonus_": 4, "by": "users", "num_threads": None}
    assert Open(by="sum").by == "sum"
    with pytest.raises(TypeError, match="no argument 'n_jobs'"):
        Open(n_jobs=1)


@every_model
def test_get_and_set_params(make):
    model = make()
    params = model.get_params()
    clone = type(model)(**params)
    assert clone.get_params() == params
    assert clone.set_params(num_threads=1) is clone
    assert clone.get_params() == {**params, "num_threads": 1}
    with pytest.raises(ValueError, match=r"num_threads must be >= 1 .*got 0"):
        clone.set_params(num_threads=0)
    assert clone.num_threads == 1
    with pytest.raises(TypeError, match="no argument 'n_jobs': it is called 'num_threads' here"):
        clone.set_params(n_jobs=1)
    assert repr(model).startswith(type(model).__name__ + "(")


@every_model
def test_unfitted_and_badly_fitted_models_say_so(make, ratings):
    model = make()
    for call in (lambda: model.recommend(0), lambda: model.predict(0, 0)):
        with pytest.raises(coals.NotFittedError, match="not fitted yet: call fit first"):
            call()
    model.fit(ratings)
    with pytest.raises(ValueError, match="empty"):
        model.fit(sp.csr_array((3, 3)))
    with pytest.raises(coals.NotFittedError):
        model.recommend(0)
