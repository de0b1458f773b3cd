// The largest inner products for C: of items that are asked once, and of an index of them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <variant>

#include "c_api/calls.hpp"
#include "topk/panels.hpp"

using namespace coals;
using namespace coals::c_api;

namespace {

template <class T>
MatrixView<const T> matrix_of(const coals_matrix& matrix, const char* name) {
  if (matrix.dtype != dtype_of<T>) refuse(name, "must be of the dtype of the items");
  if (matrix.rows < 0 || matrix.columns < 1 || (!matrix.data && matrix.rows > 0)) {
    refuse(name, "data, rows and columns must be set");
  }
  if (matrix.rows > std::numeric_limits<std::int64_t>::max() / matrix.columns) {
    throw std::invalid_argument(std::string(name) + " has more entries than 64 bits can count");
  }
  return {static_cast<const T*>(matrix.data), matrix.rows, matrix.columns, matrix.columns};
}

// What is wrong with a row whose norm is infinite, or so large that scores may be.
template <class T>
[[noreturn]] void refuse_row(MatrixView<const T> rows, std::int64_t i, const char* name) {
  const std::string row = "row " + std::to_string(i);
  for (std::int64_t k = 0; k < rows.columns; ++k) {
    if (!std::isfinite(rows.row(i)[k])) refuse(name, row + ", column " + std::to_string(k) + " is NaN or infinite");
  }
  refuse(name, row + ": scores may be beyond the range of the dtype: scale the numbers down");
}

// The largest norm of the items, which must have one.
template <class T>
double largest_norm(const ItemIndex<T>& index) {
  const double norm = index.size() > 0 ? index.norm()[0] : 0;
  if (!std::isfinite(norm)) refuse_row(index.items(), index.item()[0], "items");
  return norm;
}

template <class T>
void check_scores(MatrixView<const T> queries, double items_norm) {
  constexpr double largest = 0.9 * static_cast<double>(std::numeric_limits<T>::max());
  for (std::int64_t q = 0; q < queries.rows; ++q) {
    const double norm = norm_above(queries.row(q), queries.columns);
    if (!(std::isfinite(norm) && norm * items_norm < largest)) refuse_row(queries, q, "queries");
  }
}

// An index reads its items at every call, and the caller's pointers last for one call alone: so it has a copy.
template <class T>
class OwnItems {
 public:
  OwnItems(MatrixView<const T> given, const RunControl& control)
      : items_(given.rows * given.columns), index_(copied(given, items_), nullptr, TopKMetric::inner_product, control) {
    largest_norm(index_);
  }

  const ItemIndex<T>& index() const { return index_; }

 private:
  static MatrixView<const T> copied(MatrixView<const T> given, Buffer<T>& items) {
    std::copy(given.data, given.data + items.size(), items.begin());
    return {items.data(), given.rows, given.columns, given.columns};
  }

  Buffer<T> items_;
  ItemIndex<T> index_;
};

template <class T>
void answer(const coals_matrix& queries, const ItemIndex<T>& index, const TopKFilter& filter, coals_lists* lists,
            const RunControl& run) {
  const MatrixView<const T> from = matrix_of<T>(queries, "queries");
  check_matrix(from, from.rows, index.items().columns, "queries");
  check_scores(from, largest_norm(index));
  top_k(from, index, filter, lists_of<T>(lists), TopKMethod::automatic, run);
}

}  // namespace

struct coals_index {
  std::variant<std::unique_ptr<OwnItems<float>>, std::unique_ptr<OwnItems<double>>> held;
};

extern "C" {

coals_status coals_top_k(const coals_matrix* queries, const coals_matrix* items, const coals_filter* filter,
                         const coals_control* control, coals_lists* lists, coals_error* error) {
  return guarded(error, [&] {
    const coals_matrix q = read(queries, "queries"), all = read(items, "items");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    const TopKFilter wanted = filter_of(read_or_zeros(filter, "filter"), q.rows, all.rows, run);
    with_dtype(all.dtype, "items", [&](auto zero) {
      using T = decltype(zero);
      answer(q, ItemIndex<T>(matrix_of<T>(all, "items"), nullptr, TopKMetric::inner_product, run), wanted, lists, run);
    });
  });
}

coals_status coals_index_create(const coals_matrix* items, const coals_control* control, coals_index** index,
                                coals_error* error) {
  return guarded(error, [&] {
    require(index != nullptr, "index must not be null");
    *index = nullptr;
    const coals_matrix all = read(items, "items");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    with_dtype(all.dtype, "items", [&](auto zero) {
      using T = decltype(zero);
      *index = new coals_index{std::make_unique<OwnItems<T>>(matrix_of<T>(all, "items"), run)};
    });
  });
}

coals_status coals_index_top_k(const coals_index* index, const coals_matrix* queries, const coals_filter* filter,
                               const coals_control* control, coals_lists* lists, coals_error* error) {
  return guarded(error, [&] {
    require(index != nullptr, "index must not be null");
    const coals_matrix q = read(queries, "queries");
    const RunControl run = control_of(read_or_zeros(control, "control"));
    std::visit(
        [&](const auto& own) {
          const std::int64_t items = own->index().items().rows;
          answer(q, own->index(), filter_of(read_or_zeros(filter, "filter"), q.rows, items, run), lists, run);
        },
        index->held);
  });
}

void coals_index_free(coals_index* index) { delete index; }

}  // extern "C"
