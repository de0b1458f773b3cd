"""The examples of README.md and docs/guide.md run as printed, and links in all documents lead somewhere.

Blocks are found by their heading and language, or by a word in them. `SEPARATE` are the guide's headings whose examples
need files of their own; the other Python examples of the guide run from top to bottom in one namespace.
"""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import coals
from coals.cli import main

ROOT = Path(__file__).parents[3]
README, GUIDE = ROOT / "README.md", ROOT / "docs/guide.md"
SEPARATE = {"From files to recommendations", "Tables and files", "Neural models"}
MOST_README_LINES = 120


class Block(NamedTuple):
    document: Path
    heading: str
    language: str
    line: int  # of the first line of code
    code: str

    def run(self, names):
        """Runs the code with the names that are there; errors show the document and the line in it."""
        tree = ast.increment_lineno(ast.parse(self.code), self.line - 1)
        exec(compile(tree, str(self.document), "exec"), names)

    def printed(self):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            self.run({"coals": coals})
        return shown.getvalue()


def blocks(document):
    found, heading, start = [], "", None
    lines = document.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if start is None and line.startswith("#"):
            heading = line.lstrip("# ")
        elif start is None and line.startswith("```"):
            start, language = number, line[3:]
        elif start is not None and line == "```":
            code = "\n".join(lines[start : number - 1]) + "\n"
            found.append(Block(document, heading, language, start + 1, code))
            start = None
    assert start is None, f"{document}: the code block of line {start} does not end"
    return found


def block(document, heading, language="python", word=""):
    """The only block below this heading in this language that contains the word."""
    (found,) = [b for b in blocks(document) if (b.heading, b.language) == (heading, language) and word in b.code]
    return found


def test_the_two_commands_come_first():
    """`.ci/run` takes them from the first block of shell commands."""
    first, second = next(b for b in blocks(README) if b.language == "sh").code.splitlines()
    assert first.endswith("python -m coals demo")
    assert second.endswith("python -m pytest")


def test_readme_is_short_and_has_nothing_left_to_fill_in():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_README_LINES
    for document in (README, GUIDE):
        unfilled = re.findall(r"\b[A-Z]+_[A-Z]+\b(?<!COALS_ISA)", document.read_text(encoding="utf-8"))
        assert not unfilled, document


def test_ten_lines_run():
    example = block(README, "Ten lines")
    assert len([line for line in example.code.splitlines() if line.strip()]) <= 10
    titles, table = example.printed().split("\n", 1)
    assert titles.count("'") + titles.count('"') >= 10  # five quoted titles
    rows = dict(re.findall(r"^(als|popular) +([\d.]+)", table, re.MULTILINE))
    assert float(rows["als"]) > float(rows["popular"])


def test_own_data_runs():
    assert block(GUIDE, "Your own data").printed() == "['Naima']\n"


def test_songs_from_raw_files_to_a_saved_model(tmp_path, monkeypatch):
    """As printed, in a folder with such files, in 25 lines at most."""
    monkeypatch.chdir(tmp_path)
    users, songs = ["ann", "bob", "cem", "dee", "eve", "fay"], [f"SO{j:02d}" for j in range(8)]
    plays = [f"{u}\t{s}\t{1 + j % 4}\n" for i, u in enumerate(users) for j, s in enumerate(songs) if (i + j) % 4 < 3]
    Path("plays.tsv").write_text("".join(plays), encoding="utf-8")
    titles = ["So What", "Naima", "Blue Train", "Take Five", "Footprints", "Giant Steps", "Freddie Freeloader", "Solar"]
    rows = [f'{song},"{title}",?,?,1959\n' for song, title in zip(songs, titles, strict=True)]
    Path("songs.csv").write_text("song_id,title,release,artist_name,year\n" + "".join(rows), encoding="utf-8")
    heading = "From files to recommendations"
    commands, program = block(GUIDE, heading, "sh", "coals similar").code, block(GUIDE, heading)
    assert len((commands + program.code).splitlines()) <= 25
    shown = []
    for line in commands.splitlines():
        name, *arguments = shlex.split(line, comments=True)
        result = CliRunner().invoke(main, arguments)
        assert (name, result.exit_code) == ("coals", 0), result.output
        shown.append(result.stdout)
    assert "Take Five" in shown[1]
    assert re.search(r"^implicit-als +0\.\d", shown[3], re.MULTILINE)
    assert set(eval(program.printed())) < set(titles)
    assert coals.load("songs.coals").user_index_.ids.tolist() == [*users, "zoe"]


