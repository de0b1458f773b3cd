"""Classes are kinds: hierarchies are flat, and nothing is a base for the sake of one other class.

Needs the source tree.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import coals
import coals.neural

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "python/coals"

if not PACKAGE.exists():
    pytest.skip("no source tree beside the tests", allow_module_level=True)

MOST_CLASSES = 6

PUBLIC = [
    value
    for module in (coals, coals.neural)
    for name in module.__all__
    if inspect.isclass(value := getattr(module, name)) and value.__module__.partition(".")[0] == "coals"
]
MODELS = [cls for cls in PUBLIC if issubclass(cls, coals.Recommender) and cls is not coals.Recommender]


def ours(classes: tuple[type, ...]) -> list[type]:
    return [cls for cls in classes if cls.__module__.partition(".")[0] == "coals"]


def all_classes() -> list[type]:
    """Every class that is defined at the top of a module of coals."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inner = path.relative_to(PACKAGE.parent).with_suffix("").parts
        names = [
            node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
        ]
        if names and inner[-1] != "__main__":
            module = importlib.import_module(".".join(inner).removesuffix(".__init__"))
            found += [getattr(module, name) for name in names]
    return found


def test_all_models_are_here():
    assert len(MODELS) >= 22
    assert {"ImplicitALS", "ItemKNN", "EASE", "MultVAE", "EmbeddingDotBias"} <= {cls.__name__ for cls in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda cls: cls.__name__)
def test_models_have_few_ancestors(model):
    assert len(ours(model.__mro__)) <= MOST_CLASSES


def test_no_base_has_a_single_child():
    """But for public classes, which are of use without it."""
    classes = all_classes()
    assert len(classes) > 90
    children: dict[type, list[str]] = {}
    for cls in classes:
        for base in ours(cls.__bases__):
            children.setdefault(base, []).append(cls.__name__)
    assert len(children) > 10
    assert {base.__name__: names for base, names in children.items() if len(names) == 1 and base not in PUBLIC} == {}


@pytest.mark.parametrize("model", MODELS, ids=lambda cls: cls.__name__)
def test_models_leave_what_all_share_to_the_base(model):
    shared = {"recommend", "recommend_indices", "recommend_users", "predict", "predict_indices", "explain", "save"}
    shared |= {"similar_items", "similar_users", "get_params", "set_params", "titles"}
    assert not [f"{cls.__name__}.{name}" for cls in ours(model.__mro__)[:-1] for name in shared if name in vars(cls)]
