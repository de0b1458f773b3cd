#include "coals/neighbors.hpp"

#include <algorithm>

#include "../enums.hpp"
#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

using Term = std::optional<Array<double>>;

NeighborRule rule_of(const std::string& average_by, std::int64_t used, const Term& query_term, const Term& target_term,
                     std::int64_t queries, std::int64_t targets) {
  NeighborRule rule;
  rule.average_by = named<AverageBy>(average_by);
  rule.used = used;
  if (query_term) rule.query_term = vector_data(*query_term, queries, "query_term");
  if (target_term) rule.target_term = vector_data(*target_term, targets, "target_term");
  return rule;
}

// call(a, b) with the matrices of real numbers that are held.
template <class Call>
void with_real(const Csr& a, const Csr& b, Call call) {
  std::visit(
      [&](const auto& x, const auto& y) {
        using X = std::decay_t<decltype(x)>;
        using Y = std::decay_t<decltype(y)>;
        if constexpr (std::is_same_v<X, CsrMatrix<std::int32_t>> || std::is_same_v<Y, CsrMatrix<std::int32_t>>) {
          require(false, "sparse matrices of int32 are for counts alone");
        } else {
          call(x, y);
        }
      },
      a.matrix, b.matrix);
}

// The view of `other`, which must be of the same type.
template <class V>
CsrView<V> view_as(const CsrMatrix<V>&, const Csr& other) {
  const auto* matrix = std::get_if<CsrMatrix<V>>(&other.matrix);
  require(matrix != nullptr, "lists and targets must have the same dtype");
  return matrix->view();
}

py::tuple top_k_of_neighbors(const Csr& queries, const Array<std::int64_t>& rows, const Csr& lists, const Csr* targets,
                             const std::string& average_by, std::int64_t used, const Term& query_term,
                             const Term& target_term, const Filter& filter, std::int64_t n, int num_threads) {
  const CsrView<void> q = queries.structure(), l = lists.structure();
  require(n >= 1, "n must be at least 1");
  const TopKFilter wanted = filter_of(filter, rows.size(), l.columns);
  const std::int64_t* row = vector_data(rows, rows.size(), "rows");
  const NeighborRule rule = rule_of(average_by, used, query_term, target_term, q.rows, l.columns);
  Lists<double> found(rows.size(), n);
  const TopKLists<double> out = found.view(n);
  with_real(queries, lists, [&](const auto& a, const auto& b) {
    const auto by_target = targets == nullptr ? decltype(b.view()){} : view_as(b, *targets);
    const ReleasedGil released;
    top_k_neighbors(a.view(), row, rows.size(), b.view(), by_target, rule, wanted, out, run_control(num_threads));
  });
  return found.tuple();
}

Array<double> scores_of_neighbors(const Csr& queries, const Array<std::int64_t>& rows, const Csr& targets,
                                  const Array<std::int64_t>& columns, const std::string& average_by, std::int64_t used,
                                  const Term& query_term, const Term& target_term, int num_threads) {
  const CsrView<void> q = queries.structure(), t = targets.structure();
  const std::int64_t pairs = rows.size();
  const std::int64_t* row = vector_data(rows, pairs, "rows");
  const std::int64_t* column = vector_data(columns, pairs, "columns");
  const NeighborRule rule = rule_of(average_by, used, query_term, target_term, q.rows, t.rows);
  Array<double> scores(pairs);
  double* out = scores.mutable_data();
  with_real(queries, targets, [&](const auto& a, const auto& b) {
    const ReleasedGil released;
    score_neighbors(a.view(), row, b.view(), column, pairs, rule, out, run_control(num_threads));
  });
  return scores;
}

}  // namespace

void bind_neighbors(py::module_& module) {
  module.def("top_k_neighbors", &top_k_of_neighbors, py::arg("queries"), py::arg("rows").noconvert(), py::arg("lists"),
             py::arg("targets").none(true), py::arg("average_by"), py::arg("used"), py::arg("query_term").noconvert(),
             py::arg("target_term").noconvert(), py::arg("filter"), py::arg("n"), py::arg("num_threads"));
  module.def("score_neighbors", &scores_of_neighbors, py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("targets"), py::arg("columns").noconvert(), py::arg("average_by"), py::arg("used"),
             py::arg("query_term").noconvert(), py::arg("target_term").noconvert(), py::arg("num_threads"));
}

}  // namespace coals::bindings
