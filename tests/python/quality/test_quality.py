"""One table over all models: its lines, its protocol, and the parameters that it reads. Skipped without bench/."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import coals
from conftest import random_ratings

quality = pytest.importorskip("bench.quality.protocol", reason="a source archive has no bench/")
main = pytest.importorskip("bench.quality.__main__").main
contenders = quality.contenders


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Ratings that can be learned, as a file: who likes the odd items dislikes the even ones."""
    rng = np.random.default_rng(0)
    liked = (np.arange(80)[:, None] + np.arange(40)) % 2 == 0
    dense = np.where(liked, 5, 1) * (rng.random((80, 40)) < np.where(liked, 0.4, 0.05))
    path = tmp_path_factory.mktemp("table") / "ratings.csv"
    rows = [f"{u},{i},{dense[u, i]}" for u, i in np.argwhere(dense)]
    path.write_text("\n".join(["user,item,rating", *rows]) + "\n")
    return path


def test_every_model_has_a_line():
    classes = {name for name in coals.__all__ if hasattr(getattr(coals, name), "recommend_indices")} - {"Recommender"}
    assert classes <= {name.partition(",")[0] for name in contenders()}


def test_recorded_parameters_are_of_the_spaces_and_can_be_made():
    lines, recorded = contenders(), quality.recorded_settings()
    assert recorded.keys() <= {"goodbooks-sample", "goodbooks", "ml-latest-small"}
    for settings in recorded.values():
        for name, found in settings.items():
            if name not in lines:  # of a library that is not here
                continue
            assert found["metric"] == lines[name].metric
            for parameter, value in found["parameters"].items():
                assert value in lines[name].space[parameter], (name, parameter)
            model = quality.made(name, lines[name], settings, 0, 1)
            assert {p: model.get_params()[p] for p in found["parameters"]} == found["parameters"]


def test_a_search_sees_the_training_part_alone_and_finds_the_best():
    data = coals.Interactions.from_matrix(random_ratings(80, 30, 0.4, seed=1))
    train, _ = quality.halves(data, 0)
    entry = contenders()["EASE"]
    found = quality.find_settings("EASE", entry, train, {}, seed=0, num_threads=1)
    part, validation = quality.halves(train, 1)
    values = {
        r: coals.evaluate(coals.EASE(regularization=r).fit(part), validation, "ndcg@10").mean["EASE"]["ndcg@10"]
        for r in entry.space["regularization"]
    }
    assert found["trials"] == len(values)
    assert found["value"] == round(max(values.values()), 5)
    assert values[found["parameters"]["regularization"]] == max(values.values())
    assert quality.find_settings("Popularity", contenders()["Popularity"], train, {}, seed=0, num_threads=1) is None


def test_a_line_is_what_evaluate_says():
    data = coals.Interactions.from_matrix(random_ratings(80, 30, 0.4, seed=1))
    train, test = quality.halves(data, 0)
    line = quality.measured(coals.ExplicitALS(factors=2, random_state=0), train, test)
    model = coals.ExplicitALS(factors=2, random_state=0).fit(train)
    expected = coals.evaluate(model, test, quality.METRICS).mean["ExplicitALS"]
    assert {metric: line[metric] for metric in quality.METRICS} == expected
    assert line["fit_seconds"] > 0
    assert line["recommend_seconds"] > 0
    assert quality.measured(coals.Popularity(), train, test)["rmse"] is None


def test_those_below_popularity_are_given_a_reason():
    line = dict.fromkeys(quality.METRICS, 0.5) | {"fit_seconds": 1.0, "recommend_seconds": 1.0}
    lines = {"Popularity": line, "EASE": {**line, "ndcg@10": 0.6}, "ExplicitALS": {**line, "ndcg@10": 0.1}}
    (reason,) = quality.reasons(lines)
    assert reason.startswith("ExplicitALS is fitted to ratings and ranks by them")
    text = quality.table_text({**lines, "SVD": {**line, "rmse": None}})
    assert "SVD is below popularity here, for an unknown reason." in text
    assert re.search(r"EASE +0\.6000 +0\.5000", text)


def test_table_of_a_file(table, tmp_path, capsys):
    columns = ["--user", "user", "--item", "item", "--value", "rating"]
    main(["--file", str(table), *columns, "--threads", "1", "--json", str(tmp_path / "all.jsonl")])
    printed = capsys.readouterr().out
    written = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = {line["model"]: line for line in written}
    assert lines.keys() == contenders().keys() - {"ContentKNN"}  # there are no titles
    assert lines["EASE"]["ndcg@10"] > lines["Popularity"]["ndcg@10"]
    for name, line in lines.items():
        assert re.search(rf"^{re.escape(name)} +{line['ndcg@10']:.4f} ", printed, re.MULTILINE)
    assert lines["ExplicitALS"]["rmse"] < 1.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--user", "user", "--item", "item"], "give --file FILE, too"),
        (["--file", "TABLE", "--user", "user"], "--file needs --user and --item"),
        (
            ["--file", "TABLE", "--user", "user", "--item", "item", "--search"],
            "--search writes the parameters of --data",
        ),
    ],
)
def test_options_that_do_not_go_together(table, options, message, capsys):
    with pytest.raises(SystemExit):
        main([str(table) if option == "TABLE" else option for option in options])
    assert message in capsys.readouterr().err
