"""What is a table in the code is the same table in docstrings, documents and references."""

from __future__ import annotations

import inspect
import re
from typing import Any

import coals
from coals.reference import similarity as reference
from coals.similarities import event_cooccurrence
from coals.similarities.measures import FORMULAS


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


def test_the_docstring_of_event_cooccurrence_has_its_measures():
    assert tuple(simple_table(coals.event_cooccurrence)) == event_cooccurrence.MEASURES
