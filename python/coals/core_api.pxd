# The C interface of coals for Cython: `cimport coals.core_api as core`, once `core.import_coals()`, without which the
# functions below give COALS_INTERNAL. They need no GIL. Compile with `include_dirs=[coals.get_include()]`; nothing is
# linked. coals/c_api.h says what the structs and functions mean; tests/embed/cython has an example.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport strcpy

cdef extern from "coals/core_api.h" nogil:
    ctypedef int32_t coals_status

    ctypedef struct coals_error:
        size_t size
        coals_status status
        int64_t row
        char message[256]

    ctypedef struct coals_control:
        size_t size
        int32_t num_threads
        void *context
        int (*poll)(void *) noexcept nogil
        int (*on_sweep)(void *, int64_t, double) noexcept nogil
        void *(*allocate)(size_t, void *) noexcept nogil
        void (*release)(void *, size_t, void *) noexcept nogil

    ctypedef struct coals_csr:
        size_t size
        int64_t rows
        int64_t columns
        int64_t entries
        const int64_t *row_begin
        const int32_t *column
        const void *value
        int32_t dtype

    ctypedef struct coals_matrix:
        size_t size
        int64_t rows
        int64_t columns
        void *data
        int32_t dtype

    ctypedef struct coals_fit_options:
        size_t size
        int64_t factors
        int64_t iterations
        double user_regularization
        double item_regularization
        double regularization_exponent
        double tolerance
        int32_t solver
        int32_t singular
        int64_t cg_steps
        int64_t block_size
        int32_t nonnegative
        int32_t objective
        double alpha
        double unobserved_weight
        int32_t no_biases
        int32_t separate
        int32_t given_mean
        double mean
        uint64_t seed
        const void *user_start
        const void *item_start

    ctypedef struct coals_filter:
        size_t size
        const coals_csr *excluded
        const coals_csr *allowed
        const uint8_t *candidate
        int32_t include_seen
        int32_t has_min_score
        double min_score

    ctypedef struct coals_lists:
        size_t size
        int64_t n
        int64_t *ids
        void *scores
        int64_t *counts

    ctypedef struct coals_pair_options:
        size_t size
        int32_t kind
        int32_t dtype
        double alpha
        double beta
        double shrinkage
        int64_t min_support
        int64_t min_overlap
        int64_t neighbors
        int32_t has_threshold
        int32_t diagonal
        double threshold
        const int64_t *rows
        int64_t row_count
        int64_t memory_limit

    ctypedef struct coals_model:
        pass

    ctypedef struct coals_pairs:
        pass

    ctypedef struct coals_index:
        pass

    ctypedef struct coals_model_view:
        size_t size
        int64_t users
        int64_t items
        int64_t factors
        int32_t dtype
        int32_t solver
        const void *user_factors
        const void *item_factors
        const void *user_bias
        const void *item_bias
        double mean
        int64_t sweeps
        const double *objective

    ctypedef struct coals_api:
        size_t size
        uint32_t version
        const char *(*version_text)() noexcept nogil
        const char *(*status_name)(coals_status) noexcept nogil
        coals_status (*fit_implicit)(const coals_csr *, const coals_fit_options *, const coals_control *,
                                     coals_model **, coals_error *) noexcept nogil
        coals_status (*fit_explicit)(const coals_csr *, const void *, const coals_fit_options *,
                                     const coals_control *, coals_model **, coals_error *) noexcept nogil
        void (*model_free)(coals_model *) noexcept nogil
        coals_status (*model_get)(const coals_model *, coals_model_view *, coals_error *) noexcept nogil
        coals_status (*fold_in)(const coals_model *, int32_t, const coals_csr *, const void *, const coals_control *,
                                coals_matrix *, void *, coals_error *) noexcept nogil
        coals_status (*recommend)(const coals_model *, const int64_t *, int64_t, const coals_filter *,
                                  const coals_control *, coals_lists *, coals_error *) noexcept nogil
        coals_status (*recommend_for)(const coals_model *, const coals_csr *, const coals_filter *,
                                      const coals_control *, coals_lists *, coals_error *) noexcept nogil
        coals_status (*top_k)(const coals_matrix *, const coals_matrix *, const coals_filter *,
                              const coals_control *, coals_lists *, coals_error *) noexcept nogil
        coals_status (*item_pairs)(const coals_csr *, const coals_pair_options *, const coals_control *,
                                   coals_pairs **, coals_error *) noexcept nogil
        coals_status (*pairs_get)(const coals_pairs *, coals_csr *, coals_error *) noexcept nogil
        void (*pairs_free)(coals_pairs *) noexcept nogil
        coals_status (*ranking_metrics)(const coals_lists *, const coals_csr *, const int32_t *, const int64_t *,
                                        int64_t, const coals_control *, double *, coals_error *) noexcept nogil
        coals_status (*index_create)(const coals_matrix *, const coals_control *, coals_index **,
                                     coals_error *) noexcept nogil
        coals_status (*index_top_k)(const coals_index *, const coals_matrix *, const coals_filter *,
                                    const coals_control *, coals_lists *, coals_error *) noexcept nogil
        void (*index_free)(coals_index *) noexcept nogil

    enum:
        COALS_API_MAJOR
        COALS_API_MINOR
        COALS_OK
        COALS_INVALID_ARGUMENT
        COALS_OUT_OF_MEMORY
        COALS_SINGULAR
        COALS_OVERFLOW
        COALS_CANCELLED
        COALS_INTERNAL
        COALS_FLOAT32
        COALS_FLOAT64
        COALS_INT32
        COALS_SOLVER_AUTO
        COALS_SOLVER_CHOLESKY
        COALS_SOLVER_CG
        COALS_SOLVER_BLOCK
        COALS_SINGULAR_ERROR
        COALS_SINGULAR_MINIMUM_NORM
        COALS_SINGULAR_JITTER
        COALS_OBJECTIVE_HKV
        COALS_OBJECTIVE_IALS
        COALS_USERS
        COALS_ITEMS
        COALS_COUNT
        COALS_CONDITIONAL
        COALS_JACCARD
        COALS_COSINE
        COALS_ASYMMETRIC_COSINE
        COALS_DICE
        COALS_TVERSKY
        COALS_LIFT
        COALS_PMI
        COALS_NPMI
        COALS_LOG_LIKELIHOOD
        COALS_PRODUCT
        COALS_PRODUCT_COSINE
        COALS_COMMON_PEARSON
        COALS_COMMON_COSINE
        COALS_COMMON_MEAN_SQUARE
        COALS_PRECISION
        COALS_RECALL
        COALS_RECALL_MIN
        COALS_F1
        COALS_NDCG
        COALS_AVERAGE_PRECISION
        COALS_HIT_RATE
        COALS_RECIPROCAL_RANK
        COALS_AUC

    const coals_api *coals_api_table
    coals_fit_options coals_implicit_options() noexcept
    coals_fit_options coals_explicit_options() noexcept
    coals_pair_options coals_default_pair_options() noexcept

