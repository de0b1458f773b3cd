"""Types of the native core. A test compares names and parameters with the module."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Real = TypeVar("Real", np.float32, np.float64)
Floats = npt.NDArray[Real]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

version: str
c_api: Any
# Name, options, formula and source.
similarities_by_counts: tuple[tuple[str, str, str, str], ...]

def random_start(seed: int, side: str, nonnegative: bool, out: Floats[Real]) -> None: ...

class SingularSystemError(ValueError):
    row: int
    side: str | None

class Csr:
    def __init__(
        self, indptr: npt.NDArray[Any], indices: npt.NDArray[Any], values: Any, columns: int, dtype: str
    ) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def entries(self) -> int: ...
    def transpose(self) -> Csr: ...
    def transpose_values(self, values: Floats[Real]) -> Floats[Real]: ...
    def select_rows(self, rows: Int64s) -> Csr: ...
    def row_sizes(self) -> Int64s: ...
    def to_arrays(self) -> tuple[Int64s, Int32s, npt.NDArray[Any]]: ...

class ArrowTypeError(TypeError): ...
class ArrowError(ValueError): ...

class Column:
    @property
    def kind(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def extension(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def first_missing(self) -> int: ...
    def numbers(self) -> npt.NDArray[Any]: ...
    def sorted_ids(self, detect_integers: bool, num_threads: int) -> tuple[npt.NDArray[Any], Int32s]: ...

class ArrowStream:
    def __init__(self, capsule: Any) -> None: ...
    @property
    def names(self) -> list[str]: ...
    def read(self, places: list[int], num_threads: int) -> list[Column]: ...

def order_of_pairs(rows: Int32s, columns: Int32s, n_rows: int, num_threads: int) -> tuple[npt.NDArray[Any], Int64s]: ...
def encode_texts(values: list[Any], num_threads: int) -> tuple[Int32s, Int64s] | None: ...
def encode_fixed(values: npt.NDArray[np.uint8]) -> tuple[Int32s, Int64s]: ...
def borrow_csr(indptr: Int64s, indices: Int32s, values: npt.NDArray[Any] | None, columns: int, dtype: str) -> Csr: ...
def compiled_isas() -> list[str]: ...
def detected_isas() -> list[str]: ...
def active_isa() -> str: ...
def threading_layer() -> str: ...
def openmp_runtime() -> str: ...
def default_num_threads() -> int: ...

class Penalty:
    def __init__(self, regularization: float, exponent: float = 0.0, offset: float = 0.0) -> None: ...

class SolverOptions:
    def __init__(
        self,
        solver: str = "cholesky",
        cg_steps: int = 3,
        block_size: int = 64,
        nonnegative: bool = False,
        singular: str = "error",
        method: str = "automatic",
    ) -> None: ...

def half_sweep_cost(data: Csr, size: int, options: SolverOptions) -> float: ...
def measure_peak_flops(seconds: float, num_threads: int) -> float: ...
def solve_explicit(
    ratings: Csr,
    fixed: Floats[Real],
    fixed_bias: Floats[Real] | None,
    mean: float,
    weights: Floats[Real] | None,
    penalty: Penalty,
    prior: Floats[Real] | None,
    bias_prior: Floats[Real] | None,
    options: SolverOptions,
    factors: Floats[Real],
    bias: Floats[Real] | None,
    what: str,
    num_threads: int,
) -> None: ...
def solve_implicit(
    strengths: Csr,
    fixed: Floats[Real],
    gram: npt.NDArray[np.float64],
    objective: str,
    alpha: float,
    unobserved_weight: float,
    penalty: Penalty,
    prior: Floats[Real] | None,
    options: SolverOptions,
    factors: Floats[Real],
    num_threads: int,
) -> None: ...
def gram(matrix: Floats[Real], num_threads: int) -> npt.NDArray[np.float64]: ...

class FitOptions:
    """What fits of ratings and of implicit feedback share; `solver` may be "auto"."""

    def __init__(
        self,
        *,
        user_regularization: float,
        item_regularization: float,
        regularization_exponent: float,
        iterations: int,
        tolerance: float,
        solver: str,
        cg_steps: int,
        block_size: int,
        nonnegative: bool,
        singular: str,
    ) -> None: ...

class ImplicitFitOptions:
    def __init__(self, common: FitOptions, *, objective: str, alpha: float, unobserved_weight: float) -> None: ...

class ExplicitFitOptions:
    def __init__(self, common: FitOptions, *, biases: bool, joint: bool, mean: float) -> None: ...

class SweepReport:
    sweep: int
    objective: float
    solve_seconds: float
    solver: str
    mean: float

    def turned_back(self, rows: Floats[Real]) -> Floats[Real]:
        """A copy of factors, or of what turns with them, as a fit that ends here leaves it."""

# Rows, biases and weights, which the core changes; what the weights cost; and what changes them after a half-sweep.
Prior = tuple[Floats[Real], Floats[Real] | None, Floats[np.float64], float, Callable[[], float] | None]

def row_penalties(
    options: ImplicitFitOptions | ExplicitFitOptions, side: str, others: int, sizes: Int64s
) -> Floats[np.float64]: ...
def fit_implicit(
    strengths: Csr,
    options: ImplicitFitOptions,
    users: Floats[Real],
    items: Floats[Real],
    on_sweep: Callable[[SweepReport], bool],
    user_rows: Int64s | None,
    item_rows: Int64s | None,
    user_prior: Prior[Real] | None,
    item_prior: Prior[Real] | None,
    num_threads: int,
) -> None: ...
def fit_explicit(
    ratings: Csr,
    weights: Floats[Real] | None,
    options: ExplicitFitOptions,
    users: Floats[Real],
    items: Floats[Real],
    user_bias: Floats[Real] | None,
    item_bias: Floats[Real] | None,
    on_sweep: Callable[[SweepReport], bool],
    user_rows: Int64s | None,
    item_rows: Int64s | None,
    user_prior: Prior[Real] | None,
    item_prior: Prior[Real] | None,
    num_threads: int,
) -> None: ...
def fold_in_implicit(
    rows: Csr,
    side: str,
    fixed: Floats[Real],
    gram: Floats[np.float64],
    options: ImplicitFitOptions,
    factors: Floats[Real],
    prior: Floats[Real] | None,
    num_threads: int,
) -> None: ...
def fold_in_explicit(
    rows: Csr,
    weights: Floats[Real] | None,
    side: str,
    fixed: Floats[Real],
    fixed_bias: Floats[Real] | None,
    mean: float,
    options: ExplicitFitOptions,
    factors: Floats[Real],
    bias: Floats[Real] | None,
    prior: Floats[Real] | None,
    bias_prior: Floats[Real] | None,
    num_threads: int,
) -> None: ...

class NeighborOptions:
    """Which entries of a row are kept, of which rows."""

    def __init__(
        self, neighbors: int, threshold: float, rows: Int64s | None, diagonal: bool, memory_limit: int
    ) -> None: ...

class SimilarityOptions:
    """A similarity by counts and its options."""

    def __init__(
        self,
        similarity: str,
        alpha: float,
        beta: float,
        shrinkage: float,
        min_support: int,
        min_overlap: int,
    ) -> None: ...

def item_similarity(
    matrix: Csr, options: SimilarityOptions, keep: NeighborOptions, dtype: str, num_threads: int
) -> Csr: ...
def similarity_from_counts(
    counts: Csr,
    sizes: Int64s,
    users: int,
    options: SimilarityOptions,
    keep: NeighborOptions,
    dtype: str,
    num_threads: int,
) -> Csr: ...
def item_products(
    matrix: Csr,
    unit_columns: bool,
    shrinkage: float,
    min_support: int,
    min_overlap: int,
    keep: NeighborOptions,
    dtype: str,
    num_threads: int,
) -> Csr: ...
def common_similarity(
    matrix: Csr,
    similarity: str,
    shrinkage: float,
    min_support: int,
    min_overlap: int,
    keep: NeighborOptions,
    dtype: str,
    num_threads: int,
) -> Csr: ...

class EventOptions:
    """Which pairs of events count, and how much."""

    def __init__(
        self,
        window: int,
        within: float,
        half_life: float,
        now: float,
        direction: str,
        inverse_distance: bool,
        repeats: bool,
        similarity: str,
        shrinkage: float,
        min_support: int,
    ) -> None: ...

class GraphFilterView:
    def __init__(
        self,
        by_user: Csr | None,
        by_item: Csr,
        first: npt.NDArray[np.float64],
        second: npt.NDArray[np.float64],
        before: npt.NDArray[Any] | None,
        after: npt.NDArray[Any] | None,
        directions: npt.NDArray[Any] | None,
        low_before: npt.NDArray[Any] | None,
        low_after: npt.NDArray[Any] | None,
    ) -> None: ...

def top_k_graph_scores(
    graph: GraphFilterView,
    queries: Csr,
    rows: Int64s,
    candidate: npt.NDArray[np.bool_],
    filter: TopKFilter,
    n: int,
    num_threads: int,
) -> tuple[Int64s, npt.NDArray[Any], Int64s]: ...
def score_graph(
    graph: GraphFilterView, queries: Csr, rows: Int64s, columns: Int64s, num_threads: int
) -> npt.NDArray[Any]: ...
def regress_on_supports(
    matrix: Csr,
    support: Csr,
    penalty: npt.NDArray[np.float64],
    max_diagonal: float,
    strongest: int,
    system_bytes: int,
    dtype: str,
    num_threads: int,
) -> Csr: ...
def event_cooccurrence(
    group_begin: Int64s,
    item: Int32s,
    time: npt.NDArray[np.float64] | None,
    items: int,
    options: EventOptions,
    keep: NeighborOptions,
    dtype: str,
    num_threads: int,
) -> Csr: ...

class TopKFilter:
    """What may be on a list: what passes every part that is not None."""

    def __init__(
        self,
        excluded: Csr | None = None,
        allowed: Csr | None = None,
        candidate: npt.NDArray[np.bool_] | None = None,
        min_score: float = ...,
    ) -> None: ...
    @property
    def excluded(self) -> Csr | None: ...
    @property
    def allowed(self) -> Csr | None: ...
    @property
    def candidate(self) -> npt.NDArray[np.bool_] | None: ...
    @property
    def min_score(self) -> float: ...
    def select_rows(self, rows: Int64s) -> TopKFilter:
        """The same for some of its queries."""

class ItemIndex:
    """Items packed to be ranked, float32 or float64. Keeps the array, which must not change."""

    def __init__(
        self, items: npt.NDArray[Any], candidate: npt.NDArray[np.bool_] | None, metric: str, num_threads: int
    ) -> None: ...
    def top_k(
        self, queries: Floats[Real], filter: TopKFilter, n: int, method: str, num_threads: int
    ) -> tuple[Int64s, Floats[Real], Int64s]: ...

def top_k_inner_product(
    queries: Floats[Real],
    items: Floats[Real],
    filter: TopKFilter,
    candidate: npt.NDArray[np.bool_] | None,
    n: int,
    num_threads: int,
) -> tuple[Int64s, Floats[Real], Int64s]: ...
def top_k_from_ranking(
    ranking: Int64s,
    score: npt.NDArray[np.float64],
    queries: int,
    filter: TopKFilter,
    n: int,
    num_threads: int,
) -> tuple[Int64s, npt.NDArray[np.float64], Int64s]: ...
def ranking_metrics(
    ids: Int64s,
    counts: Int64s,
    scores: npt.NDArray[np.float64] | None,
    relevant: Csr,
    first: int,
    graded: bool,
    metrics: list[tuple[str, int]],
    num_threads: int,
) -> npt.NDArray[np.float64]: ...
def list_diversity(
    ids: Int64s, counts: Int64s, vectors: Csr, lengths: list[int], num_threads: int
) -> npt.NDArray[np.float64]: ...
def top_k_neighbors(
    queries: Csr,
    rows: Int64s,
    lists: Csr,
    targets: Csr | None,
    average_by: str,
    used: int,
    query_term: npt.NDArray[np.float64] | None,
    target_term: npt.NDArray[np.float64] | None,
    filter: TopKFilter,
    n: int,
    num_threads: int,
) -> tuple[Int64s, npt.NDArray[np.float64], Int64s]: ...
def score_neighbors(
    queries: Csr,
    rows: Int64s,
    targets: Csr,
    columns: Int64s,
    average_by: str,
    used: int,
    query_term: npt.NDArray[np.float64] | None,
    target_term: npt.NDArray[np.float64] | None,
    num_threads: int,
) -> npt.NDArray[np.float64]: ...

class SgdOptions:
    def __init__(
        self,
        optimizer: str,
        learning_rate: float,
        momentum: float,
        user_penalty: float,
        item_penalty: float,
        move_items: bool,
        mean: float,
        squash: tuple[float, float] | None,
        seed: int,
    ) -> None: ...

def sgd_epoch(
    data: Csr, factors: list[Any], options: SgdOptions, epoch: int, pairs: bool, num_threads: int
) -> float: ...
def item_gram(matrix: Csr, diagonal: float, num_threads: int) -> Any: ...
def invert_definite(matrix: Floats[Real], num_threads: int) -> None: ...
def add_low_rank(left: Floats[Real], right: Floats[Real], matrix: Floats[Real], num_threads: int) -> None: ...
def strongest_of_columns(matrix: Floats[Real], count: int, num_threads: int) -> Csr: ...
def top_k_weighted_rows(
    queries: Csr,
    rows: Int64s,
    weights: Floats[Real],
    candidate: npt.NDArray[np.bool_],
    filter: TopKFilter,
    n: int,
    num_threads: int,
) -> tuple[Int64s, Floats[Real], Int64s]: ...
def score_weighted_rows(
    queries: Csr, rows: Int64s, weights: Floats[Real], columns: Int64s, num_threads: int
) -> Floats[Real]: ...
def top_k_blended(
    lists: list[tuple[Int64s, npt.NDArray[np.float64], Int64s]],
    weights: list[float],
    cascade: bool,
    items: int,
    filter: TopKFilter,
    n: int,
    num_threads: int,
) -> tuple[Int64s, npt.NDArray[np.float64], Int64s]: ...
def multiply_sparse(matrix: Csr, dense: Floats[Real], num_threads: int) -> Floats[Real]: ...
def truncated_svd(
    matrix: Csr, start: Floats[Real], rank: int, power_iterations: int, tolerance: float, num_threads: int
) -> tuple[Floats[Real], npt.NDArray[np.float64], Floats[Real]]: ...

class kernels:
    """A submodule of single kernels, for tests."""

    @staticmethod
    def gathered_gram(
        isa: str,
        source: Floats[Real],
        index: Int32s,
        weight: Floats[Real],
        coefficient: Floats[Real],
        append_one: bool,
    ) -> tuple[Floats[Real], Floats[Real]]: ...
    @staticmethod
    def cholesky(
        isa: str, matrix: Floats[Real], rhs: Floats[Real], tolerance: float
    ) -> tuple[Floats[Real], Floats[Real], int]: ...
    @staticmethod
    def dot_rows(isa: str, x: Floats[Real], source: Floats[Real]) -> Floats[Real]: ...
    @staticmethod
    def score_block(
        isa: str, queries: Floats[Real], items: Floats[Real], bound: Floats[Real], distance: bool
    ) -> tuple[Floats[Real], int]: ...
    @staticmethod
    def chain_rows(isa: str, x: Floats[Real], source: Floats[Real], distance: bool) -> Floats[Real]: ...
    @staticmethod
    def panel_dots(isa: str, panel: Floats[Real]) -> Floats[Real]: ...
    @staticmethod
    def add_remainder(
        isa: str, panel: Floats[Real], weight: Floats[Real], target: Floats[Real], x: Floats[Real]
    ) -> tuple[Floats[Real], Floats[Real]]: ...
    @staticmethod
    def solve_lanes(isa: str, matrices: Floats[Real], rhs: Floats[Real]) -> tuple[Floats[Real], int]: ...
    @staticmethod
    def multiply_rows(isa: str, rows: Floats[Real], matrix: Floats[Real]) -> Floats[Real]: ...
    @staticmethod
    def combine_rows(
        isa: str, source: Floats[Real], index: Int32s, coefficient: Floats[Real] | None
    ) -> Floats[Real]: ...
    @staticmethod
    def update_product(
        isa: str, a: Floats[Real], b: Floats[Real], target: Floats[Real]
    ) -> tuple[Floats[Real], Floats[Real]]: ...
    @staticmethod
    def lanes_float32(isa: str) -> int: ...
    @staticmethod
    def lanes_float64(isa: str) -> int: ...
    @staticmethod
    def block_shape_float32(isa: str) -> tuple[int, int]: ...
    @staticmethod
    def block_shape_float64(isa: str) -> tuple[int, int]: ...
    @staticmethod
    def leading_eigen(
        matrix: npt.NDArray[np.float64], count: int, num_threads: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    @staticmethod
    def symmetric_eigen(
        matrix: npt.NDArray[np.float64], num_threads: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
