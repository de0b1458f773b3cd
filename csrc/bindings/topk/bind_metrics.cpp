#include "coals/metrics.hpp"

#include "../common.hpp"
#include "../enums.hpp"

namespace coals::bindings {

namespace {

RankedLists lists_view(const Array<std::int64_t>& ids, const Array<std::int64_t>& counts,
                       const std::optional<Array<double>>& scores) {
  const MatrixView<const std::int64_t> view = matrix_view(ids, "ids");
  RankedLists lists{view.rows, view.columns, view.data, vector_data(counts, view.rows, "counts"), nullptr};
  if (scores) {
    const MatrixView<const double> same = matrix_view(*scores, "scores");
    require(same.rows == view.rows && same.columns == view.columns, "scores must be of the shape of ids");
    lists.scores = same.data;
  }
  return lists;
}

// `graded`: the values of `relevant` are gains.
Array<double> metrics_of(const Array<std::int64_t>& ids, const Array<std::int64_t>& counts,
                         const std::optional<Array<double>>& scores, const Csr& relevant, std::int64_t first,
                         bool graded, const std::vector<std::pair<std::string, std::int64_t>>& metrics,
                         int num_threads) {
  const RankedLists lists = lists_view(ids, counts, scores);
  const CsrView<void> all = relevant.structure();
  require(first >= 0 && first + lists.users <= all.rows, "relevant must have a row for every list");
  const double* gains = graded ? relevant.view<double>().value : nullptr;
  const CsrView<double> rows{lists.users, all.columns, all.row_begin + first, all.column, gains};
  std::vector<MetricAt> wanted;
  for (const auto& [name, k] : metrics) wanted.push_back({named<RankingMetric>(name), k});
  Array<double> values({static_cast<py::ssize_t>(wanted.size()), static_cast<py::ssize_t>(lists.users)});
  const MatrixView<double> out = mutable_matrix_view(values, "values");
  {
    const ReleasedGil released;
    ranking_metrics(lists, rows, wanted, out, run_control(num_threads));
  }
  return values;
}

Array<double> diversity_of(const Array<std::int64_t>& ids, const Array<std::int64_t>& counts, const Csr& vectors,
                           const std::vector<std::int64_t>& lengths, int num_threads) {
  const RankedLists lists = lists_view(ids, counts, std::nullopt);
  for (const std::int64_t length : lengths) require(length >= 1, "k must be at least 1");
  const auto* held = std::get_if<CsrMatrix<double>>(&vectors.matrix);
  require(held != nullptr, "vectors must be of dtype float64");
  const CsrView<double> rows = held->view();
  Array<double> values({static_cast<py::ssize_t>(lengths.size()), static_cast<py::ssize_t>(lists.users)});
  const MatrixView<double> out = mutable_matrix_view(values, "values");
  {
    const ReleasedGil released;
    list_diversity(lists, rows, lengths, out, run_control(num_threads));
  }
  return values;
}

}  // namespace

void bind_metrics(py::module_& module) {
  module.def("ranking_metrics", &metrics_of, py::arg("ids").noconvert(), py::arg("counts").noconvert(),
             py::arg("scores").noconvert(), py::arg("relevant"), py::arg("first"), py::arg("graded"),
             py::arg("metrics"), py::arg("num_threads"));
  module.def("list_diversity", &diversity_of, py::arg("ids").noconvert(), py::arg("counts").noconvert(),
             py::arg("vectors"), py::arg("lengths"), py::arg("num_threads"));
}

}  // namespace coals::bindings
