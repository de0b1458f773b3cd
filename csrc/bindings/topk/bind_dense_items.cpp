#include "coals/dense_items.hpp"

#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

template <class T>
Array<T> item_gram_of(const CsrMatrix<T>& matrix, double diagonal, int num_threads) {
  const CsrView<T> by_user = matrix.view();
  Array<T> out({by_user.columns, by_user.columns});
  const MatrixView<T> target = mutable_matrix_view(out, "out");
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    const CsrMatrix<T> by_item = transpose(by_user, control);
    item_gram(by_user, by_item.view(), diagonal, target, control);
  }
  return out;
}

py::array gram(const Csr& matrix, double diagonal, int num_threads) {
  if (const auto* held = std::get_if<CsrMatrix<double>>(&matrix.matrix))
    return item_gram_of(*held, diagonal, num_threads);
  const auto* held = std::get_if<CsrMatrix<float>>(&matrix.matrix);
  require(held != nullptr, "sparse matrices of int32 are for counts alone");
  return item_gram_of(*held, diagonal, num_threads);
}

template <class T>
void invert(Array<T>& matrix, int num_threads) {
  const MatrixView<T> view = mutable_matrix_view(matrix, "matrix");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  invert_definite(view, control);
}

template <class T>
void low_rank(const Array<T>& left, const Array<T>& right, Array<T>& matrix, int num_threads) {
  const MatrixView<const T> a = matrix_view(left, "left"), b = matrix_view(right, "right");
  const MatrixView<T> target = mutable_matrix_view(matrix, "matrix");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  add_low_rank(a, b, target, control);
}

template <class T>
CsrView<T> queries_of(const Csr& queries, std::int64_t items) {
  const auto* held = std::get_if<CsrMatrix<T>>(&queries.matrix);
  require(held != nullptr && held->columns == items,
          "queries must have the dtype and a column for each row of weights");
  return held->view();
}

template <class T>
py::tuple top_k_of_weights(const Csr& queries, const Array<std::int64_t>& rows, const Array<T>& weights,
                           const Csr& excluded, const Array<bool>& candidate, std::int64_t n, int num_threads) {
  const MatrixView<const T> w = matrix_view(weights, "weights");
  const CsrView<T> q = queries_of<T>(queries, w.rows);
  require(n >= 1, "n must be at least 1");
  const std::int64_t* row = vector_data(rows, excluded.structure().rows, "rows");
  const auto* allowed = reinterpret_cast<const std::uint8_t*>(vector_data(candidate, w.columns, "candidate"));
  Lists<T> lists(rows.size(), n);
  const TopKLists<T> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k_weighted_rows(q, row, w, excluded.structure(), allowed, out, run_control(num_threads));
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
void bind_dense_items_of(py::module_& module) {
  module.def("invert_definite", &invert<T>, py::arg("matrix").noconvert(), py::arg("num_threads"));
  module.def("add_low_rank", &low_rank<T>, py::arg("left").noconvert(), py::arg("right").noconvert(),
             py::arg("matrix").noconvert(), py::arg("num_threads"));
  module.def("strongest_of_columns", &strongest<T>, py::arg("matrix").noconvert(), py::arg("count"),
             py::arg("num_threads"));
  module.def("top_k_weighted_rows", &top_k_of_weights<T>, py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("weights").noconvert(), py::arg("excluded"), py::arg("candidate").noconvert(), py::arg("n"),
             py::arg("num_threads"));
  module.def("score_weighted_rows", &scores_of_weights<T>, py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("weights").noconvert(), py::arg("columns").noconvert(), py::arg("num_threads"));
}

}  // namespace

void bind_dense_items(py::module_& module) {
  module.def("item_gram", &gram, py::arg("matrix"), py::arg("diagonal"), py::arg("num_threads"));
  bind_dense_items_of<float>(module);
  bind_dense_items_of<double>(module);
}

}  // namespace coals::bindings
