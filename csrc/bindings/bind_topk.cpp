#include "coals/topk.hpp"

#include "common.hpp"
#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

template <class T>
void bind_inner_product(py::module_& module) {
  module.def(
      "top_k_inner_product",
      [](const Array<T>& queries, const Array<T>& items, const Csr& excluded, const Array<bool>& candidate,
         std::int64_t n, int num_threads) {
        const MatrixView<const T> q = matrix_view(queries, "queries"), j = matrix_view(items, "items");
        require(q.columns == j.columns, "queries and items must have the same number of columns");
        require(n >= 1, "n must be at least 1");
        require_excluded(excluded.structure(), q.rows, j.rows);
        const bool* allowed = vector_data(candidate, j.rows, "candidate");
        Lists<T> lists(q.rows, n);
        const TopKLists<T> out = lists.view(n);
        {
          const ReleasedGil released;
          top_k_inner_product(q, j, excluded.structure(), reinterpret_cast<const std::uint8_t*>(allowed), out,
                              run_control(num_threads));
        }
        return lists.tuple();
      },
      py::arg("queries").noconvert(), py::arg("items").noconvert(), py::arg("excluded"),
      py::arg("candidate").noconvert(), py::arg("n"), py::arg("num_threads"));
}

py::tuple from_ranking(const Array<std::int64_t>& ranking, const Array<double>& score, const Csr& excluded,
                       std::int64_t n, int num_threads) {
  const CsrView<void> rows = excluded.structure();
  const std::int64_t* order = vector_data(ranking, ranking.size(), "ranking");
  const double* scores = vector_data(score, rows.columns, "score");
  require(n >= 1, "n must be at least 1");
  for (std::int64_t k = 0; k < ranking.size(); ++k) {
    require(order[k] >= 0 && order[k] < rows.columns, "ranking holds an item that is out of range");
  }
  Lists<double> lists(rows.rows, n);
  const TopKLists<double> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k_from_ranking(order, ranking.size(), scores, rows, out, run_control(num_threads));
  }
  return lists.tuple();
}

}  // namespace

void bind_topk(py::module_& module) {
  bind_inner_product<float>(module);
  bind_inner_product<double>(module);
  module.def("top_k_from_ranking", &from_ranking, py::arg("ranking").noconvert(), py::arg("score").noconvert(),
             py::arg("excluded"), py::arg("n"), py::arg("num_threads"));
}

}  // namespace coals::bindings
