"""The stub of the extension says what the extension has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import coals
from coals import _core


def stub_signatures() -> dict[str, list[str]]:
    """Qualified name -> parameter names, from the stub."""
    found: dict[str, list[str]] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[prefix + child.name] = []
                visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef):
                names = [argument.arg for argument in (*child.args.args, *child.args.kwonlyargs)]
                found[prefix + child.name] = [name for name in names if name != "self"]
            elif isinstance(child, ast.AnnAssign):
                found[prefix + child.target.id] = []

    visit(ast.parse((Path(coals.__file__).parent / "_core.pyi").read_text()), "")
    return found


def module_signatures(thing: object, prefix: str = "") -> dict[str, list[str]]:
    """The same from the module; pybind11 writes signatures into docstrings."""
    found: dict[str, list[str]] = {}
    for name, value in vars(thing).items():
        if name.startswith("_") and name != "__init__":
            continue
        found[prefix + name] = []
        if isinstance(value, type) or type(value).__name__ == "module":
            found |= module_signatures(value, f"{prefix}{name}.")
        elif callable(value):
            signature = re.search(rf"\b{name}\((?!\*args)(.*)\) ->", value.__doc__)
            if name == "__init__" and signature is None:  # a class that only native code makes
                del found[prefix + name]
                continue
            found[prefix + name] = re.findall(r"(?:^|, )(?!self\b)(\w+):", signature[1])
    return found


def test_stub_equals_module():
    from_stub, from_module = stub_signatures(), module_signatures(_core)
    # Declared for readers of the exception; set on the instance.
    del from_stub["SingularSystemError.row"], from_stub["SingularSystemError.side"]
    assert from_stub == from_module


def test_the_package_is_typed():
    assert (Path(coals.__file__).parent / "py.typed").exists()
