// Regressions on supports, and filters on the graph of items.
#include <array>

#include "cases.hpp"
#include "coals/graph_scores.hpp"
#include "coals/sparse_regression.hpp"

namespace {

using namespace coals;

struct Regression {
  CsrView<double> data = sparse().view();
  std::array<std::int64_t, items + 1> begin{0, 2, 3, 4, 5};
  std::array<std::int32_t, 5> column{1, 2, 0, 3, 2};
  std::array<double, items> penalty{1, 2, 3, 4};
  std::int64_t rows = items;
  SparseRegressionOptions options;
  bool penalised = true;

  void call() {
    if (penalised) options.penalty = penalty.data();
    regress_on_supports<double>(data, {rows, items, begin.data(), column.data(), nullptr}, options, {});
  }
};

void check_regression() {
  refuses<Regression>("regress_on_supports", Regression(), [](auto& a) { a.call(); },
                      {{"matrix", [](auto& a) { a.data.value = nullptr; }},
                       {"matrix", [](auto& a) { a.data.row_begin = nullptr; }},
                       {"support", [](auto& a) { a.rows = 3; }},
                       {"support", [](auto& a) { a.begin[0] = 1; }},
                       {"support: row_begin", [](auto& a) { a.begin[1] = 4; }},
                       {"support: row 1 has the item itself", [](auto& a) { a.column[2] = 1; }},
                       {"support: row 0 has column 4", [](auto& a) { a.column[1] = items; }},
                       {"support: row 0 has column -1", [](auto& a) { a.column[0] = -1; }},
                       {"penalty", [](auto& a) { a.penalised = false; }},
                       {"penalty", [](auto& a) { a.penalty[2] = 0; }},
                       {"penalty", [](auto& a) { a.penalty[2] = no_number; }},
                       {"max_diagonal", [](auto& a) { a.options.max_diagonal = 1.5; }},
                       {"strongest", [](auto& a) { a.options.strongest = 0; }},
                       {"system_bytes", [](auto& a) { a.options.system_bytes = -1; }}});
}

struct Filtered {
  std::vector<double> coefficient{0.5, -0.5};
  MatrixView<double> directions = matrix(items, 16);
  GraphFilterView<double> filter;
  std::vector<std::int64_t> row{4, 0}, ids = std::vector<std::int64_t>(4), counts{0, 0};
  std::vector<double> scores = std::vector<double>(4);
  CsrView<double> queries = sparse().view();
  std::int64_t n = 2;

  Filtered() {
    filter.by_user = sparse().view();
    filter.by_item = sparse().transposed();
    filter.first_size = filter.second_size = 2;
    filter.directions = constant(directions);
  }
  void lists(bool has_coefficients = true) {
    if (has_coefficients) filter.first = filter.second = coefficient.data();
    top_k_graph_scores<double>(filter, queries, row.data(), 2, nullptr, {},
                               {n, ids.data(), scores.data(), counts.data()}, {});
    score_graph<double>(filter, queries, row.data(), row.data(), 1, scores.data(), {});
  }
};

void check_filter() {
  Filtered sound;
  sound.row = {1, 3};
  refuses<Filtered>("top_k_graph_scores", sound, [](auto& a) { a.lists(a.n != 7); },
                    {{"first", [](auto& a) { a.n = 7; }},
                     {"first", [](auto& a) { a.filter.first_size = 0; }},
                     {"second", [](auto& a) { a.filter.second_size = -1; }},
                     {"by_user", [](auto& a) { a.filter.by_user.value = nullptr; }},
                     {"by_item", [](auto& a) { a.filter.by_item.rows = 3; }},
                     {"directions", [](auto& a) { a.filter.directions.columns = 15; }},
                     {"directions", [](auto& a) { a.filter.directions.rows = 3; }},
                     {"queries", [](auto& a) { a.queries.columns = 3; }},
                     {"rows", [](auto& a) { a.row[1] = users; }},
                     {"n must", [](auto& a) { a.n = 0; }}});
}

}  // namespace

void check_linear() {
  check_regression();
  check_filter();
}
