// The C interface: versions, plain top-N, and the table of all functions.
#include "c_api_calls.hpp"

using namespace coals;
using namespace coals::c_api;

namespace {

constexpr std::uint32_t version = (COALS_API_MAJOR << 16) + COALS_API_MINOR;

// New functions go to the end.
constexpr coals_api table = {
    sizeof(coals_api),
    version,
    0,
    coals_version,
    coals_status_name,
    coals_fit_implicit,
    coals_fit_explicit,
    coals_model_free,
    coals_model_get,
    coals_fold_in,
    coals_recommend,
    coals_recommend_for,
    coals_top_k,
    coals_item_pairs,
    coals_pairs_get,
    coals_pairs_free,
    coals_ranking_metrics,
};

template <class T>
MatrixView<const T> matrix_of(const coals_matrix& matrix, const char* name) {
  if (matrix.dtype != dtype_of<T> || matrix.rows < 0 || matrix.columns < 1 || (!matrix.data && matrix.rows > 0)) {
    throw std::invalid_argument(std::string(name) + ": data, rows, columns and dtype must be set");
  }
  return {static_cast<const T*>(matrix.data), matrix.rows, matrix.columns, matrix.columns};
}

}  // namespace

extern "C" {

std::uint32_t coals_api_version(void) { return version; }

const char* coals_version(void) { return COALS_VERSION; }

const char* coals_status_name(coals_status status) {
  constexpr const char* names[] = {"ok",       "invalid argument", "out of memory", "singular system",
                                   "overflow", "cancelled",        "internal error"};
  return status >= COALS_OK && status <= COALS_INTERNAL ? names[status] : "unknown status";
}

const coals_api* coals_get_api(std::uint32_t major, std::uint32_t minor) {
  return major == COALS_API_MAJOR && minor <= COALS_API_MINOR ? &table : nullptr;
}

coals_status coals_top_k(const coals_matrix* queries, const coals_matrix* items, const coals_filter* filter,
                         const coals_control* control, coals_lists* lists, coals_error* error) {
  return guarded(error, [&] {
    const coals_matrix q = read(queries, "queries"), all = read(items, "items");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    const TopKFilter wanted = filter_of(read_or_zeros(filter, "filter"), q.rows, all.rows, run);
    with_dtype(all.dtype, "items", [&](auto zero) {
      using T = decltype(zero);
      const MatrixView<const T> from = matrix_of<T>(q, "queries"), to = matrix_of<T>(all, "items");
      require(from.columns == to.columns, "queries and items must have the same number of columns");
      const ItemIndex<T> index(to, nullptr, TopKMetric::inner_product, run);
      top_k(from, index, wanted, lists_of<T>(lists), TopKMethod::automatic, run);
    });
  });
}

}  // extern "C"
