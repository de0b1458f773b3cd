#include "coals/topk.hpp"

#include "../common.hpp"
#include "../enums.hpp"
#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

Filter make_filter(const py::object& excluded, const py::object& allowed, const py::object& candidate,
                   double min_score) {
  require(excluded.is_none() || py::isinstance<Csr>(excluded), "excluded must be a Csr or None");
  require(allowed.is_none() || py::isinstance<Csr>(allowed), "allowed must be a Csr or None");
  require(candidate.is_none() || py::isinstance<Array<bool>>(candidate), "candidate must be an array of bool or None");
  require(min_score == min_score, "min_score must not be NaN");
  return {excluded, allowed, candidate, min_score};
}

py::object selected(const py::object& part, const py::object& rows) {
  return part.is_none() ? part : py::object(part.attr("select_rows")(rows));
}

Filter select_filter_rows(const Filter& self, const py::object& rows) {
  return {selected(self.excluded, rows), selected(self.allowed, rows), self.candidate, self.min_score};
}

// An index and the array that it reads.
template <class T>
struct HeldIndex {
  Array<T> items;
  ItemIndex<T> index;
};

struct Index {
  std::variant<HeldIndex<float>, HeldIndex<double>> held;
};

template <class T>
ItemIndex<T> packed(const Array<T>& items, const std::optional<Array<bool>>& candidate, const std::string& metric,
                    int num_threads) {
  const MatrixView<const T> view = matrix_view(items, "items");
  const bool* chosen = candidate ? vector_data(*candidate, view.rows, "candidate") : nullptr;
  const TopKMetric kind = named<TopKMetric>(metric);
  const ReleasedGil released;
  return ItemIndex<T>(view, reinterpret_cast<const std::uint8_t*>(chosen), kind, run_control(num_threads));
}

template <class T>
Index make_index(const Array<T>& items, const std::optional<Array<bool>>& candidate, const std::string& metric,
                 int num_threads) {
  return {HeldIndex<T>{items, packed(items, candidate, metric, num_threads)}};
}

template <class T>
py::tuple rank(const Index& self, const Array<T>& queries, const Filter& filter, std::int64_t n,
               const std::string& method, int num_threads) {
  const auto* held = std::get_if<HeldIndex<T>>(&self.held);
  require(held != nullptr, "queries and items must have the same dtype");
  const MatrixView<const T> q = matrix_view(queries, "queries"), items = held->index.items();
  require(n >= 1, "n must be at least 1");
  const TopKMethod way = named<TopKMethod>(method);
  const TopKFilter wanted = filter_of(filter, q.rows, items.rows);
  Lists<T> lists(q.rows, n);
  const TopKLists<T> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k(q, held->index, wanted, out, way, run_control(num_threads));
  }
  return lists.tuple();
}

template <class T>
py::tuple rank_once(const Array<T>& queries, const Array<T>& items, const Filter& filter,
                    const std::optional<Array<bool>>& candidate, std::int64_t n, int num_threads) {
  return rank(make_index(items, candidate, "inner_product", num_threads), queries, filter, n, "automatic", num_threads);
}

py::tuple from_ranking(const Array<std::int64_t>& ranking, const Array<double>& score, std::int64_t queries,
                       const Filter& filter, std::int64_t n, int num_threads) {
  const std::int64_t items = score.size();
  const std::int64_t* order = vector_data(ranking, ranking.size(), "ranking");
  const double* scores = vector_data(score, items, "score");
  require(n >= 1, "n must be at least 1");
  require(queries >= 0, "queries must not be negative");
  const TopKFilter wanted = filter_of(filter, queries, items);
  for (std::int64_t k = 0; k < ranking.size(); ++k) {
    require(order[k] >= 0 && order[k] < items, "ranking holds an item that is out of range");
  }
  Lists<double> lists(queries, n);
  const TopKLists<double> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k_from_ranking(order, ranking.size(), scores, queries, wanted, out, run_control(num_threads));
  }
  return lists.tuple();
}

template <class T>
void bind_topk_of(py::module_& module, py::class_<Index>& index) {
  index
      .def(py::init(&make_index<T>), py::arg("items").noconvert(), py::arg("candidate").noconvert(), py::arg("metric"),
           py::arg("num_threads"))
      .def("top_k", &rank<T>, py::arg("queries").noconvert(), py::arg("filter"), py::arg("n"), py::arg("method"),
           py::arg("num_threads"));
  module.def("top_k_inner_product", &rank_once<T>, py::arg("queries").noconvert(), py::arg("items").noconvert(),
             py::arg("filter"), py::arg("candidate").noconvert(), py::arg("n"), py::arg("num_threads"));
}

}  // namespace

void bind_topk(py::module_& module) {
  py::class_<Filter>(module, "TopKFilter", "What may be on a list: what passes every part that is not None.")
      .def(py::init(&make_filter), py::arg("excluded") = py::none(), py::arg("allowed") = py::none(),
           py::arg("candidate") = py::none(), py::arg("min_score") = -std::numeric_limits<double>::infinity())
      .def_readonly("excluded", &Filter::excluded)
      .def_readonly("allowed", &Filter::allowed)
      .def_readonly("candidate", &Filter::candidate)
      .def_readonly("min_score", &Filter::min_score)
      .def("select_rows", &select_filter_rows, py::arg("rows"), "The same for some of its queries.");
  py::class_<Index> index(module, "ItemIndex", "Items packed to be ranked. Keeps the array, which must not change.");
  bind_topk_of<float>(module, index);
  bind_topk_of<double>(module, index);
  module.def("top_k_from_ranking", &from_ranking, py::arg("ranking").noconvert(), py::arg("score").noconvert(),
             py::arg("queries"), py::arg("filter"), py::arg("n"), py::arg("num_threads"));
}

}  // namespace coals::bindings
