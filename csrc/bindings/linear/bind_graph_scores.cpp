#include "coals/graph_scores.hpp"

#include "../topk/top_k_lists.hpp"

namespace coals::bindings {

namespace {

// A filter, and the arrays of Python that it views.
struct HeldGraphFilter {
  std::variant<GraphFilterView<float>, GraphFilterView<double>> view;
  std::vector<py::object> held;
};

template <class T>
const T* scales(const py::object& given, std::int64_t items, const char* name) {
  return given.is_none() ? nullptr : vector_data(given.cast<Array<T>>(), items, name);
}

template <class T>
GraphFilterView<T> view_of(const std::vector<py::object>& held, const Array<double>& first,
                           const Array<double>& second) {
  GraphFilterView<T> view;
  if (!held[0].is_none()) view.by_user = held[0].cast<const Csr&>().view<T>();
  view.by_item = held[1].cast<const Csr&>().view<T>();
  const std::int64_t items = view.by_item.rows;
  view.before = scales<T>(held[2], items, "before");
  view.after = scales<T>(held[3], items, "after");
  if (!held[4].is_none()) view.directions = matrix_view(held[4].cast<Array<T>>(), "directions");
  view.low_before = scales<T>(held[5], items, "low_before");
  view.low_after = scales<T>(held[6], items, "low_after");
  view.first = vector_data(first, first.size(), "first");
  view.first_size = first.size();
  view.second = vector_data(second, second.size(), "second");
  view.second_size = second.size();
  return view;
}

// Arrays are of the type of by_item, so that no cast makes a new one.
template <class T>
void check_types(const std::vector<py::object>& held) {
  for (std::size_t k = 2; k < 7; ++k) {
    require(held[k].is_none() || py::isinstance<Array<T>>(held[k]), "arrays must be of the dtype of by_item");
  }
}

HeldGraphFilter hold(const py::object& by_user, const py::object& by_item, const Array<double>& first,
                     const Array<double>& second, const py::object& before, const py::object& after,
                     const py::object& directions, const py::object& low_before, const py::object& low_after) {
  const std::vector<py::object> held{by_user, by_item, before, after, directions, low_before, low_after};
  HeldGraphFilter filter;
  if (std::holds_alternative<CsrMatrix<float>>(by_item.cast<const Csr&>().matrix)) {
    check_types<float>(held);
    filter.view = view_of<float>(held, first, second);
  } else {
    check_types<double>(held);
    filter.view = view_of<double>(held, first, second);
  }
  filter.held = held;
  filter.held.push_back(first);
  filter.held.push_back(second);
  return filter;
}

// Entries of histories with or without values.
template <class T>
CsrView<T> histories(const Csr& queries, const GraphFilterView<T>& filter) {
  const auto* held = std::get_if<CsrMatrix<T>>(&queries.matrix);
  require(held != nullptr && held->columns == filter.by_item.rows,
          "queries must have the dtype and the items of the filter");
  return held->view();
}

template <class T>
py::tuple top_k_of(const GraphFilterView<T>& graph, const Csr& queries, const Array<std::int64_t>& rows,
                   const Array<bool>& candidate, const Filter& filter, std::int64_t n, int num_threads) {
  const CsrView<T> asked = histories(queries, graph);
  const std::int64_t* row = vector_data(rows, rows.size(), "rows");
  const auto* allowed = reinterpret_cast<const std::uint8_t*>(vector_data(candidate, asked.columns, "candidate"));
  const TopKFilter wanted = filter_of(filter, rows.size(), asked.columns);
  Lists<T> lists(rows.size(), n);
  const TopKLists<T> out = lists.view(n);
  {
    const ReleasedGil released;
    top_k_graph_scores(graph, asked, row, rows.size(), allowed, wanted, out, run_control(num_threads));
  }
  return lists.tuple();
}

py::tuple top_k_filtered(const HeldGraphFilter& graph, const Csr& queries, const Array<std::int64_t>& rows,
                         const Array<bool>& candidate, const Filter& filter, std::int64_t n, int num_threads) {
  require(n >= 1, "n must be at least 1");
  return std::visit([&](const auto& view) { return top_k_of(view, queries, rows, candidate, filter, n, num_threads); },
                    graph.view);
}

template <class T>
py::array scores_of(const GraphFilterView<T>& filter, const Csr& queries, const Array<std::int64_t>& rows,
                    const Array<std::int64_t>& columns, int num_threads) {
  const CsrView<T> asked = histories(queries, filter);
  const std::int64_t pairs = rows.size();
  const std::int64_t* row = vector_data(rows, pairs, "rows");
  const std::int64_t* column = vector_data(columns, pairs, "columns");
  Array<T> scores(pairs);
  T* out = scores.mutable_data();
  {
    const ReleasedGil released;
    score_graph(filter, asked, row, column, pairs, out, run_control(num_threads));
  }
  return scores;
}

py::array score_filtered(const HeldGraphFilter& filter, const Csr& queries, const Array<std::int64_t>& rows,
                         const Array<std::int64_t>& columns, int num_threads) {
  return std::visit([&](const auto& view) { return scores_of(view, queries, rows, columns, num_threads); },
                    filter.view);
}

}  // namespace

void bind_graph_scores(py::module_& module) {
  py::class_<HeldGraphFilter>(module, "GraphFilterView", "A filter on the graph of items.")
      .def(py::init(&hold), py::arg("by_user"), py::arg("by_item"), py::arg("first").noconvert(),
           py::arg("second").noconvert(), py::arg("before"), py::arg("after"), py::arg("directions"),
           py::arg("low_before"), py::arg("low_after"));
  module.def("top_k_graph_scores", &top_k_filtered, py::arg("graph"), py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("candidate").noconvert(), py::arg("filter"), py::arg("n"), py::arg("num_threads"));
  module.def("score_graph", &score_filtered, py::arg("graph"), py::arg("queries"), py::arg("rows").noconvert(),
             py::arg("columns").noconvert(), py::arg("num_threads"));
}

}  // namespace coals::bindings