cdef extern from "coals/core_api.h":
    int import_coals "coals_import"() except -1

cdef inline coals_status not_imported(coals_error *error) noexcept nogil:
    if error != NULL and error.size >= sizeof(coals_error):
        error.status = COALS_INTERNAL
        error.row = -1
        strcpy(error.message, "call coals.core_api.import_coals() once, before all else")
    return COALS_INTERNAL

# The functions of the table under their own names.

cdef inline coals_status fit_implicit(
    const coals_csr *strengths, const coals_fit_options *options, const coals_control *control, coals_model **model,
    coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.fit_implicit(strengths, options, control, model, error)

cdef inline coals_status fit_explicit(
    const coals_csr *ratings, const void *weight, const coals_fit_options *options, const coals_control *control,
    coals_model **model, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.fit_explicit(ratings, weight, options, control, model, error)

cdef inline void model_free(coals_model *model) noexcept nogil:
    if coals_api_table != NULL:
        coals_api_table.model_free(model)

cdef inline coals_status model_get(const coals_model *model, coals_model_view *view, coals_error *error) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.model_get(model, view, error)

cdef inline coals_status fold_in(
    const coals_model *model, int32_t side, const coals_csr *rows, const void *weight, const coals_control *control,
    coals_matrix *factors, void *bias, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.fold_in(model, side, rows, weight, control, factors, bias, error)

cdef inline coals_status recommend(
    const coals_model *model, const int64_t *users, int64_t count, const coals_filter *filter,
    const coals_control *control, coals_lists *lists, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.recommend(model, users, count, filter, control, lists, error)

cdef inline coals_status recommend_for(
    const coals_model *model, const coals_csr *rows, const coals_filter *filter, const coals_control *control,
    coals_lists *lists, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.recommend_for(model, rows, filter, control, lists, error)

cdef inline coals_status top_k(
    const coals_matrix *queries, const coals_matrix *items, const coals_filter *filter, const coals_control *control,
    coals_lists *lists, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.top_k(queries, items, filter, control, lists, error)

cdef inline coals_status item_pairs(
    const coals_csr *matrix, const coals_pair_options *options, const coals_control *control, coals_pairs **pairs,
    coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.item_pairs(matrix, options, control, pairs, error)

cdef inline coals_status pairs_get(const coals_pairs *pairs, coals_csr *view, coals_error *error) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.pairs_get(pairs, view, error)

cdef inline void pairs_free(coals_pairs *pairs) noexcept nogil:
    if coals_api_table != NULL:
        coals_api_table.pairs_free(pairs)

cdef inline coals_status ranking_metrics(
    const coals_lists *lists, const coals_csr *relevant, const int32_t *kinds, const int64_t *lengths, int64_t metrics,
    const coals_control *control, double *values, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.ranking_metrics(lists, relevant, kinds, lengths, metrics, control, values, error)

cdef inline coals_status index_create(
    const coals_matrix *items, const coals_control *control, coals_index **index, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.index_create(items, control, index, error)

cdef inline coals_status index_top_k(
    const coals_index *index, const coals_matrix *queries, const coals_filter *filter, const coals_control *control,
    coals_lists *lists, coals_error *error
) noexcept nogil:
    if coals_api_table == NULL:
        return not_imported(error)
    return coals_api_table.index_top_k(index, queries, filter, control, lists, error)

cdef inline void index_free(coals_index *index) noexcept nogil:
    if coals_api_table != NULL:
        coals_api_table.index_free(index)
