"""Models written to and read from files that are open: memory, members of archives, places within a file."""

from __future__ import annotations

import io
import zipfile

import pytest

import coals

PLAYS = coals.Interactions.from_arrays(list("aabbc"), list("xyxzy"))
MODEL = coals.ImplicitALS(factors=2, random_state=0).fit(PLAYS)


def same(model):
    found = model.recommend(["a", "b"], 2)
    return found.scores.tobytes() == MODEL.recommend(["a", "b"], 2).scores.tobytes()


def test_memory_holds_what_a_file_does(tmp_path):
    kept = io.BytesIO()
    MODEL.save(kept)
    MODEL.save(tmp_path / "m.coals")
    assert kept.getvalue() == (tmp_path / "m.coals").read_bytes()
    kept.seek(0)
    assert same(coals.load(kept, verify=True))


def test_a_member_of_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive, archive.open("m.coals", "w") as member:
        MODEL.save(member)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive, archive.open("m.coals") as member:
        assert same(coals.load(member))


class Slow(io.RawIOBase):
    """Takes at most `most` bytes at a time."""

    def __init__(self, most):
        self.most, self.content = most, b""

    def write(self, data):
        if self.most is None:
            return None
        part = bytes(data[: self.most])
        self.content += part
        return len(part)


def test_a_file_that_takes_a_part_at_a_time():
    slow = Slow(1000)
    MODEL.save(slow)
    assert same(coals.load(io.BytesIO(slow.content)))


@pytest.mark.parametrize("most", [0, None])
def test_a_file_that_takes_nothing(most):
    with pytest.raises(BlockingIOError, match="takes no more bytes"):
        MODEL.save(Slow(most))


def test_a_model_behind_other_bytes():
    kept = io.BytesIO()
    kept.write(b"12345")
    MODEL.save(kept)
    kept.seek(5)
    assert same(coals.load(kept))


def test_what_is_neither_a_path_nor_a_binary_file():
    for wrong in (7, None, ["m.coals"]):
        with pytest.raises(TypeError, match=r"^path must be a path or a file open in binary mode, got \w+"):
            MODEL.save(wrong)
        with pytest.raises(TypeError, match=r"^path must be a path or a file open in binary mode, got \w+"):
            coals.load(wrong)
    with pytest.raises(TypeError, match="open for text: open it in binary mode, 'wb'"):
        MODEL.save(io.StringIO())
    with pytest.raises(TypeError, match="open for text: open it in binary mode, 'rb'"):
        coals.load(io.StringIO("text"))


def test_a_corrupt_stream_is_named():
    kept = io.BytesIO()
    MODEL.save(kept)
    for content in (kept.getvalue()[:-3], kept.getvalue()[3:], b""):
        with pytest.raises(coals.FileFormatError, match="the BytesIO is"):
            coals.load(io.BytesIO(content))
