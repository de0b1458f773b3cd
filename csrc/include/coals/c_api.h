/* The C interface of coals: fits, fold-in, lists, co-occurrence and metrics behind plain functions.
 *
 * Nothing here throws, and there is no global state. A function returns COALS_OK or says in `error` (which may be null)
 * what is wrong. Pointers in arguments belong to the caller and are read during the call alone; memory that a call
 * returns belongs to its handle until that is freed. Handles may be read by many threads at once.
 *
 * Every struct begins with its `size`, which the caller sets to sizeof: fields are only ever added at the end, and one
 * that a caller does not know yet is 0, which changes nothing. Without its size a coals_error stays empty. The INIT
 * macros and the functions named after them set `size` and all defaults of options.
 *
 * A function that gives a handle sets it to null first, also where it then fails: what was there is not freed.
 *
 * Linked programs call coals_fit_implicit() and so on. Extensions of Python link nothing and call the same functions
 * through the table in the capsule `coals._core.c_api`: see coals/core_api.pxd and coals/core_api.h.
 */
#ifndef COALS_C_API_H
#define COALS_C_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rises when a function or a field is added; the major version only when something changes or goes. A measure or metric
 * that an older library does not know is COALS_INVALID_ARGUMENT there. */
#define COALS_API_MAJOR 1
#define COALS_API_MINOR 1

typedef int32_t coals_status;
enum {
  COALS_OK = 0,
  COALS_INVALID_ARGUMENT = 1,
  COALS_OUT_OF_MEMORY = 2,
  COALS_SINGULAR = 3,  /* `row` of the side being solved has no unique solution */
  COALS_OVERFLOW = 4,  /* numbers left their range */
  COALS_CANCELLED = 5, /* `poll` said so */
  COALS_INTERNAL = 6
};

typedef struct coals_error {
  size_t size;
  coals_status status;
  int32_t reserved;
  int64_t row; /* or -1 */
  char message[256];
} coals_error;

/* How a call runs. A null pointer stands for all defaults. */
typedef struct coals_control {
  size_t size;
  int32_t num_threads; /* 0: all there are. Results are the same bits for any number */
  int32_t reserved;
  void *context;
  /* Called about every 20 ms on the calling thread; what is not 0 ends the call with COALS_CANCELLED. */
  int (*poll)(void *context);
  /* Called after each sweep of a fit; what is not 0 ends the fit, which is then complete. */
  int (*on_sweep)(void *context, int64_t sweep, double objective);
  /* For co-occurrence results: both or none. 64-byte aligned memory, or null where there is none. */
  void *(*allocate)(size_t bytes, void *context);
  void (*release)(void *data, size_t bytes, void *context);
} coals_control;

enum { COALS_FLOAT32 = 0, COALS_FLOAT64 = 1, COALS_INT32 = 2 };

/* Compressed sparse rows: columns ascend in each row. Checked at every call. */
typedef struct coals_csr {
  size_t size;
  int64_t rows;
  int64_t columns;
  int64_t entries;
  const int64_t *row_begin; /* rows + 1 */
  const int32_t *column;    /* entries */
  const void *value;        /* entries, of dtype; may be null where values do not matter */
  int32_t dtype;
  int32_t reserved;
} coals_csr;

/* Row-major, without gaps. */
typedef struct coals_matrix {
  size_t size;
  int64_t rows;
  int64_t columns;
  void *data;
  int32_t dtype;
  int32_t reserved;
} coals_matrix;

enum { COALS_SOLVER_AUTO = 0, COALS_SOLVER_CHOLESKY = 1, COALS_SOLVER_CG = 2, COALS_SOLVER_BLOCK = 3 };
enum { COALS_SINGULAR_ERROR = 0, COALS_SINGULAR_MINIMUM_NORM = 1, COALS_SINGULAR_JITTER = 2 };
enum { COALS_OBJECTIVE_HKV = 0, COALS_OBJECTIVE_IALS = 1 };
enum { COALS_USERS = 0, COALS_ITEMS = 1 };

/* As the constructor arguments of coals.ImplicitALS and coals.ExplicitALS. */
typedef struct coals_fit_options {
  size_t size;
  int64_t factors;
  int64_t iterations;
  double user_regularization;
  double item_regularization;
  double regularization_exponent;
  double tolerance;
  int32_t solver;
  int32_t singular;
  int64_t cg_steps;
  int64_t block_size;
  int32_t nonnegative;
  int32_t objective; /* implicit, down to unobserved_weight */
  double alpha;
  double unobserved_weight;
  int32_t no_biases; /* explicit, down to mean */
  int32_t separate;  /* sweeps b, U, c, V instead of factors and biases together */
  int32_t given_mean;
  int32_t reserved;
  double mean;   /* taken if given_mean, else that of the ratings */
  uint64_t seed; /* of the start, as in coals.core_start */
  /* rows x factors and columns x factors of the data's dtype to start from instead, or null. */
  const void *user_start;
  const void *item_start;
} coals_fit_options;

