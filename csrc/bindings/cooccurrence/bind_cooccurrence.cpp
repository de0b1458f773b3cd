#include "coals/cooccurrence.hpp"

#include <algorithm>

#include "keep_options.hpp"

namespace coals::bindings {

namespace {

const std::map<std::string, CommonSimilarity> common_similarities = {
    {"pearson", CommonSimilarity::pearson},
    {"adjusted_cosine", CommonSimilarity::cosine},
    {"msd", CommonSimilarity::mean_square},
};

SimilarityOptions similarity_options(const std::string& similarity, double alpha, double beta, double shrinkage,
                                     std::int64_t min_support, std::int64_t min_overlap) {
  SimilarityOptions options;
  options.similarity = named(similarities, similarity);
  options.alpha = alpha;
  options.beta = beta;
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  return options;
}

Csr by_counts(const Csr& matrix, const SimilarityOptions& options, const Keep& keep, const std::string& dtype,
              int num_threads) {
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  if (dtype == "int32") return {item_similarity<std::int32_t>(matrix.structure(), options, keep.options, control)};
  return for_type(dtype, [&](auto zero) {
    return item_similarity<decltype(zero)>(matrix.structure(), options, keep.options, control);
  });
}

Csr from_counts(const Csr& counts, const Array<std::int64_t>& sizes, std::int64_t users,
                const SimilarityOptions& options, const Keep& keep, const std::string& dtype, int num_threads) {
  const CsrView<std::int32_t> view = counts.view<std::int32_t>();
  const std::int64_t* size = vector_data(sizes, view.rows, "sizes");
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype, [&](auto zero) {
    return similarity_from_counts<decltype(zero)>(view, size, users, options, keep.options, control);
  });
}

Csr by_products(const Csr& matrix, bool unit_columns, double shrinkage, std::int64_t min_support,
                std::int64_t min_overlap, const Keep& keep, const std::string& dtype, int num_threads) {
  const CsrView<double> view = matrix.view<double>();
  ProductOptions options;
  options.unit_columns = unit_columns;
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype,
                  [&](auto zero) { return item_products<decltype(zero)>(view, options, keep.options, control); });
}

Csr on_common_users(const Csr& matrix, const std::string& similarity, double shrinkage, std::int64_t min_support,
                    std::int64_t min_overlap, const Keep& keep, const std::string& dtype, int num_threads) {
  const CsrView<double> view = matrix.view<double>();
  CommonSimilarityOptions options;
  options.similarity = named(common_similarities, similarity);
  options.shrinkage = shrinkage;
  options.min_support = min_support;
  options.min_overlap = min_overlap;
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype,
                  [&](auto zero) { return common_similarity<decltype(zero)>(view, options, keep.options, control); });
}

}  // namespace

void bind_cooccurrence(py::module_& module) {
  py::class_<Keep>(module, "Keep", "Which rows of a co-occurrence are wanted, and which of their entries.")
      .def(py::init<std::int64_t, double, const std::optional<Array<std::int64_t>>&, bool, std::int64_t>(),
           py::arg("neighbors"), py::arg("threshold"), py::arg("rows"), py::arg("diagonal"), py::arg("memory_limit"),
           py::keep_alive<1, 4>());
  py::class_<SimilarityOptions>(module, "CountMeasure", "A similarity by counts and its options.")
      .def(py::init(&similarity_options), py::arg("similarity"), py::arg("alpha"), py::arg("beta"),
           py::arg("shrinkage"), py::arg("min_support"), py::arg("min_overlap"));
  module.def("similarity_by_counts", &by_counts, py::arg("matrix"), py::arg("measure"), py::arg("keep"),
             py::arg("dtype"), py::arg("num_threads"));
  module.def("similarity_from_counts", &from_counts, py::arg("counts"), py::arg("sizes").noconvert(), py::arg("users"),
             py::arg("measure"), py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
  module.def("similarity_by_products", &by_products, py::arg("matrix"), py::arg("unit_columns"), py::arg("shrinkage"),
             py::arg("min_support"), py::arg("min_overlap"), py::arg("keep"), py::arg("dtype"), py::arg("num_threads"));
  module.def("similarity_on_common_users", &on_common_users, py::arg("matrix"), py::arg("similarity"),
             py::arg("shrinkage"), py::arg("min_support"), py::arg("min_overlap"), py::arg("keep"), py::arg("dtype"),
             py::arg("num_threads"));
}

}  // namespace coals::bindings