@pytest.mark.parametrize(
    ("file", "ratings", "titles", "user"),
    [("ratings.csv.gz", "book_id,user_id,rating\n{item},{user},{value}\n", "id,title", 314),
     ("ratings.csv", "userId,movieId,rating,timestamp\n{user},{item},{value},9\n", "movieId,title", 7)],
)  # fmt: skip
def test_public_data_sets_are_one_command_each(tmp_path, monkeypatch, file, ratings, titles, user):
    """As printed, in a folder with files of their columns."""
    monkeypatch.chdir(tmp_path)
    commands = block(GUIDE, "From files to recommendations", "sh", "ratings.csv.gz").code.splitlines()
    ((name, *arguments),) = [words for line in commands if file in (words := shlex.split(line))]
    head, row = ratings.splitlines(keepends=True)
    pairs = [(i, j) for i in range(9) for j in range(9) if (i + j) % 5 < 3]
    rows = [row.format(user=user + i, item=j, value=1 + (i * j) % 5) for i, j in pairs]
    write_text(arguments[1], head + "".join(rows))
    write_text(arguments[arguments.index("--titles") + 1], titles + "".join(f'\n{j},"Title, {j}"' for j in range(9)))
    result = CliRunner().invoke(main, arguments)
    assert (name, result.exit_code) == ("coals", 0), result.output
    assert re.search(rf"^ *{user} +1 +\d +Title, \d", result.stdout, re.MULTILINE), result.stdout


def write_text(path, text):
    content = text.encode()
    Path(path).write_bytes(gzip.compress(content) if path.endswith(".gz") else content)


def test_files_become_recommendations(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plays.tsv").write_text("ann\ts1\t3\nann\ts2\t1\nbob\ts2\t2\nann\ts1\t2\nbob\ts3\t1\ncem\ts3\t9\n")
    Path("songs.csv").write_text("song_id,title,release\ns1,Blue Train,1957\ns2,So What,1959\ns3,Naima,1960\n")
    printed = block(GUIDE, "Tables and files").printed().splitlines()
    assert [line.split()[0] for line in printed] == ["item", "----", "s2", "s1", "s3", "['So"]
    assert printed[3].split() == ["s1", "Blue", "Train", "1", "2", "5", "25"]


def test_the_guide_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, shown = {"coals": coals}, io.StringIO()
    examples = [b for b in blocks(GUIDE) if b.language == "python" and b.heading not in SEPARATE]
    assert len({b.heading for b in examples}) >= 8
    with contextlib.redirect_stdout(shown):
        for example in examples:
            example.run(names)
    assert re.search(r"^knn +0\.\d+ ±0\.\d+", shown.getvalue(), re.MULTILINE)
    assert names["found"].best_params["neighbors"] in {10, 50}
    assert names["varied"].ids.shape == (len(names["U"]), 10)
    assert Path("books.coals").exists()


def test_neural_example_runs():
    pytest.importorskip("torch", reason="torch is not installed")
    example = block(GUIDE, "Neural models")
    quick = example.code.replace("random_state=0", 'random_state=0, iterations=2, device="cpu"')
    assert quick != example.code
    names = {"coals": coals, "train": coals.datasets.goodbooks()}
    example._replace(code=quick).run(names)
    assert len(names["model"].validation_) == 2


def test_every_python_block_is_run_by_one_of_these_tests():
    separate = [b.heading for b in blocks(GUIDE) if b.language == "python" and b.heading in SEPARATE]
    assert sorted(separate) == sorted(SEPARATE)
    assert [b.heading for b in blocks(README) if b.language == "python"] == ["Ten lines"]


def documents():
    return sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.md"), *ROOT.glob("bench/*.md")})


def anchors(document):
    """What a heading is called in links: lower case, without punctuation, with hyphens between words."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if path.startswith(("http:", "https:")):
            continue
        target = (document.parent / path).resolve() if path else document
        if not (ROOT / "bench").exists() and target.is_relative_to(ROOT / "bench"):
            continue  # a source archive has no benchmarks
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