#define COALS_IMPLICIT_INIT                                                                                          \
  {sizeof(coals_fit_options), 64, 15, 1.0, 1.0, 0.5, 0.0, 0, 0, 3, 64, 0, 0, 1.0, 0.1, 0, 0, 0, 0, 0.0, 0, NULL, NULL}
#define COALS_EXPLICIT_INIT                                                                                            \
  {sizeof(coals_fit_options), 64, 15, 10.0, 10.0, 0.0, 0.0, 0, 0, 3, 64, 0, 0, 1.0, 0.1, 0, 0, 0, 0, 0.0, 0, NULL, NULL}

/* Lists: what may be on them. A null pointer lets everything through, except what a user has seen. */
typedef struct coals_filter {
  size_t size;
  const coals_csr *excluded;  /* queries x items, or null */
  const coals_csr *allowed;   /* queries x items, or null */
  const uint8_t *candidate;   /* one byte an item, 0 keeps it off all lists, or null */
  int32_t include_seen;       /* list items of the data too */
  int32_t has_min_score;
  double min_score;           /* if has_min_score */
} coals_filter;

/* queries x n places, best first, ties to the lower item; what is not filled is id -1 and score NaN. */
typedef struct coals_lists {
  size_t size;
  int64_t n;
  int64_t *ids;
  void *scores;    /* of the model's dtype; RankedLists of metrics: doubles or null */
  int64_t *counts; /* filled places of each query */
} coals_lists;

/* Kinds of co-occurrence: by numbers of users in common (COALS_COUNT, COALS_JACCARD, ...), by products of values, or by
 * values of the users in common (COALS_COMMON_PEARSON, ...). Each line of similarities.def is a constant. */
enum {
#define COALS_BY_COUNTS(name, NAME, number, ...) COALS_##NAME = number,
#define COALS_ON_COMMON(name, NAME, number) COALS_COMMON_##NAME = 64 + number,
#include "similarities.def"
  COALS_PRODUCT = 32,       /* inner products of the columns' values */
  COALS_PRODUCT_COSINE = 33 /* of the columns scaled to length 1 */
};

typedef struct coals_pair_options {
  size_t size;
  int32_t kind;
  int32_t dtype; /* of the answer; COALS_INT32 for counts alone */
  double alpha;  /* of asymmetric_cosine and tversky */
  double beta;
  double shrinkage;
  int64_t min_support;
  int64_t min_overlap;
  int64_t neighbors; /* -1 for all */
  int32_t has_threshold;
  int32_t diagonal;
  double threshold;
  const int64_t *rows; /* items to give rows for, or null for all */
  int64_t row_count;
  int64_t memory_limit; /* bytes, or -1 */
} coals_pair_options;

#define COALS_PAIR_INIT \
  {sizeof(coals_pair_options), 0, COALS_FLOAT32, 0.5, 0.5, 0.0, 1, 1, -1, 0, 0, 0.0, NULL, 0, -1}

/* COALS_PRECISION, COALS_NDCG, ...: each line of ranking_metrics.def is a constant. */
enum {
#define COALS_RANKING_METRIC(name, NAME, number) COALS_##NAME = number,
#include "ranking_metrics.def"
};

typedef struct coals_model coals_model; /* factors of a fit, made ready to rank */
typedef struct coals_pairs coals_pairs; /* a sparse result */
typedef struct coals_index coals_index; /* items made ready to rank (since 1.1) */

/* What a model has learnt; pointers live as long as the model. */
typedef struct coals_model_view {
  size_t size;
  int64_t users;
  int64_t items;
  int64_t factors;
  int32_t dtype;
  int32_t solver; /* which ran */
  const void *user_factors;
  const void *item_factors;
  const void *user_bias; /* or null */
  const void *item_bias;
  double mean;
  int64_t sweeps;
  const double *objective; /* after each sweep */
} coals_model_view;

static inline coals_fit_options coals_implicit_options(void) {
  coals_fit_options options = COALS_IMPLICIT_INIT;
  return options;
}
static inline coals_fit_options coals_explicit_options(void) {
  coals_fit_options options = COALS_EXPLICIT_INIT;
  return options;
}
static inline coals_pair_options coals_default_pair_options(void) {
  coals_pair_options options = COALS_PAIR_INIT;
  return options;
}

/* (major << 16) + minor of the library. */
uint32_t coals_api_version(void);
/* Version of the package, as "0.1.0". */
const char *coals_version(void);
const char *coals_status_name(coals_status status);

/* Fits a model to users x items strengths or ratings (float32 or float64). The model keeps a copy of their pattern. */
coals_status coals_fit_implicit(const coals_csr *strengths, const coals_fit_options *options,
                                const coals_control *control, coals_model **model, coals_error *error);
/* `weight`: one number >= 0 an entry, of the ratings' dtype, or null. */
coals_status coals_fit_explicit(const coals_csr *ratings, const void *weight, const coals_fit_options *options,
                                const coals_control *control, coals_model **model, coals_error *error);
