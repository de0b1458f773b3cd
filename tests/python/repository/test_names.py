"""The same word on both sides of the binding: headers, bindings, stub and the tables of the package. Needs the source
tree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from coals.metrics.names import METRICS
from coals.models.als.base import SINGULAR, SOLVERS
from coals.similarities import event_cooccurrence, measures

ROOT = Path(__file__).parents[3]
HEADERS = ROOT / "csrc/include/coals"

if not HEADERS.exists():
    pytest.skip("no source tree beside the tests", allow_module_level=True)

STUB = ast.parse((ROOT / "python/coals/_core.pyi").read_text())
# What the bindings add: Python's objects in and out, and names of Python's own.
BINDINGS_ALONE = {
    "borrow_csr", "encode_fixed", "encode_texts", "order_of_pairs", "row_penalties", "solve_explicit", "solve_implicit",
}  # fmt: skip
PYTHON_TYPES = {"Csr", "SingularSystemError", "kernels"}


def without_comments(text: str) -> str:
    return re.sub(r"//.*", "", text)


def headers() -> str:
    return without_comments("".join(path.read_text() for path in sorted(HEADERS.glob("*.hpp"))))


def enums_of_headers() -> dict[str, list[str]]:
    """Enum -> names of its values, in order."""
    found = re.findall(r"enum class (\w+) \{([^}]*)\}", headers())
    return {name: rows_of(values) or re.findall(r"\w+", values) for name, values in found}


def rows_of(text: str) -> list[str]:
    """Names of the rows of the tables that `text` includes, for the macro that it defines."""
    names = []
    for macro, table in re.findall(r'#define (\w+)\(.*\n#include "coals/(\w+\.def)"', text):
        names += re.findall(rf"^{macro}\((\w+),", (HEADERS / table).read_text(), re.MULTILINE)
    return names


def enums_of_bindings() -> dict[str, list[str]]:
    table = without_comments((ROOT / "csrc/bindings/enums.hpp").read_text())
    found = re.findall(r'^COALS_NAMES\((\w+), "\w+",\s*\{([^}]*)\}\);', table, re.MULTILINE)
    tables = re.findall(r"^struct Names<(\w+)> \{(.*?)^\};", table, re.MULTILINE | re.DOTALL)
    return {name: re.findall(r'"(\w+)"', values) for name, values in found} | {
        name: rows_of(values) for name, values in tables
    }


def fields_of(struct: str) -> set[str]:
    """Names of the data members of a struct and of its bases."""
    found = re.search(rf"struct {struct}(?: : (\w+))? \{{(.*?)\n\}};", headers(), re.DOTALL)
    assert found, f"the headers have no struct {struct}"
    own = set(re.findall(r"(\w+)(?:\{\}| = [^;,]+)?[,;]", found[2]))
    return own | (fields_of(found[1]) if found[1] else set())


def test_the_bindings_name_every_enum_as_the_headers_do():
    named = enums_of_bindings()
    assert len(named) >= 14
    assert named == enums_of_headers()


@pytest.mark.parametrize(
    ("enum", "names"),
    [
        ("Similarity", measures.COUNTED),
        ("CommonSimilarity", {formula.core for formula in measures.FORMULAS.values() if formula.core}),
        ("RankingMetric", [row.function for row in METRICS.values() if row.kind == "ranking"]),
        ("Solver", [name for name in SOLVERS if name != "auto"]),
        ("Singular", SINGULAR),
        ("Direction", event_cooccurrence.DIRECTIONS),
    ],
)
def test_the_package_lists_every_name_of_an_enum(enum, names):
    assert sorted(names) == sorted(enums_of_headers()[enum])


def test_measures_of_events_are_similarities():
    assert set(event_cooccurrence.MEASURES) < set(enums_of_headers()["Similarity"])


def test_functions_and_classes_of_the_stub_are_those_of_the_headers():
    text = headers()
    functions = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef)}
    assert {name for name in functions if not re.search(rf"\b{name}\(", text)} == BINDINGS_ALONE
    classes = {node.name for node in STUB.body if isinstance(node, ast.ClassDef)}
    assert {name for name in classes if not re.search(rf"\b(class|struct) {name}\b", text)} == PYTHON_TYPES


@pytest.mark.parametrize(
    "name",
    [
        "EventOptions",
        "ExplicitFitOptions",
        "FitOptions",
        "ImplicitFitOptions",
        "NeighborOptions",
        "Penalty",
        "SgdOptions",
        "SimilarityOptions",
        "SolverOptions",
        "TopKFilter",
    ],
)
def test_options_of_the_stub_are_fields_of_the_headers(name):
    class_ = next(node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == name)
    start = next(node for node in class_.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    given = {argument.arg for argument in (*start.args.args, *start.args.kwonlyargs)} - {"self", "common"}
    assert len(given) >= 3
    # Of FitOptions the core keeps those of its solver apart.
    assert given <= fields_of(name) | (fields_of("SolverOptions") if name == "FitOptions" else set())
