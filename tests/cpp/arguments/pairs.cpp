// Sparse matrices, co-occurrence, events, ids, tables, threads and the memory of results.
#include <cmath>
#include <limits>

#include "cases.hpp"
#include "coals/event_cooccurrence.hpp"
#include "coals/id_encoder.hpp"
#include "coals/pair_order.hpp"
#include "coals/runtime.hpp"

using namespace coals;

namespace {

struct Pairs {
  CsrView<double> data = sparse().view();
  CsrView<std::int32_t> counts{};
  SimilarityOptions options;
  ProductOptions products;
  CommonSimilarityOptions common;
  NeighborOptions keep;
  std::vector<std::int64_t> rows{0, 3}, size{2, 2, 2, 2};
  std::int64_t stored = 8;
  bool some_rows = false;
  RunControl control;

  NeighborOptions kept() {
    if (some_rows) {
      keep.rows = rows.data();
      if (keep.row_count == 0) keep.row_count = 2;
    }
    return keep;
  }
};

const std::vector<Spoilt<Pairs>>& of_all_pairs() {
  static const std::vector<Spoilt<Pairs>> all{
      {"neighbors", [](auto& a) { a.keep.neighbors = -2; }},
      {"neighbors", [](auto& a) { a.keep.neighbors = 0; }},
      {"threshold", [](auto& a) { a.keep.threshold = no_number; }},
      {"memory_limit", [](auto& a) { a.keep.memory_limit = -2; }},
      {"num_threads", [](auto& a) { a.control.num_threads = -1; }},
      {"ResultMemory",
       [](auto& a) { a.control.memory.allocate = [](std::size_t, void*) -> void* { return nullptr; }; }}};
  return all;
}

std::vector<Spoilt<Pairs>> with(std::vector<Spoilt<Pairs>> more) {
  std::vector<Spoilt<Pairs>> all = of_all_pairs();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const std::vector<Spoilt<Pairs>> of_rows{{"rows: number 1",
                                          [](Pairs& a) {
                                            a.some_rows = true;
                                            a.rows[1] = items;
                                          }},
                                         {"rows", [](Pairs& a) {
                                            a.some_rows = true;
                                            a.keep.row_count = -1;
                                          }}};

void check_similarities() {
  auto all = with({{"similarity", [](auto& a) { a.options.similarity = static_cast<Similarity>(50); }},
                   {"shrinkage", [](auto& a) { a.options.shrinkage = no_number; }},
                   {"min_support", [](auto& a) { a.options.min_support = -1; }},
                   {"min_overlap", [](auto& a) { a.options.min_overlap = -1; }},
                   {"alpha", [](auto& a) {
                      a.options.similarity = Similarity::asymmetric_cosine;
                      a.options.alpha = 2;
                    }}});
  auto counted = all;
  all.insert(all.end(), of_rows.begin(), of_rows.end());
  all.push_back({"matrix", [](auto& a) { a.data.column = nullptr; }});
  all.push_back({"row 2: column 4", [](auto& a) {
                   static const std::int64_t begin[] = {0, 2, 2, 3, 6, 8};
                   static const std::int32_t columns[] = {0, 2, items, 0, 1, 3, 2, 3};
                   a.data.row_begin = begin;
                   a.data.column = columns;
                 }});
  all.push_back({"row_begin", [](auto& a) {
                   static const std::int64_t begin[] = {0, 5, 3, 3, 6, 8};
                   a.data.row_begin = begin;
                 }});
  all.push_back({"matrix", [](auto& a) { a.data.rows = std::int64_t{1} << 40; }});
  refuses<Pairs>(
      "item_similarity", Pairs(),
      [](auto& a) { item_similarity<double>(a.data.structure(), a.options, a.kept(), a.control); }, all);
  const CsrMatrix<std::int32_t> counts = item_similarity<std::int32_t>(sparse().view().structure(), {}, {}, {});
  Pairs sound;
  sound.counts = counts.view();
  counted.push_back({"rows", [](auto& a) { a.some_rows = true; }});
  counted.push_back({"counts", [](auto& a) { a.counts.columns = users; }});
  counted.push_back({"counts", [](auto& a) { a.counts.value = nullptr; }});
  counted.push_back({"users", [](auto& a) { a.stored = -1; }});
  counted.push_back({"users", [](auto& a) { a.stored = std::int64_t{1} << 62; }});
  counted.push_back({"size: that of item 1", [](auto& a) { a.size[1] = 9; }});
  counted.push_back({"counts: row 0", [](auto& a) { a.size[0] = 0; }});
  refuses<Pairs>(
      "similarity_from_counts", sound,
      [](auto& a) {
        similarity_from_counts<double>(a.counts, a.size.data(), a.stored, a.options, a.kept(), a.control);
      },
      counted);
}

void check_values() {
  auto all = with({{"matrix", [](auto& a) { a.data.value = nullptr; }},
                   {"shrinkage", [](auto& a) { a.products.shrinkage = a.common.shrinkage = -1; }}});
  all.insert(all.end(), of_rows.begin(), of_rows.end());
  refuses<Pairs>(
      "item_products", Pairs(), [](auto& a) { item_products<double>(a.data, a.products, a.kept(), a.control); }, all);
  all.push_back({"similarity", [](auto& a) { a.common.similarity = static_cast<CommonSimilarity>(9); }});
  all.push_back({"row 4, column 3", [](auto& a) {
                   static const double values[] = {1, 2, 3, 4, 5, 1, 2, 1e160};
                   a.data.value = values;
                 }});
  refuses<Pairs>(
      "common_similarity", Pairs(), [](auto& a) { common_similarity<double>(a.data, a.common, a.kept(), a.control); },
      all);
}

void check_intake() {
  refuses<Pairs>("validate_csr", Pairs(), [](auto& a) { validate_csr(a.data.structure(), a.stored, a.control); },
                 {{"row_begin", [](auto& a) { a.data.row_begin = nullptr; }},
                  {"column", [](auto& a) { a.data.column = nullptr; }},
                  {"entries are stored", [](auto& a) { a.stored = 7; }},
                  {"at most", [](auto& a) { a.data.columns = -1; }}});
  refuses<Pairs>("transpose", Pairs(), [](auto& a) { transpose(a.data, a.control); },
                 {{"matrix", [](auto& a) { a.data.row_begin = nullptr; }},
                  {"ResultMemory", [](auto& a) { a.control.memory.release = [](void*, std::size_t, void*) {}; }}});
  refuses<Pairs>("transpose_values", Pairs(), [](auto& a) { transpose_values(a.data, a.control); },
                 {{"matrix", [](auto& a) { a.data.value = nullptr; }}});
}

struct Events {
  std::vector<std::int64_t> begin{0, 2, 4};
  std::vector<std::int32_t> item{0, 1, 1, 2};
  EventsView view;
  EventOptions options;
  NeighborOptions keep;
  std::int64_t stored = 4;
  bool no_items = false, timed = false;
  std::vector<double> time{0, 1, 0, 1};

  EventsView events() const {
    return {2 + view.groups, 3 + view.items, begin.data(), no_items ? nullptr : item.data(),
            timed ? time.data() : nullptr};
  }
};

void check_events() {
  refuses<Events>("validate_events", Events(), [](auto& a) { validate_events(a.events(), a.stored); },
                  {{"item", [](auto& a) { a.no_items = true; }},
                   {"stored", [](auto& a) { a.stored = -1; }},
                   {"2147483647", [](auto& a) { a.view.items = std::int64_t{1} << 33; }},
                   {"event 3", [](auto& a) { a.item[3] = 3; }}});
  refuses<Events>("event_cooccurrence of int32", Events(),
                  [](auto& a) { event_cooccurrence<std::int32_t>(a.events(), a.options, a.keep, {}); },
                  {{"int32", [](auto& a) { a.options.similarity = Similarity::jaccard; }},
                   {"int32", [](auto& a) { a.options.inverse_distance = true; }}});
  refuses<Events>("event_cooccurrence", Events(),
                  [](auto& a) { event_cooccurrence<double>(a.events(), a.options, a.keep, {}); },
                  {{"direction", [](auto& a) { a.options.direction = static_cast<Direction>(4); }},
                   {"window", [](auto& a) { a.options.window = -2; }},
                   {"within", [](auto& a) { a.options.within = no_number; }},
                   {"half_life", [](auto& a) { a.options.half_life = no_number; }},
                   {"now", [](auto& a) { a.options.now = no_number; }},
                   {"groups", [](auto& a) { a.view.groups = -3; }},
                   {"items", [](auto& a) { a.view.items = std::numeric_limits<std::int64_t>::max() - 3; }},
                   {"event 1",
                    [](auto& a) {
                      a.timed = true;
                      a.options.half_life = 1e-300;
                    }},
                   {"similarity", [](auto& a) { a.options.similarity = Similarity::pmi; }},
                   {"min_support", [](auto& a) { a.options.min_support = -4; }},
                   {"neighbors", [](auto& a) { a.keep.neighbors = 0; }}});
}

struct Ids {
  std::vector<std::int32_t> codes{0, 1, -1}, new_codes{1, 0};
  std::int64_t entries = 3, rows = 2, code = 0;
  double seconds = 0.001;
  int threads = 1;
};

}  // namespace

void check_pairs() {
  check_intake();
  check_similarities();
  check_values();
  check_events();
}

void check_columns() {
  Ids sound;
  refuses<Ids>("IdEncoder", sound,
               [](auto& a) {
                 IdEncoder ids;
                 const std::string_view one = "one";
                 std::int32_t code = 0;
                 ids.encode(&one, 1, &code);
                 (void)ids[a.code];
               },
               {{"code", [](auto& a) { a.code = 1; }}, {"code", [](auto& a) { a.code = -1; }}});
  refuses<Ids>("replace_codes", sound, [](auto& a) { replace_codes(a.codes.data(), a.entries, a.new_codes, {}); },
               {{"codes: number 1", [](auto& a) { a.codes[1] = 2; }}, {"count", [](auto& a) { a.entries = -1; }}});
  refuses<Ids>("order_pairs", sound,
               [](auto& a) {
                 std::vector<std::int32_t> order(3);
                 std::vector<std::int64_t> begin(3);
                 const std::vector<std::int32_t> rows{0, 1, 1}, columns{2, 1, 0};
                 order_pairs(rows.data(), columns.data(), a.entries, a.rows, order.data(), begin.data(), {});
               },
               {{"entry 1", [](auto& a) { a.rows = 1; }},
                {"n_rows", [](auto& a) { a.rows = -1; }},
                {"entries", [](auto& a) { a.entries = -3; }},
                {"entries", [](auto& a) { a.entries = std::int64_t{1} << 31; }}});
  refuses<Ids>("measure_peak_flops", sound, [](auto& a) { measure_peak_flops(a.seconds, a.threads); },
               {{"seconds", [](auto& a) { a.seconds = no_number; }}, {"num_threads", [](auto& a) { a.threads = -1; }}});
  refuses<Ids>("encode", sound,
               [](auto& a) {
                 const std::string_view texts[] = {"one", "two", "three"};
                 IdEncoder().encode(a.code ? nullptr : texts, a.entries, a.rows ? a.codes.data() : nullptr);
               },
               {{"values", [](auto& a) { a.code = 1; }}, {"codes", [](auto& a) { a.rows = 0; }}, {"count", [](auto& a) {
                                                                                                    a.entries = -1;
                                                                                                  }}});
}
