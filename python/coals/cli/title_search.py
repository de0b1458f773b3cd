"""Finds titles in spite of mistakes: case, accents, punctuation and some letters may be wrong."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

__all__ = ["search_titles"]

_LEAST = 0.35


def search_titles(titles: Sequence[str], query: str, n: int, weights: Any = None) -> list[tuple[int, float]]:
    """The `n` titles most like `query`, as (position, likeness between 0 and 1), best first.

    Each word of the query counts by how alike it is to a word of the title (`difflib.get_close_matches`); 1 is the same
    title, and other words of the title or another order count a little against it. Ties go to the larger weight, then
    to the first. Titles that are hardly alike are left out. Cost: each word of the query is compared with each
    different word of the titles.

    >>> search_titles(["The Hobbit", "The Two Towers", "Hobbits at home"], "hobit", 2)
    [(0, 0.8136), (2, 0.7194)]
    """
    normal = [_words(title) for title in titles]
    wanted = _words(query)
    places = defaultdict(set)
    for place, words in enumerate(normal):
        for word in words:
            places[word].add(place)
    found: dict[int, float] = defaultdict(float)
    for word in wanted:
        alike: dict[int, float] = {}
        for near in difflib.get_close_matches(word, places, n=20):  # best first
            ratio = difflib.SequenceMatcher(None, near, word).ratio()
            for place in places[near]:
                alike.setdefault(place, ratio)
        for place, ratio in alike.items():
            found[place] += ratio / len(wanted)
    scored = [(round(_likeness(score, wanted, normal[place]), 4), place) for place, score in found.items()]
    scored.sort(key=lambda pair: (-pair[0], 0.0 if weights is None else -float(weights[pair[1]]), pair[1]))
    return [(place, score) for score, place in scored[:n] if score >= _LEAST]


def _likeness(found: float, wanted: list[str], title: list[str]) -> float:
    return 1.0 if wanted == title else found * (0.8 + 0.19 * min(len(wanted) / len(title), 1.0))


def _words(text: str) -> list[str]:
    """Words in lower case without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))