void coals_model_free(coals_model *model);
coals_status coals_model_get(const coals_model *model, coals_model_view *view, coals_error *error);

/* Factors (rows x K) and biases (rows, or null for a model without) of new users or items. `rows` has a column for each
 * item or user of the model. */
coals_status coals_fold_in(const coals_model *model, int32_t side, const coals_csr *rows, const void *weight,
                           const coals_control *control, coals_matrix *factors, void *bias, coals_error *error);

/* Lists for users of the data, by their row; and for new users, by what they did. */
coals_status coals_recommend(const coals_model *model, const int64_t *users, int64_t count, const coals_filter *filter,
                             const coals_control *control, coals_lists *lists, coals_error *error);
coals_status coals_recommend_for(const coals_model *model, const coals_csr *rows, const coals_filter *filter,
                                 const coals_control *control, coals_lists *lists, coals_error *error);

/* The n items with the largest inner products, for each row of `queries` (both of one dtype, finite, and small enough
 * that no score leaves its range). */
coals_status coals_top_k(const coals_matrix *queries, const coals_matrix *items, const coals_filter *filter,
                         const coals_control *control, coals_lists *lists, coals_error *error);

/* Items x items (or chosen rows), columns ascending. */
coals_status coals_item_pairs(const coals_csr *matrix, const coals_pair_options *options, const coals_control *control,
                              coals_pairs **pairs, coals_error *error);
coals_status coals_pairs_get(const coals_pairs *pairs, coals_csr *view, coals_error *error);
void coals_pairs_free(coals_pairs *pairs);

/* values[m * users + u] = metric kinds[m] at lengths[m] of list u, NaN where row u of `relevant` is empty. The values of
 * `relevant`, if it has any, are the gains of NDCG: not negative, with a finite sum in each row. */
coals_status coals_ranking_metrics(const coals_lists *lists, const coals_csr *relevant, const int32_t *kinds,
                                   const int64_t *lengths, int64_t metrics, const coals_control *control,
                                   double *values, coals_error *error);

/* Since 1.1. As coals_top_k, with the same bits, for items that are asked more than once: they are copied, and made
 * ready by the first calls. Memory: two to three times that of the items. Any number of threads may use one index. */
coals_status coals_index_create(const coals_matrix *items, const coals_control *control, coals_index **index,
                                coals_error *error);
coals_status coals_index_top_k(const coals_index *index, const coals_matrix *queries, const coals_filter *filter,
                               const coals_control *control, coals_lists *lists, coals_error *error);
void coals_index_free(coals_index *index);

/* The same functions as a table, for callers who cannot link. */
typedef struct coals_api {
  size_t size;
  uint32_t version;
  uint32_t reserved;
  const char *(*version_text)(void);
  const char *(*status_name)(coals_status);
  coals_status (*fit_implicit)(const coals_csr *, const coals_fit_options *, const coals_control *, coals_model **,
                               coals_error *);
  coals_status (*fit_explicit)(const coals_csr *, const void *, const coals_fit_options *, const coals_control *,
                               coals_model **, coals_error *);
  void (*model_free)(coals_model *);
  coals_status (*model_get)(const coals_model *, coals_model_view *, coals_error *);
  coals_status (*fold_in)(const coals_model *, int32_t, const coals_csr *, const void *, const coals_control *,
                          coals_matrix *, void *, coals_error *);
  coals_status (*recommend)(const coals_model *, const int64_t *, int64_t, const coals_filter *, const coals_control *,
                            coals_lists *, coals_error *);
  coals_status (*recommend_for)(const coals_model *, const coals_csr *, const coals_filter *, const coals_control *,
                                coals_lists *, coals_error *);
  coals_status (*top_k)(const coals_matrix *, const coals_matrix *, const coals_filter *, const coals_control *,
                        coals_lists *, coals_error *);
  coals_status (*item_pairs)(const coals_csr *, const coals_pair_options *, const coals_control *, coals_pairs **,
                             coals_error *);
  coals_status (*pairs_get)(const coals_pairs *, coals_csr *, coals_error *);
  void (*pairs_free)(coals_pairs *);
  coals_status (*ranking_metrics)(const coals_lists *, const coals_csr *, const int32_t *, const int64_t *, int64_t,
                                  const coals_control *, double *, coals_error *);
  coals_status (*index_create)(const coals_matrix *, const coals_control *, coals_index **, coals_error *);
  coals_status (*index_top_k)(const coals_index *, const coals_matrix *, const coals_filter *, const coals_control *,
                              coals_lists *, coals_error *);
  void (*index_free)(coals_index *);
} coals_api;

/* The table, or null if the library's major version is not `major` or its minor version is below `minor`. */
const coals_api *coals_get_api(uint32_t major, uint32_t minor);

#ifdef __cplusplus
}
#endif

#endif
