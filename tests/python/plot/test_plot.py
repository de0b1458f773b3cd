"""The picture says what the curves say, and nothing outside it changes."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from coals.evaluation import Curve

needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib is not installed: pip install matplotlib"
)


def curve(height, lengths=range(1, 51)):
    k = np.array(list(lengths))
    return Curve(k, height / np.sqrt(k), 0.1 * np.sqrt(k))


def plotted(curves, **options):
    from coals.plot import precision_recall

    return precision_recall(curves, **options)


def marked_k(line, lengths):
    return [list(lengths)[at] for at in line.get_markevery()]


@needs_matplotlib
def test_one_line_for_each_model_with_recall_across_and_precision_up():
    curves = {"good": curve(0.5), "poor": curve(0.2)}
    ax = plotted(curves)
    assert [line.get_label() for line in ax.get_lines()] == ["good", "poor"]
    for line, expected in zip(ax.get_lines(), curves.values(), strict=True):
        assert_array_equal(line.get_xdata(), expected.recall)
        assert_array_equal(line.get_ydata(), expected.precision)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["good", "poor"]
    assert "Recall" in ax.get_xlabel()
    assert "Precision" in ax.get_ylabel()


@needs_matplotlib
def test_axes_start_at_0_hold_everything_and_are_in_percent():
    ax = plotted({"a": curve(0.5), "b": curve(0.7)})
    ax.figure.savefig(io.BytesIO())
    assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0
    assert ax.get_xlim()[1] > 0.1 * np.sqrt(50)
    assert ax.get_ylim()[1] > 0.7
    for axis in (ax.xaxis, ax.yaxis):
        assert all(label.get_text().endswith("%") for label in axis.get_ticklabels())


@needs_matplotlib
@pytest.mark.parametrize(
    ("lengths", "marks"),
    [(range(1, 51), [1, 5, 10, 20, 50]), (range(3, 31), [3, 5, 10, 20, 30]), ([2, 4, 8], [2, 8]), ([7], [7])],
)
def test_every_line_is_marked_alike_and_the_highest_says_which_k(lengths, marks):
    ax = plotted({"poor": curve(0.2, lengths), "good": curve(0.5, lengths)})
    assert [marked_k(line, lengths) for line in ax.get_lines()] == [marks, marks]
    assert [text.get_text() for text in ax.texts] == [f"k = {k}" for k in marks]
    assert [text.xy[1] for text in ax.texts] == pytest.approx([0.5 / np.sqrt(k) for k in marks])


@needs_matplotlib
def test_no_two_of_many_lines_look_alike():
    lines = plotted({f"model {number}": curve(0.01 * number) for number in range(1, 31)}).get_lines()
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 30


@needs_matplotlib
def test_draws_into_given_axes():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert plotted({"a": curve(0.5)}, ax=ax) is ax
    assert len(ax.get_lines()) == 1


@needs_matplotlib
def test_saves_a_picture_without_touching_global_state():
    # In a process of its own: other tests may have imported pyplot, and reading the backend would.
    code = """
import io, sys
import matplotlib
settings = lambda: {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}
before = settings()
import numpy as np
from coals.evaluation import Curve
from coals.plot import precision_recall
ax = precision_recall({"a": Curve(np.arange(1, 4), np.array([.3, .2, .1]), np.array([.1, .2, .3]))})
picture = io.BytesIO()
ax.figure.savefig(picture, format="png")
assert picture.getvalue()[:4] == b"\\x89PNG"
assert settings() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_coals_plot_loads_without_matplotlib_and_names_the_extra(monkeypatch):
    from coals.plot import precision_recall

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install matplotlib"):
        precision_recall({"a": curve(0.5)})


@needs_matplotlib
@pytest.mark.parametrize(("given", "test"), [({"a": curve(0.5)}, "test"), ({"a": object()}, None), ({}, None)])
def test_models_go_with_test_and_curves_without(given, test):
    with pytest.raises(ValueError, match="models together with test, or a dict of name to Curve without"):
        plotted(given, test=test)
