#include "coals/dense_scores.hpp"

#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

template <class T>
CsrView<T> queries_of(const Csr& queries, std::int64_t items) {
  const auto* held = std::get_if<CsrMatrix<T>>(&queries.matrix);
  require(held != nullptr && held->columns == items,
          "queries must have the dtype and a column for each row of weights");
  return held->view();
}

template <class T>
py::tuple top_k_of_weights(const Csr& queries, const Array<std::int64_t>& rows, const Array<T>& weights,
                           const Array<bool>& candidate, const Filter& filter, std::int64_t n, int num_threads) {
  const MatrixView<const T> w = matrix_view(weights, "weights");
  const CsrView<T> q = queries_of<T>(queries, w.rows);
  require(n >= 1, "n must be at least 1");
  const std::int64_t* row = vector_data(rows, rows.size(), "rows");
  const auto* allowed = reinterpret_cast<const std::uint8_t*>(vector_data(candidate, w.columns, "candidate"));
  const TopKFilter wanted = filter_of(filter, rows.size(), w.columns);
  Lists<T> lists(rows.size(), n);
  const TopKLists<T> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k_weighted_rows(q, row, rows.size(), w, allowed, wanted, out, run_control(num_threads));
  }
  return lists.tuple();
}

template <class T>
Array<T> scores_of_weights(const Csr& queries, const Array<std::int64_t>& rows, const Array<T>& weights,
                           const Array<std::int64_t>& columns, int num_threads) {
  const MatrixView<const T> w = matrix_view(weights, "weights");
  const CsrView<T> q = queries_of<T>(queries, w.rows);
  const std::int64_t pairs = rows.size();
  const std::int64_t* row = vector_data(rows, pairs, "rows");
  const std::int64_t* column = vector_data(columns, pairs, "columns");
  Array<T> scores(pairs);
  T* out = scores.mutable_data();
  {
    const ReleasedGil released;
    score_weighted_rows(q, row, w, column, pairs, out, run_control(num_threads));
  }
  return scores;
}

template <class T>
Csr strongest(const Array<T>& matrix, std::int64_t count, int num_threads) {
  const MatrixView<const T> view = matrix_view(matrix, "matrix");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  return {strongest_of_columns(view, count, control)};
}

template <class T>
void bind_dense_scores_of(py::module_& module) {
  module.def("strongest_of_columns", &strongest<T>, py::arg("matrix").noconvert(), py::arg("count"),
             py::arg("num_threads"));
  module.def("top_k_weighted_rows", &top_k_of_weights<T>, py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("weights").noconvert(), py::arg("candidate").noconvert(), py::arg("filter"), py::arg("n"),
             py::arg("num_threads"));
  module.def("score_weighted_rows", &scores_of_weights<T>, py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("weights").noconvert(), py::arg("columns").noconvert(), py::arg("num_threads"));
}

}  // namespace

void bind_dense_scores(py::module_& module) {
  bind_dense_scores_of<float>(module);
  bind_dense_scores_of<double>(module);
}

}  // namespace coals::bindings
