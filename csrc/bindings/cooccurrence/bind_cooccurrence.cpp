#include "coals/cooccurrence.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "for_type.hpp"

namespace coals::bindings {

namespace {

// The options point to the rows, which must outlive them.
NeighborOptions neighbor_options(std::int64_t neighbors, double threshold,
                                 const std::optional<Array<std::int64_t>>& rows, bool diagonal,
                                 std::int64_t memory_limit) {
  NeighborOptions options;
  options.neighbors = neighbors;
  options.threshold = threshold;
  options.diagonal = diagonal;
  options.memory_limit = memory_limit;
  if (!rows) return options;
  options.row_count = rows->size();
  options.rows = vector_data(*rows, rows->size(), "rows");
  return options;
}

SimilarityOptions similarity_options(const std::string& similarity, double alpha, double beta, double shrinkage,
                                     std::int64_t min_support, std::int64_t min_overlap) {
  SimilarityOptions options;
  options.similarity = named<Similarity>(similarity);
  options.alpha = alpha;
  options.beta = beta;
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  return options;
}

Csr item_similarity_of(const Csr& matrix, const SimilarityOptions& options, const NeighborOptions& keep,
                       const std::string& dtype, int num_threads) {
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  if (dtype == "int32") return {item_similarity<std::int32_t>(matrix.structure(), options, keep, control)};
  return for_type(
      dtype, [&](auto zero) { return item_similarity<decltype(zero)>(matrix.structure(), options, keep, control); });
}

Csr similarity_from_counts_of(const Csr& counts, const Array<std::int64_t>& sizes, std::int64_t users,
                              const SimilarityOptions& options, const NeighborOptions& keep, const std::string& dtype,
                              int num_threads) {
  const CsrView<std::int32_t> view = counts.view<std::int32_t>();
  const std::int64_t* size = vector_data(sizes, view.rows, "sizes");
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype, [&](auto zero) {
    return similarity_from_counts<decltype(zero)>(view, size, users, options, keep, control);
  });
}

Csr item_products_of(const Csr& matrix, bool unit_columns, double shrinkage, std::int64_t min_support,
                     std::int64_t min_overlap, const NeighborOptions& keep, const std::string& dtype, int num_threads) {
  const CsrView<double> view = matrix.view<double>();
  ProductOptions options;
  options.unit_columns = unit_columns;
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype, [&](auto zero) { return item_products<decltype(zero)>(view, options, keep, control); });
}

Csr common_similarity_of(const Csr& matrix, const std::string& similarity, double shrinkage, std::int64_t min_support,
                         std::int64_t min_overlap, const NeighborOptions& keep, const std::string& dtype,
                         int num_threads) {
  const CsrView<double> view = matrix.view<double>();
  CommonSimilarityOptions options;
  options.similarity = named<CommonSimilarity>(similarity);
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype, [&](auto zero) { return common_similarity<decltype(zero)>(view, options, keep, control); });
}

// Name, options, formula and source of each similarity by counts.
py::tuple similarities_by_counts() {
  using Row = std::array<const char*, 4>;
  constexpr Row rows[] = {
#define COALS_BY_COUNTS(name, NAME, number, ...) Row{#name, __VA_ARGS__},
#include "coals/similarities.def"
  };
  py::tuple table(std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) table[i] = py::tuple(py::cast(rows[i]));
  return table;
}

}  // namespace

void bind_cooccurrence(py::module_& module) {
  module.attr("similarities_by_counts") = similarities_by_counts();
  py::class_<NeighborOptions>(module, "NeighborOptions", "Which entries of a row are kept, of which rows.")
      .def(py::init(&neighbor_options), py::arg("neighbors"), py::arg("threshold"), py::arg("rows"),
           py::arg("diagonal"), py::arg("memory_limit"), py::keep_alive<1, 4>());
  py::class_<SimilarityOptions>(module, "SimilarityOptions", "A similarity by counts and its options.")
      .def(py::init(&similarity_options), py::arg("similarity"), py::arg("alpha"), py::arg("beta"),
           py::arg("shrinkage"), py::arg("min_support"), py::arg("min_overlap"));
  module.def("item_similarity", &item_similarity_of, py::arg("matrix"), py::arg("options"), py::arg("keep"),
             py::arg("dtype"), py::arg("num_threads"));
  module.def("similarity_from_counts", &similarity_from_counts_of, py::arg("counts"), py::arg("sizes").noconvert(),
             py::arg("users"), py::arg("options"), py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
  module.def("item_products", &item_products_of, py::arg("matrix"), py::arg("unit_columns"), py::arg("shrinkage"),
             py::arg("min_support"), py::arg("min_overlap"), py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
  module.def("common_similarity", &common_similarity_of, py::arg("matrix"), py::arg("similarity"), py::arg("shrinkage"),
             py::arg("min_support"), py::arg("min_overlap"), py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
}

}  // namespace coals::bindings
