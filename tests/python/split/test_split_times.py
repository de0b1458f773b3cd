"""Splits use the times that data have, keep them, and take dates for what they are."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pytest

import coals
from coals import Interactions, split

DAYS = np.array(["2024-03-01", "2024-01-01", "2024-02-01", "2024-04-01", "2024-02-01"], "M8[D]")
USERS, ITEMS = ["b", "b", "a", "a", "a"], ["z", "y", "x", "w", "z"]


@pytest.fixture
def dated():
    return Interactions.from_arrays(USERS, ITEMS, time=DAYS)


def pairs(data):
    """{(user, item): time} of what is stored."""
    at = data.matrix.tocoo()
    users, items = data.users.decode(at.row).tolist(), data.items.decode(at.col).tolist()
    return dict(zip(zip(users, items, strict=True), data.times.tolist(), strict=True))


def many(seed=0, n_users=30, n_items=20):
    """Random data whose time is a number that gives the pair away."""
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.4)
    return Interactions.from_arrays([f"u{u}" for u in users], items, time=1000 * users + items)


PARTS = {
    "random": lambda data: split.random(data),
    "leave_k_out": lambda data: split.leave_k_out(data, k=2),
    "leave_last_out": lambda data: split.leave_last_out(data, k=2),
    "by_time": lambda data: split.by_time(data, test_fraction=0.3),
    "by_mask": lambda data: split.by_mask(data, data.times % 3 == 0),
    "k_fold": lambda data: [part for fold in split.k_fold(data) for part in fold],
    "by_user": lambda data: (lambda s: (s.train, *s.validation, *s.test))(
        split.by_user(data, validation_users=5, test_users=6)
    ),
    "like": lambda data: split.like(*split.random(data)),
    "like with new users": lambda data: split.like(
        data.select(data.times < 9000).core(1, 1), data.select(data.times >= 9000).core(1, 1)
    ),
}


@pytest.mark.parametrize("way", list(PARTS))
def test_every_split_keeps_the_time_of_every_pair(way):
    data = many()
    parts = PARTS[way](data)
    assert len(parts) >= 2
    for part in parts:
        known = pairs(part)
        assert len(known) == part.nnz > 0
        assert all(time == 1000 * int(user[1:]) + item for (user, item), time in known.items())


def test_what_splits_want_the_data_have(dated):
    _, last = split.leave_last_out(dated)
    assert pairs(last).keys() == {("a", "w"), ("b", "z")}
    _, late = split.by_time(dated, cutoff="2024-03-01")
    assert pairs(late).keys() == {("a", "w"), ("b", "z")}
    parts = split.by_user(many(), validation_users=2, test_users=2)
    history, _ = split.leave_last_out(parts.test.history)
    assert history.nnz == parts.test.history.nnz - 2


def test_data_without_times_say_how_to_give_them():
    data = Interactions.from_arrays(USERS, ITEMS)
    for act in (split.leave_last_out, lambda data: split.by_time(data, test_fraction=0.5)):
        with pytest.raises(ValueError, match=r"data has no times: give time= to Interactions.from_frame"):
            act(data)


@pytest.mark.parametrize(
    "cutoff",
    [
        dt.date(2024, 3, 1),
        dt.datetime(2024, 3, 1),
        dt.datetime(2024, 3, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        np.datetime64("2024-03"),
        np.datetime64("2024-02-29T23:59:59.999999999"),
        "2024-03-01",
        "2024-03-01T00:00:00Z",
        "2024-03-01T01:00:00+01:00",
        "2024-02-29T19:00:00-05:00",
    ],
    ids=str,
)
def test_a_cutoff_is_any_date(dated, cutoff):
    for times in (None, dated.times):
        train, test = split.by_time(dated, times, cutoff=cutoff)
        assert (train.nnz, test.nnz) == (3, 2)
        assert train.times.max() < np.datetime64("2024-03-01") <= test.times.min()


def test_a_timestamp_of_pandas_is_a_cutoff_to_the_nanosecond(dated):
    pd = pytest.importorskip("pandas")
    stamp = pd.Timestamp("2024-03-01", tz="Europe/Vienna")
    assert split.by_time(dated, cutoff=stamp)[1].nnz == 2
    times = pd.Timestamp("2024-03-01").to_datetime64() + np.arange(5)
    assert split.by_time(dated, times, cutoff=pd.Timestamp(times[3]))[1].nnz == 2


def test_dates_and_numbers_are_not_compared(dated):
    seconds = Interactions.from_arrays(USERS, ITEMS, time=DAYS.astype("M8[s]").astype(int))
    for cutoff in ("2024-03-01", dt.date(2024, 3, 1), np.datetime64("2024-03-01")):
        with pytest.raises(TypeError, match=r"cutoff must be a number, as times are \(from 1704067200 to 1711929600\)"):
            split.by_time(seconds, cutoff=cutoff)
    for cutoff in (1709251200, 1.5, True):
        with pytest.raises(TypeError, match="cutoff must be a date, as times are"):
            split.by_time(dated, cutoff=cutoff)
    for cutoff in ("March", "NaT", np.datetime64("NaT"), "2024-03-01T25:00+01:00"):
        with pytest.raises(ValueError, match="cutoff must be a date"):
            split.by_time(dated, cutoff=cutoff)


def test_whole_numbers_are_compared_as_such():
    times = [2**53, 2**53 + 1, 2**53 + 2]
    data = Interactions.from_arrays([1, 1, 1], [1, 2, 3], time=times)
    assert split.by_time(data, cutoff=2**53 + 1)[1].times.tolist() == times[1:]
    assert split.by_time(data, cutoff=np.int64(2**53 + 2))[1].times.tolist() == times[2:]
    small = Interactions.from_arrays([1, 1], [1, 2], time=[3, 4])
    assert split.by_time(small, cutoff=3.5)[1].times.tolist() == [4]


def test_lists_of_datetimes_are_times(dated):
    moments = [dt.datetime(2024, 1, day, tzinfo=dt.timezone.utc) for day in (3, 1, 2, 5, 4)]
    order = dict(zip(pairs(dated), moments, strict=True))
    _, last = split.leave_last_out(dated, moments)
    for user in "ab":
        latest = max((pair for pair in order if pair[0] == user), key=order.__getitem__)
        assert latest in pairs(last)


def test_times_of_other_interactions_are_matched_by_id(dated):
    when = DAYS.astype(float)
    ordered = Interactions.from_arrays(USERS, ITEMS, when).matrix
    other = ordered[::-1][:, ::-1]
    times = Interactions.from_matrix(other, user_ids=["b", "a"], item_ids=["z", "y", "x", "w"])
    assert pairs(split.leave_last_out(dated, times)[1]) == pairs(split.leave_last_out(dated)[1])
    with pytest.raises(ValueError, match="times must have the users of the data and no other, and has 'c'"):
        split.leave_last_out(dated, Interactions.from_arrays(["c", *USERS], ["z", *ITEMS], [1.0, *when]))
    with pytest.raises(
        ValueError, match=r"times must have the pattern of the data.*user 'b', item 'y' is stored in the data"
    ):
        split.leave_last_out(dated, Interactions.from_arrays([*USERS[2:], "b"], [*ITEMS[2:], "z"], [1.0, 2, 3, 4]))


def test_columns_of_tables_are_refused_where_entries_are_meant(dated):
    pd, pl, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    for column in (pd.Series(DAYS), pl.Series(DAYS), pa.array(DAYS), pa.chunked_array([DAYS])):
        for act in (lambda t: split.leave_last_out(dated, t), lambda t: split.by_time(dated, t, test_fraction=0.5)):
            with pytest.raises(
                TypeError, match=r"times must not be a \w+, whose rows need not be in the order of the pairs"
            ):
                act(column)
    for mask in (pd.Series([True] * 4 + [False]), pl.Series([True] * 4 + [False])):
        for act in (dated.select, lambda m: split.by_mask(dated, m)):
            with pytest.raises(TypeError, match="mask must not be a Series"):
                act(mask)


def test_a_mask_of_interactions_is_matched_by_id(dated):
    chosen = Interactions.from_arrays(USERS[::-1], ITEMS[::-1], [0, 1, 0, 0, 1])
    train, test = split.by_mask(dated, chosen)
    assert pairs(test).keys() == {("a", "w"), ("b", "z")}
    assert train.nnz == 3
    with pytest.raises(ValueError, match="leaves train without any"):
        split.by_mask(dated, np.ones(5, bool))
    with pytest.raises(ValueError, match="keeps none"):
        split.by_mask(dated, np.zeros(5, bool))


def test_parts_of_two_files_become_alike():
    train = Interactions.from_arrays(["a", "a", "b"], ["x", "y", "x"], [1.0, 2, 3], item_titles={"x": "Ex", "y": "Why"})
    titles = {"q": "Queue", "y": "no"}
    test = Interactions.from_arrays(
        ["c", "b", "b"], ["q", "y", "p"], [7.0, 8, 9], time=[70, 80, 90], item_titles=titles
    )
    one, two = split.like(train, test)
    assert one.user_ids.tolist() == two.user_ids.tolist() == ["a", "b", "c"]
    assert one.item_ids.tolist() == ["x", "y", "p", "q"]
    assert two.item_titles.tolist() == ["Ex", "Why", "p", "Queue"]
    assert one.matrix.toarray().tolist() == [[1, 2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 0]]
    assert two.matrix.toarray().tolist() == [[0, 0, 0, 0], [0, 8, 9, 0], [0, 0, 0, 7]]
    assert two.times.tolist() == [80, 90, 70]
    model = coals.Popularity().fit(one)
    assert coals.evaluate(model, two, ["recall@4"]).mean["Popularity"]["recall@4"] == pytest.approx(0.25)


def test_parts_that_agree_are_left_as_they_are():
    data = many()
    train, test = split.random(data)
    one, two = split.like(train, test)
    assert one is train
    assert pairs(two) == pairs(test)
    again, _ = split.like(train, test.core(1, 1))
    assert again is train


def test_pairs_in_both_parts_are_reported_and_ids_of_two_kinds_refused():
    train = Interactions.from_arrays([1, 2], ["x", "y"])
    with pytest.warns(UserWarning, match="1 of 2 test pairs are in train, too, such as user 1, item 'x'"):
        split.like(train, Interactions.from_arrays([1, 2], ["x", "x"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split.like(train, Interactions.from_arrays([2], ["x"]))
    with pytest.raises(TypeError, match="user ids are such as 1 in train and '1' in test"):
        split.like(train, Interactions.from_arrays(["1"], ["x"]))
    with pytest.raises(TypeError, match="must both have user ids, or neither"):
        split.like(train, train.matrix)
