"""What the library and its C interface consist of: a change is seen, and has to be meant."""

from __future__ import annotations

import re
import zipfile

from conftest import HERE, run

FROZEN = HERE / "c_api.txt"
# Tables of constants: the macro of their rows, what precedes the names in C, and the names of 0, 1, 2, ... so far.
TABLES = {
    "COALS_BY_COUNTS": (
        "COALS_",
        "COUNT CONDITIONAL JACCARD COSINE ASYMMETRIC_COSINE DICE TVERSKY LIFT PMI NPMI LOG_LIKELIHOOD",
    ),
    "COALS_ON_COMMON": ("COALS_COMMON_", "PEARSON COSINE MEAN_SQUARE"),
    "COALS_RANKING_METRIC": (
        "COALS_",
        "PRECISION RECALL RECALL_MIN F1 NDCG AVERAGE_PRECISION HIT_RATE RECIPROCAL_RANK AUC",
    ),
}


def constants_of_tables(site) -> dict[str, dict[str, int]]:
    """Macro -> constant -> number."""
    text = "".join(path.read_text() for path in sorted((site / "include" / "coals").glob("*.def")))
    rows = {macro: re.findall(rf"^{macro}\(\w+, (\w+), (\d+)", text, re.MULTILINE) for macro in TABLES}
    return {macro: {TABLES[macro][0] + name: int(number) for name, number in rows[macro]} for macro in TABLES}


def normalised(header: str) -> str:
    """Declarations without comments and layout."""
    bare = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return "\n".join(" ".join(part.split()) for part in re.split(r"(?<=[;{}])", bare) if part.strip()) + "\n"


def test_c_symbols_and_structs_are_those_that_were_released(site):
    """c_api.txt follows the header. If this fails on purpose: add at the end, raise COALS_API_MINOR, and update it."""
    header = (site / "include" / "coals" / "c_api.h").read_text()
    assert normalised(header) == FROZEN.read_text()


def test_constants_of_tables_keep_their_numbers(site):
    for macro, numbers in constants_of_tables(site).items():
        prefix, names = TABLES[macro]
        assert {name: n for n, name in enumerate(names.split())}.items() <= {
            name.removeprefix(prefix): n for name, n in numbers.items()
        }.items()
        assert list(numbers.values()) == list(range(len(numbers)))


def test_cython_knows_every_constant(site):
    header = (site / "include" / "coals" / "c_api.h").read_text()
    constants = {
        name for body in re.findall(r"enum \{(.*?)\}", header, re.DOTALL) for name in re.findall(r"(COALS_\w+) =", body)
    }
    constants |= {name for numbers in constants_of_tables(site).values() for name in numbers}
    assert len(constants) > 40
    declared = (site / "core_api.pxd").read_text()
    assert {name for name in constants if not re.search(rf"^ +{name}$", declared, re.MULTILINE)} == set()


def test_every_declared_function_is_in_the_library_and_no_other(site):
    header = (site / "include" / "coals" / "c_api.h").read_text()
    declared = set(re.findall(r"^(?!static)[\w ]+[ *](coals_\w+)\(", header, re.MULTILINE))
    listed = run("nm", "--defined-only", "--extern-only", site / "lib" / "libcoals.a")
    defined = {line.split()[-1] for line in listed.splitlines() if re.search(r" T coals_", line)}
    assert defined == declared
    # Every other C++ symbol is in the namespace.
    others = {line.split()[-1] for line in listed.splitlines() if re.search(r" T (?!coals_)", line)}
    assert {name for name in others if "5coals" not in name} == set()


def test_the_module_shows_nothing_but_its_entry(site):
    (module,) = site.glob("_core.*.so")
    listed = run("nm", "--dynamic", "--defined-only", module)
    assert {line.split()[-1] for line in listed.splitlines() if " T " in line} == {"PyInit__core"}


def test_the_library_needs_no_python(site):
    needed = run("nm", "--undefined-only", site / "lib" / "libcoals.a")
    assert not re.findall(r" U _?Py\w+", needed)


def test_size_of_the_wheel(wheel):
    assert wheel.stat().st_size <= 8 << 20
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("coals/include/coals/c_api.h", "coals/core_api.pxd", "coals/lib/cmake/coals/coalsConfig.cmake"):
        assert wanted in names
