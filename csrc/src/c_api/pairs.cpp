// Co-occurrence and metrics for C.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <variant>

#include "c_api/calls.hpp"
#include "checks/values.hpp"
#include "coals/cooccurrence.hpp"
#include "coals/metrics.hpp"

using namespace coals;
using namespace coals::c_api;

struct coals_pairs {
  std::variant<CsrMatrix<float>, CsrMatrix<double>, CsrMatrix<std::int32_t>> matrix;
};

namespace {

// The enumerators of C++ count the lines of a table; those of C are its numbers.
#define COALS_BY_COUNTS(name, NAME, ...) \
  static_assert(static_cast<int>(Similarity::name) == COALS_##NAME, "number of " #name);
#define COALS_ON_COMMON(name, NAME, ...)                                                                \
  static_assert(static_cast<int>(CommonSimilarity::name) == COALS_COMMON_##NAME - COALS_COMMON_PEARSON, \
                "number of " #name);
#include "coals/similarities.def"
#define COALS_RANKING_METRIC(name, NAME, ...) \
  static_assert(static_cast<int>(RankingMetric::name) == COALS_##NAME, "number of " #name);
#include "coals/ranking_metrics.def"

// Whether `number` is that of an enumerator.
template <class Name, std::size_t n>
constexpr bool is_one_of(const Name (&)[n], std::int64_t number) {
  return number >= 0 && number < static_cast<std::int64_t>(n);
}

void set_pair_options(PairOptions& out, const coals_pair_options& given) {
  out.shrinkage = given.shrinkage;
  out.min_support = given.min_support;
  out.min_overlap = given.min_overlap;
}

NeighborOptions keep_of(const coals_pair_options& given) {
  NeighborOptions keep;
  require(given.neighbors >= -1, "neighbors must be at least 1, or -1 for all");
  keep.neighbors = given.neighbors;
  if (given.has_threshold) keep.threshold = given.threshold;
  require(keep.threshold == keep.threshold, "threshold must not be NaN");
  require(given.rows || given.row_count == 0, "row_count is set without rows");
  keep.rows = given.rows;
  keep.row_count = given.row_count;
  keep.diagonal = given.diagonal != 0;
  keep.memory_limit = given.memory_limit;
  return keep;
}

template <class T>
CsrMatrix<T> counted(const coals_csr* matrix, const coals_pair_options& given, const RunControl& control) {
  SimilarityOptions options;
  set_pair_options(options, given);
  options.similarity = static_cast<Similarity>(given.kind);
  options.alpha = given.alpha;
  options.beta = given.beta;
  return item_similarity<T>(structure_of(matrix, "matrix", control), options, keep_of(given), control);
}

// Values in double, copied from float32 where need be.
struct DoubleValues {
  CsrView<double> view;
  Buffer<double> copy;
};

DoubleValues doubles_of(const coals_csr* matrix, const char* name, const RunControl& control) {
  const coals_csr csr = read(matrix, name);
  if (csr.dtype == COALS_FLOAT64) return {values_of<double>(matrix, name, control), {}};
  const CsrView<float> given = values_of<float>(matrix, name, control);
  Buffer<double> copy(given.entries());
  std::copy(given.value, given.value + given.entries(), copy.begin());
  const CsrView<double> view{given.rows, given.columns, given.row_begin, given.column, copy.data()};
  return {view, std::move(copy)};
}

template <class T>
CsrMatrix<T> finite(CsrMatrix<T> pairs) {
  for (const T value : pairs.value) {
    if (!std::isfinite(value)) {
      throw std::overflow_error("an inner product is too large for the dtype of the answer: ask for COALS_FLOAT64");
    }
  }
  return pairs;
}

template <class T>
CsrMatrix<T> valued(const coals_csr* matrix, const coals_pair_options& given, const RunControl& control) {
  const DoubleValues values = doubles_of(matrix, "matrix", control);
  if (given.kind == COALS_PRODUCT || given.kind == COALS_PRODUCT_COSINE) {
    check_sums(values.view);
    ProductOptions options;
    set_pair_options(options, given);
    options.unit_columns = given.kind == COALS_PRODUCT_COSINE;
    return finite(item_products<T>(values.view, options, keep_of(given), control));
  }
  CommonSimilarityOptions options;
  set_pair_options(options, given);
  options.similarity = static_cast<CommonSimilarity>(given.kind - COALS_COMMON_PEARSON);
  return common_similarity<T>(values.view, options, keep_of(given), control);
}

}  // namespace

extern "C" {

coals_status coals_item_pairs(const coals_csr* matrix, const coals_pair_options* given, const coals_control* control,
                              coals_pairs** pairs, coals_error* error) {
  return guarded(error, [&] {
    require(pairs != nullptr, "pairs must not be null");
    *pairs = nullptr;
    const coals_pair_options options = read(given, "options");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    const std::int32_t kind = options.kind;
    const bool counts = is_one_of(all_similarities, kind);
    const bool values = kind == COALS_PRODUCT || kind == COALS_PRODUCT_COSINE ||
                        is_one_of(all_common_similarities, std::int64_t{kind} - COALS_COMMON_PEARSON);
    require(counts || values, "kind is not one of the kinds of co-occurrence");
    if (options.dtype == COALS_INT32) {
      require(kind == COALS_COUNT, "int32 is for counts alone");
      *pairs = new coals_pairs{counted<std::int32_t>(matrix, options, run)};
      return;
    }
    with_dtype(options.dtype, "dtype", [&](auto zero) {
      using T = decltype(zero);
      *pairs = new coals_pairs{counts ? counted<T>(matrix, options, run) : valued<T>(matrix, options, run)};
    });
  });
}

coals_status coals_pairs_get(const coals_pairs* pairs, coals_csr* view, coals_error* error) {
  return guarded(error, [&] {
    require(pairs != nullptr, "pairs must not be null");
    std::visit(
        [&](const auto& matrix) {
          using T = std::decay_t<decltype(matrix.value[0])>;
          const std::int64_t* begin = matrix.row_begin.data();
          const coals_csr own{sizeof(coals_csr),   matrix.rows, matrix.columns,
                              begin[matrix.rows],  begin,       matrix.column.data(),
                              matrix.value.data(), dtype_of<T>, 0};
          write(own, view, "view");
        },
        pairs->matrix);
  });
}

void coals_pairs_free(coals_pairs* pairs) { delete pairs; }

coals_status coals_ranking_metrics(const coals_lists* given, const coals_csr* relevant, const std::int32_t* kinds,
                                   const std::int64_t* lengths, std::int64_t metrics, const coals_control* control,
                                   double* values, coals_error* error) {
  return guarded(error, [&] {
    const coals_lists lists = read(given, "lists");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    require(metrics >= 0 && (metrics == 0 || (kinds && lengths && values)), "kinds, lengths and values must be set");
    require(lists.n >= 1 && lists.ids && lists.counts, "lists: n, ids and counts must be set");
    CsrView<double> wanted;
    DoubleValues held;
    if (read(relevant, "relevant").value) {
      held = doubles_of(relevant, "relevant", run);
      wanted = held.view;
    } else {
      const CsrView<void> structure = structure_of(relevant, "relevant", run);
      wanted = {structure.rows, structure.columns, structure.row_begin, structure.column, nullptr};
    }
    std::vector<MetricAt> asked;
    for (std::int64_t m = 0; m < metrics; ++m) {
      require(is_one_of(all_ranking_metrics, kinds[m]), "kinds holds what is no metric");
      require(lengths[m] >= 1, "lengths must be at least 1");
      asked.push_back({static_cast<RankingMetric>(kinds[m]), lengths[m]});
    }
    const RankedLists ranked{wanted.rows, lists.n, lists.ids, lists.counts, static_cast<const double*>(lists.scores)};
    ranking_metrics(ranked, wanted, asked, {values, metrics, wanted.rows, wanted.rows}, run);
  });
}

}  // extern "C"
