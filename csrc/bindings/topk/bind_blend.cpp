#include "coals/blend.hpp"
#include "top_k_lists.hpp"

namespace coals::bindings {

namespace {

using Given = std::tuple<Array<std::int64_t>, Array<double>, Array<std::int64_t>>;

BlendedLists lists_of(const Given& given, double weight, std::int64_t queries) {
  const auto& [ids, scores, counts] = given;
  const MatrixView<const std::int64_t> id = matrix_view(ids, "ids");
  const MatrixView<const double> score = matrix_view(scores, "scores");
  const std::int64_t* count = vector_data(counts, queries, "counts");
  require(id.rows == queries && score.rows == queries && score.columns == id.columns, "lists must be of one shape");
  return {id.data, score.data, count, id.columns, weight};
}

py::tuple blended_top_k(const std::vector<Given>& lists, const std::vector<double>& weights, bool cascade,
                        std::int64_t items, const Filter& filter, std::int64_t n, int num_threads) {
  require(n >= 1, "n must be at least 1");
  require(lists.size() == weights.size(), "there must be a weight for each list");
  const std::int64_t queries = lists.empty() ? 0 : std::get<0>(lists[0]).shape(0);
  const TopKFilter wanted = filter_of(filter, queries, items);
  std::vector<BlendedLists> members;
  for (std::size_t m = 0; m < weights.size(); ++m) members.push_back(lists_of(lists[m], weights[m], queries));
  Lists<double> best(queries, n);
  const TopKLists<double> out = best.view(n);
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    top_k_blended(members, cascade, queries, items, wanted, out, control);
  }
  return best.tuple();
}

}  // namespace

void bind_blend(py::module_& module) {
  module.def("top_k_blended", &blended_top_k, py::arg("lists"), py::arg("weights"), py::arg("cascade"),
             py::arg("items"), py::arg("filter"), py::arg("n"), py::arg("num_threads"));
}

}  // namespace coals::bindings
