"""What is a table in the code is the same table in docstrings, documents and references."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import coals
from coals.metrics.names import METRICS, written
from coals.reference import metrics as reference_metrics
from coals.reference import similarity as reference
from coals.similarities import event_cooccurrence
from coals.similarities.measures import FORMULAS

METRICS_PAGE = Path(__file__).parents[3] / "docs/metrics.md"


def simple_table(thing: Any) -> dict[str, str]:
    """First column -> the rest of the row, of the first table in the docstring of `thing`, spaces as single ones."""
    _, head, body = re.split(r"^=+ +=+$", inspect.getdoc(thing) or "", flags=re.MULTILINE)[:3]
    assert head.split()[0] == "measure"
    rows: dict[str, str] = {}
    for line in body.strip().splitlines():
        name, text = re.fullmatch(r"(\w*) +(.*)", line).groups()
        name = name or next(reversed(rows))
        rows[name] = " ".join([*rows.get(name, "").split(), *text.split()])
    return rows


def test_the_docstring_of_similarity_has_every_measure_and_its_formula():
    written = {name: row.formula + f" ({row.source})" * bool(row.source) for name, row in FORMULAS.items()}
    assert simple_table(coals.similarity) == written


def test_measures_by_counts_are_those_without_values_in_their_formula():
    """The docstrings of `similarity` and `ItemCooccurrence` tell them apart by that."""
    for row in FORMULAS.values():
        assert bool(re.search(r"\br(_i)?\b", row.formula)) == (row.kind != "counts"), row


def test_every_measure_has_a_reference():
    by_vectors = [name for name in reference.BY_VECTORS if name != "cosine"]
    assert [*reference.BY_COUNTS, *by_vectors, *reference.ON_COMMON_USERS] == list(FORMULAS)


def test_every_option_of_a_measure_is_an_argument_of_similarity():
    options = {option for row in FORMULAS.values() for option in row.options}
    assert options == {"alpha", "beta", "k1", "b"}
    assert options < set(inspect.signature(coals.similarity).parameters)


@pytest.mark.parametrize("thing", [coals.similarity, coals.ItemKNN, coals.UserKNN])
def test_docstrings_say_whose_an_option_is(thing):
    options = dict(re.findall(r"^    (alpha, beta|k1, b) :.*\n((?:        .*\n)+)", thing.__doc__, re.MULTILINE))
    for names, text in options.items():
        users = [name for name, row in FORMULAS.items() if set(row.options) & set(names.split(", "))]
        assert set(re.findall(r'"(\w+)"', text)) == set(users)
    assert len(options) == 2


def test_the_docstring_of_event_cooccurrence_has_its_measures():
    assert tuple(simple_table(coals.event_cooccurrence)) == event_cooccurrence.MEASURES


def test_the_page_of_metrics_has_every_definition():
    if not METRICS_PAGE.exists():
        pytest.skip("no documents beside the tests")
    page = METRICS_PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    found = re.findall(r"^\| `(.*?)` \| (.*?) \| ?(.*?) ?\|$", page.replace("\\|", "\0"), re.MULTILINE)
    # As sets: the page has recall_min beside recall, whatever the order of the table.
    assert {tuple(cell.replace("\0", "|") for cell in row) for row in found} == {
        (written(name), row.definition, row.source) for name, row in METRICS.items()
    }
    assert len(found) == len(METRICS)


def test_the_docstring_of_metrics_and_the_help_of_the_command_have_every_metric():
    from coals.cli.evaluate import evaluate

    help_text = next(option.help for option in evaluate.params if option.name == "metrics")
    for name, row in METRICS.items():
        assert re.search(
            rf"^ +{re.escape(written(name))} +{re.escape(row.definition)}", coals.metrics.__doc__, re.MULTILINE
        )
        assert written(name) in help_text


def test_every_metric_has_its_functions():
    for row in METRICS.values():
        assert callable(getattr(reference_metrics, row.function))
        if row.kind != "ratings":
            function = getattr(coals.metrics, row.function)
            assert row.function in coals.metrics.__all__
            assert set(row.options) <= set(inspect.signature(function).parameters)


README = Path(__file__).parents[3] / "README.md"


def test_the_readme_has_every_model():
    if not README.exists():
        pytest.skip("no documents beside the tests")
    table = README.read_text(encoding="utf-8").split("\n## Models\n")[1].split("\n## ")[0]
    found = re.findall(r"`(?:neural\.)?(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    assert sorted(found) == sorted([*coals.MODELS, *coals.neural.__all__])


def test_type_checkers_know_every_model():
    text = Path(coals.__file__).read_text(encoding="utf-8")
    imported = re.findall(r"^    from (coals\.models\.\S+) import (\w+) as (\w+)$", text, re.MULTILINE)
    assert {(name, module) for module, name, _ in imported} == set(coals.MODELS.items())
    assert all(name == alias for _, name, alias in imported)
