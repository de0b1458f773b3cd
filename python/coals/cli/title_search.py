"""Titles by what somebody remembers of them: case, accents, punctuation and some letters may be wrong."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

__all__ = ["search_titles"]

_REFINED = 60
_LEAST = 0.35


def search_titles(titles: Sequence[str], query: str, n: int, weights: Any = None) -> list[tuple[int, float]]:
    """The `n` titles most like `query`, as (position, likeness between 0 and 1), best first.

    1 is the same title; from 0.8 on all of the query's words are in it. The rest is judged by shared triples of letters
    and, for the most promising, by how alike each word of the query is to one of the title (difflib). Ties go to the
    larger weight, then to the first. Titles that are hardly alike are left out. Cost: one pass over the titles.

    >>> search_titles(["The Hobbit", "The Two Towers", "Hobbits at home"], "hobit", 2)
    [(0, 0.6814), (2, 0.6133)]
    """
    wanted = _normal(query)
    if not wanted:
        return []
    triples = _triples(wanted)
    scored = []
    for place, title in enumerate(titles):
        normal = _normal(title)
        score = _quick(wanted, normal, triples)
        if score > 0:
            scored.append((score, place, normal))

    def rank(entry: tuple[float, int, str]) -> tuple[float, float, int]:
        return -round(entry[0], 9), 0.0 if weights is None else -float(weights[entry[1]]), entry[1]

    scored.sort(key=rank)
    best = scored[: max(_REFINED, n)]
    refined = [(max(score, _by_words(wanted, normal)), place, normal) for score, place, normal in best]
    return [(place, round(score, 4)) for score, place, _ in sorted(refined, key=rank)[:n] if score >= _LEAST]


def _normal(text: str) -> str:
    """Words in lower case without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c))))


def _triples(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def _quick(wanted: str, title: str, triples: set[str]) -> float:
    if wanted == title:
        return 1.0
    if f" {wanted} " in f" {title} ":
        return 0.9 + 0.09 * len(wanted) / len(title)
    if set(wanted.split()) <= set(title.split()):
        return 0.8 + 0.09 * len(wanted) / len(title)
    theirs = _triples(title)
    shared = len(triples & theirs)
    return 0.5 * shared / len(triples) + 0.1 * shared / len(theirs)


def _by_words(wanted: str, title: str) -> float:
    """How well each word of the query is found, less for words of the title that nobody asked for."""
    words, theirs = wanted.split(), title.split()
    if not theirs:
        return 0.0
    found = [max(difflib.SequenceMatcher(None, word, other).ratio() for other in theirs) for word in words]
    return 0.7 * sum(found) / len(found) + 0.09 * min(len(words) / len(theirs), 1.0)
