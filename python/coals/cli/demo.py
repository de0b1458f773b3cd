"""What ``coals demo`` shows: four models learn from real book ratings, are measured, and advise one reader."""

from __future__ import annotations

import inspect
import io
import time
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from coals import split
from coals._util.order import best_first
from coals.datasets import goodbooks
from coals.evaluation.evaluation import evaluate
from coals.models.als.explicit import ExplicitALS
from coals.models.als.implicit import ImplicitALS
from coals.models.base import Recommender
from coals.models.knn.item_cooccurrence import ItemCooccurrence
from coals.models.popularity import Popularity

__all__ = ["Demo"]

METRICS = ("precision@10", "recall@10", "ndcg@10", "rmse")
READERS_BOOK = 19  # The Fellowship of the Ring
KNOWN_BOOK = 276  # Foundation


class Demo:
    """Each method computes one section as plain values, ready for JSON; `accuracy` comes first, as it fits.

    Parameters
    ----------
    seed : int
        Of the split and of the start of the ALS models.
    num_threads : int or None
        None takes every processor the process may use.

    Examples
    --------
    >>> demo = Demo(seed=0)
    >>> demo.data()["books"]
    1995
    """

    def __init__(self, *, seed: int = 0, num_threads: int | None = None) -> None:
        self.books = goodbooks()
        self.train, self.test = split.random(self.books, test_fraction=0.2, random_state=seed)
        self.models = _models(seed, num_threads)
        self.seed = seed
        self._readers_book = self.books.items.encode(READERS_BOOK)[0]

    def data(self) -> dict[str, Any]:
        """What is learned from."""
        ratings_of_book = np.bincount(self.books.matrix.indices)
        return {
            "name": "goodbooks",
            "source": "goodbooks-10k by Zygmunt Zając",
            "licence": "CC BY-SA 4.0",
            "readers": self.books.n_users,
            "books": self.books.n_items,
            "ratings": self.books.nnz,
            "most_ratings_of_a_book": int(ratings_of_book.max()),
            "train_ratings": self.train.nnz,
            "test_ratings": self.test.nnz,
            "seed": self.seed,
        }

    def accuracy(self) -> dict[str, Any]:
        """Fits the models, and measures them over all readers with a held-out book."""
        seconds = {name: _fit(name, model, self.train) for name, model in self.models.items()}
        found = evaluate(self.models, self.test, METRICS).to_dict()
        off_mean = self.test.matrix.data - self.train.matrix.data.mean(dtype=np.float64)
        return {
            "models": {
                name: {
                    "made_by": _made_by(model),
                    "settings": model.get_params(),
                    "fit_seconds": seconds[name],
                    **found["mean"][name],
                }
                for name, model in self.models.items()
            },
            "rmse_of_the_mean": float(np.sqrt(np.mean(off_mean**2))),
            "evaluated_users": found["evaluated_users"],
            "skipped_users": found["skipped_users"],
        }

    def reader(self) -> dict[str, Any]:
        """What one reader liked best, and what each model recommends to them."""
        row = self._reader_row()
        books, ratings = _row(self.train.matrix, row)
        held_out, _ = _row(self.test.matrix, row)
        best = best_first(ratings)[:10]  # books come in the order of their ids: well-known ones first
        return {
            "id": int(self.books.users.decode(np.array([row]))[0]),
            "train_ratings": len(books),
            "test_ratings": len(held_out),
            "liked": [
                {**book, "rating": rating}
                for book, rating in zip(self._named(books[best]), ratings[best].tolist(), strict=True)
            ],
            "recommended": {
                name: self._named(model.recommend_indices([row], 10).ids[0], held_out)
                for name, model in self.models.items()
            },
        }

    def similar(self) -> dict[str, Any]:
        """Books like a well-known one."""
        found: dict[str, Any] = {"book": self.books.titles(KNOWN_BOOK)[0]}
        for name in ("ItemCooccurrence", "ImplicitALS"):
            near = self.models[name].similar_items(KNOWN_BOOK, n=5)
            found[name] = self._named(self.books.items.encode(near.ids[0, : near.counts[0]]))
        return found

    def picture(self, file_format: str) -> bytes:
        """Precision over recall, as an image file. Needs matplotlib."""
        from coals import plot

        image = io.BytesIO()
        figure: Any = plot.precision_recall(self.models, self.test).figure
        figure.savefig(image, format=file_format, dpi=150)
        return image.getvalue()

    def _reader_row(self) -> int:
        """The row of the reader to advise, chosen by the training ratings alone.

        Of those who rated 20 to 100 books and gave five stars to READERS_BOOK, it is the one whose five-star
        books are most alike; of all with so many ratings, should none have given it five.
        """
        similarity = self.models["ItemCooccurrence"].similarity_  # type: ignore[attr-defined]
        lengths = np.diff(self.train.matrix.indptr)
        best = (False, -1.0, -1)
        for row in np.flatnonzero((lengths >= 20) & (lengths <= 100)).tolist():
            books, ratings = _row(self.train.matrix, row)
            liked = books[ratings == 5]
            has_book = bool(np.isin(self._readers_book, liked))
            if len(liked) >= 5 and has_book >= best[0]:
                best = max(best, (has_book, float(similarity[liked][:, liked].mean()), row))
        return best[2]

    def _named(self, columns: npt.NDArray[Any], held_out: npt.NDArray[Any] | None = None) -> list[dict[str, Any]]:
        columns = columns[columns >= 0]
        ids = self.books.items.decode(columns)
        named = [{"id": i, "title": t} for i, t in zip(ids.tolist(), self.books.titles(ids), strict=True)]
        if held_out is None:
            return named
        hits = np.isin(columns, held_out).tolist()
        return [{**book, "held_out": hit} for book, hit in zip(named, hits, strict=True)]


def _models(seed: int, num_threads: int | None) -> dict[str, Recommender]:
    """Settings found on a part of the training ratings that was held out for it, never on the test ratings."""
    return {
        "Popularity": Popularity(num_threads=num_threads),
        "ItemCooccurrence": ItemCooccurrence(neighbors=20, num_threads=num_threads),
        "ExplicitALS": ExplicitALS(random_state=seed, num_threads=num_threads),
        "ImplicitALS": ImplicitALS(
            factors=128,
            regularization=0.5,
            regularization_exponent=1.0,
            unobserved_weight=1.0,
            random_state=seed,
            num_threads=num_threads,
        ),
    }


def _made_by(model: Recommender) -> str:
    """The call that makes the model, without what is its default or does not change what it learns."""
    parameters = inspect.signature(type(model)).parameters
    given = {
        name: value
        for name, value in model.get_params().items()
        if value != parameters[name].default and name not in ("random_state", "num_threads")
    }
    return f"{type(model).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _fit(name: str, model: Recommender, train: Any) -> float:
    """Seconds it took. On a terminal a bar shows the sweeps, and is gone when they are done."""
    sweeps = model.iterations if isinstance(model, ExplicitALS | ImplicitALS) else 1
    start = time.perf_counter()
    with tqdm(total=sweeps, desc=f"Fitting {name}", unit="sweep", leave=False, disable=None) as bar:
        if isinstance(model, ExplicitALS | ImplicitALS):
            model.fit(train, progress=False, callback=lambda _: bar.update())
        else:
            model.fit(train, progress=False)
    return time.perf_counter() - start


def _row(matrix: Any, row: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Columns and values of a row."""
    entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[entries], matrix.data[entries]
