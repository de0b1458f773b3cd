"""Folders are in an order without circles, hold few files, and are described in docs/architecture.md.

Needs the source tree.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "python/coals"
CORE = ROOT / "csrc/src"
DOCUMENT = ROOT / "docs/architecture.md"

if not CORE.exists():
    pytest.skip("no source tree beside the tests", allow_module_level=True)

# Lowest first. A folder imports from itself and from lower levels; folders of one level do not import each other.
PYTHON_LEVELS = [
    ["_util"],
    ["data/readers"],
    ["data"],
    ["ranking", "similarities", "split"],
    ["metrics", "persistence"],
    ["evaluation"],
    ["tuning"],
    ["models"],
    ["models/factors", "models/knn"],
    ["models/als", "neural/training"],
    ["neural"],
    ["models/linear", "models/bayes"],
    ["plot"],
    ["report", "export", "sklearn"],
    ["serve", "spark", "mlflow"],
    ["cli"],
]
# They may import every public name, and only `cli` and each other may import them. "" is the package itself.
FREE = {"", "rerank", "embedding", "memory", "reference", "datasets"}
# Imports inside functions that go up, as (importing file, imported folder): conveniences of a lower folder.
UPWARD: set[tuple[str, str]] = {("persistence/saving.py", "models")}

CORE_LEVELS = [
    ["runtime"],
    ["threading"],
    ["checks"],
    ["intake", "linalg"],
    ["cooccurrence", "metrics", "topk"],
    ["sgd"],
    ["als"],
    ["linear"],
    ["c_api"],
]

SOURCES = {".py", ".pyi", ".pxd", ".pyx", ".c", ".h", ".cpp", ".hpp"}
MOST_FILES, MOST_PUBLIC_HEADERS, MOST_LINES = 20, 30, 600
# One module of the extension is one stub.
GENERATED = {"_core.pyi"}


def level_of(levels: list[list[str]]) -> dict[str, int]:
    return {folder: number for number, folders in enumerate(levels) for folder in folders}


def folder_of(module: str) -> str:
    """Folder of a module of coals; for modules at the top of the package, the name of the module."""
    parts = module.split(".")[1:]
    while parts and not PACKAGE.joinpath(*parts).is_dir():
        if len(parts) == 1:
            return parts[0] if PACKAGE.joinpath(parts[0] + ".py").exists() else ""
        parts.pop()
    return "/".join(parts)


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """Imported folders of coals, and whether the import is inside a function."""
    found = []

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names if (node.module or "").split(".")[0] == "coals" else []:
                full = f"{node.module}.{alias.name}"
                if full != "coals._core" and node.module != "coals._core":
                    found.append((folder_of(full), inside))
        elif isinstance(node, ast.Import):
            found.extend((folder_of(a.name), inside) for a in node.names if a.name.split(".")[0] == "coals")
        for child in ast.iter_child_nodes(node):
            visit(child, inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def python_arrows() -> list[tuple[Path, str, str, bool]]:
    arrows = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inner = path.relative_to(PACKAGE)
        source = inner.parent.as_posix() if len(inner.parts) > 1 else inner.stem.replace("__init__", "")
        if source == "__main__":
            continue
        arrows += [(inner, source, target, inside) for target, inside in imports_of(path) if target != source]
    return arrows


def source_folders(root: Path) -> list[Path]:
    """Folders that hold source files, themselves or below; fuzzer seeds and golden files are data."""
    paths = [p for p in root.rglob("*") if p.suffix in SOURCES and p.is_file() and "build" not in p.parts]
    return sorted({folder for p in paths for folder in p.relative_to(ROOT).parents} - {Path(".")})


def all_source_folders() -> list[Path]:
    return [folder for root in ("python", "csrc", "tests", "bench") for folder in source_folders(ROOT / root)]


def source_files(folder: Path) -> list[Path]:
    return [p for p in (ROOT / folder).iterdir() if p.suffix in SOURCES and p.name not in {"__init__.py", *GENERATED}]


def test_every_python_folder_has_a_level():
    folders = {p.parent.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")} - {"."}
    assert folders <= {*level_of(PYTHON_LEVELS), *FREE}


def test_python_imports_go_down():
    level, arrows = level_of(PYTHON_LEVELS), python_arrows()
    assert len(arrows) > 300
    upward = set()
    for path, source, target, inside in arrows:
        if source in FREE:
            continue
        if target in FREE:
            assert source == "cli", f"{path} imports {target or 'coals'}, which only cli and its like may"
        elif not level[target] < level[source]:
            assert inside, f"{path} imports {target}, which is not below {source}"
            upward.add((path.as_posix(), target))
    assert upward == UPWARD
    assert len(UPWARD) <= 10


def test_core_includes_go_down():
    level, count = level_of(CORE_LEVELS), 0
    assert {p.name for p in CORE.iterdir() if p.is_dir()} == set(level)
    assert not [p for p in CORE.iterdir() if p.is_file()]
    for path in sorted(CORE.rglob("*.[ch]pp")):
        source = path.relative_to(CORE).parts[0]
        for target in re.findall(r'#include "(\w+)/', path.read_text(encoding="utf-8")):
            if target in level and target != source:
                count += 1
                assert level[target] < level[source], f"{path} includes {target}/, which is not below {source}/"
    assert count > 50


@pytest.mark.parametrize("folder", all_source_folders(), ids=str)
def test_folders_are_small(folder):
    most = MOST_PUBLIC_HEADERS if folder.as_posix() == "csrc/include/coals" else MOST_FILES
    assert len(source_files(folder)) <= most


def test_files_are_small():
    files = [path for folder in all_source_folders() for path in source_files(folder)]
    assert len(files) > 350
    assert not [f"{p}: {n}" for p in files if (n := len(p.read_text(encoding="utf-8").splitlines())) > MOST_LINES]


def described_folders() -> dict[str, str]:
    """Path -> sentence, from the trees of the document: a folder a line, indented below the one it is in."""
    found: dict[str, str] = {}
    for block in re.findall(r"^```text\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        above: list[tuple[int, str]] = []
        for line in block.splitlines():
            match = re.fullmatch(r"( *)([\w/]+)/ +(\S.*)", line)
            assert match, f"not a folder and a sentence: {line!r}"
            indent = len(match[1])
            while above and above[-1][0] >= indent:
                above.pop()
            path = "/".join([above[-1][1], match[2]] if above else [match[2]])
            above.append((indent, path))
            found[path] = match[3]
    return found


def test_the_document_describes_every_folder():
    empty_parents = {"python", "csrc", "csrc/include", "tests"}
    folders = {folder.as_posix() for folder in all_source_folders()} - empty_parents
    roots = {folder.split("/")[0] for folder in folders}  # a source archive has no bench/
    assert folders == {folder for folder in described_folders() if folder.split("/")[0] in roots}


FILE = r"[\w./-]+\.(?:py|pyi|cpp|hpp|h|def|in|md|txt|json|toml)"


def named_files(text: str) -> list[Path]:
    """Files named in backticks, from the root or from the package; a source archive has no bench/."""
    found = []
    for name in re.findall(rf"`({FILE})`", text):
        if name.startswith("bench/") and not (ROOT / "bench").exists():
            continue
        found.append(ROOT / name if (ROOT / name).exists() else PACKAGE / name)
    return found


def lists_of_changes() -> dict[str, str]:
    """Heading -> text below it, in the section on what a change touches."""
    section = DOCUMENT.read_text(encoding="utf-8").split("\n## What a change touches\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^### (.*)\n((?:(?!###).*\n)*)", section, re.MULTILINE))


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def test_the_document_names_files_that_exist():
    text = DOCUMENT.read_text(encoding="utf-8")
    journeys = re.findall(r"^\d\. .*$", text, re.MULTILINE)
    assert len(journeys) == 4
    assert all(len(named_files(journey)) >= 4 for journey in journeys)
    assert len(named_files(text)) > 80
    assert not [path for path in named_files(text) if not path.is_file()]
    folders = re.findall(r"`([\w./]+)/`", text)
    assert not [name for name in folders if not (ROOT / name).is_dir() and not (PACKAGE / name).is_dir()]


@pytest.mark.parametrize("heading", lists_of_changes())
def test_the_files_of_a_change_mention_its_example(heading):
    """`npmi` is in every file that a new similarity measure needs; the tie rule has no name to look for."""
    lists = re.findall(r"^- .*(?:\n  .*)*", lists_of_changes()[heading], re.MULTILINE)
    files = [path for item in lists for path in named_files(item)]
    assert len(files) >= 3
    for example in re.findall(r"`(.*)`", heading):
        assert not [path for path in files if letters(example) not in letters(path.read_text(encoding="utf-8"))]


def test_each_kind_of_change_has_a_list():
    kinds = ["similarity", "metric", "model", "option", "instruction set", "tie rule", "ALS solvers", "file format"]
    assert [[kind in heading for kind in kinds].index(True) for heading in lists_of_changes()] == list(
        range(len(kinds))
    )
