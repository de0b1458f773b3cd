"""Programs in C++ and C, a Cython extension and ctypes, against the installed wheel: same bits as Python."""

from __future__ import annotations

import os
import shutil

import pytest

from conftest import HERE, run


def assert_agrees(folder, language, names):
    for name in names:
        ours, theirs = (folder / f"{who}_{name}" for who in ("py", language))
        assert ours.read_bytes() == theirs.read_bytes(), f"{language}: {name}"
        assert ours.stat().st_size > 0


def compiled(source, python, build):
    """The program of a folder, by CMake and nothing but what the wheel says of itself."""
    found = run(python, "-c", "import coals; print(coals.get_cmake_dir())", cwd="/").strip()
    tools = python.parent
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}")
    run(tools / "cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-Dcoals_DIR={found}",
        env=environment)  # fmt: skip
    run(tools / "cmake", "--build", build, env=environment)
    return build / "recommend"


IMPLICIT = ["implicit_users", "implicit_items", "implicit_ids", "implicit_scores", "implicit_folded"]


def test_cpp(python, folder, tmp_path):
    run(compiled(HERE / "cpp", python, tmp_path), folder)
    ratings = ["explicit_users", "explicit_items", "explicit_user_bias", "explicit_item_bias"]
    assert_agrees(folder, "cpp", [*IMPLICIT, *ratings, "jaccard_column", "jaccard_value"])


def test_c(python, folder, tmp_path):
    run(compiled(HERE / "c", python, tmp_path), folder)
    ratings = ["explicit_users", "explicit_item_bias", "explicit_ids", "explicit_scores"]
    assert_agrees(folder, "c", [*IMPLICIT, *ratings, "new_ids", "jaccard_column", "jaccard_value",
                                 "index_ids", "index_scores"])  # fmt: skip


@pytest.fixture(scope="module")
def extension(python, tmp_path_factory):
    """A folder with the compiled Cython consumer."""
    build = tmp_path_factory.mktemp("cython")
    for source in (HERE / "cython").iterdir():
        shutil.copy(source, build)
    run(python, "setup.py", "-q", "build_ext", "--inplace", cwd=build)
    return build


def test_cython(python, folder, extension):
    run(python, HERE / "scripts" / "from_cython.py", folder, env=dict(os.environ, PYTHONPATH=str(extension)))
    assert_agrees(folder, "cython", ["implicit_users", "implicit_ids", "implicit_scores", "implicit_folded"])


def test_cython_without_import_coals(python, extension):
    said = run(python, "-c", "import forgetful; print(forgetful.status_and_message())", cwd=extension)
    assert "import_coals() once" in said


def test_a_project_without_cpp_is_told(python, tmp_path):
    found = run(python, "-c", "import coals; print(coals.get_cmake_dir())", cwd="/").strip()
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(mine C)\nfind_package(coals CONFIG REQUIRED)\n"
    )
    build = ["-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-Dcoals_DIR={found}"]
    environment = dict(os.environ, PATH=f"{python.parent}:{os.environ['PATH']}")
    with pytest.raises(AssertionError, match=r"LANGUAGES\s+C\s+CXX"):
        run(python.parent / "cmake", *build, env=environment)


def test_cython_refuses_another_version(python, site, tmp_path):
    include = tmp_path / "include"
    shutil.copytree(site / "include", include)
    header = include / "coals" / "c_api.h"
    header.write_text(header.read_text().replace("#define COALS_API_MAJOR 1", "#define COALS_API_MAJOR 2"))
    for source in (HERE / "cython").iterdir():
        shutil.copy(source, tmp_path)
    setup = tmp_path / "setup.py"
    setup.write_text(setup.read_text().replace("coals.get_include()", repr(str(include))))
    run(python, "setup.py", "-q", "build_ext", "--inplace", cwd=tmp_path)
    said = run(python, "-c", "try:\n import consumer\nexcept ImportError as error: print(error)", cwd=tmp_path)
    assert "compiled against version 2.1" in said
    assert "has 1.1" in said


def test_ctypes_and_numba(python, folder):
    said = run(python, HERE / "scripts" / "from_ctypes.py", folder)
    assert_agrees(folder, "ctypes", ["implicit_ids", "implicit_scores", "index_ids", "index_scores"])
    if "numba is not installed" in said:
        print(said)
    else:
        ours = (folder / "py_implicit_folded").read_bytes()
        assert ours == (folder / "numba_implicit_folded").read_bytes()


def test_scikit_build_finds_the_package(python):
    """Its entry point leads to where find_package looks."""
    code = (
        "from importlib.metadata import entry_points; from importlib.resources import files; import pathlib;"
        "(point,) = entry_points(group='cmake.root', name='coals'); root = pathlib.Path(str(files(point.load())));"
        "print((root / 'lib/cmake/coals/coalsConfig.cmake').exists())"
    )
    assert run(python, "-c", code, cwd="/").strip() == "True"
