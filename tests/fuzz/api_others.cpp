// Calls of the C interface that need no model.
#include "api_run.hpp"

void call_get_api(Bytes& bytes) {
  const auto major = static_cast<std::uint32_t>(bytes.count(2)), minor = static_cast<std::uint32_t>(bytes.count(2));
  const coals_api* api = coals_get_api(major, minor);
  require((api != nullptr) == (major == COALS_API_MAJOR && minor <= COALS_API_MINOR));
  require(!api || (api->size == sizeof(coals_api) && api->version == coals_api_version()));
  require(coals_status_name(static_cast<coals_status>(bytes.count(8)))[0] != '\0');
}

namespace {

// The same lists from an index, if both calls come to an end.
void call_index(Bytes& bytes, const coals_api& api, const coals_matrix* items, const coals_matrix* queries,
                const Filter& filter, const Lists* lists, std::int64_t count, std::int32_t type) {
  coals_index* index = nullptr;
  Hooks hooks, others;
  const coals_status made = run(bytes, hooks, [&](const coals_control* control, coals_error* error) {
    return api.index_create(items, control, &index, error);
  });
  require((index != nullptr) == (made == COALS_OK));
  const Lists again(bytes, count, type);
  const coals_status status = run(bytes, others, [&](const coals_control* control, coals_error* error) {
    return api.index_top_k(index, queries, filter.get(), control, again.get(), error);
  });
  api.index_free(index);
  if (status != COALS_OK || !lists || lists->n() != again.n()) return;
  for (std::int64_t q = 0; q < count; ++q) {
    require(again.count(q) == lists->count(q));
    for (std::int64_t p = 0; p < again.count(q); ++p) require(again.id(q, p) == lists->id(q, p));
  }
}

}  // namespace

void call_top_k(Bytes& bytes, const coals_api& api) {
  const std::int64_t queries = bytes.upto(6), items = bytes.upto(30);
  const bool empty = queries == 0 && items == 0;
  const std::int64_t factors = empty ? bytes.count(8) : bytes.upto(8);
  const std::int32_t type = bytes.upto(1), other = bytes.one_in(64) ? bytes.choice(3) : type;
  const std::int64_t width = empty ? factors : factors + bytes.one_in(64);
  std::vector<char> from = numbers(bytes, queries * width, other), to = numbers(bytes, items * factors, type);
  const Given<coals_matrix> left({sizeof(coals_matrix), queries, width, from.data(), other, 0}, bytes);
  const Given<coals_matrix> right({sizeof(coals_matrix), items, factors, to.data(), type, 0}, bytes);
  const Filter filter(bytes, queries, items);
  const std::int32_t read = right.known().dtype;  // a struct too short to have one has float32
  const Lists lists(bytes, queries, read);
  Hooks hooks;
  const coals_status status = run(bytes, hooks, [&](const coals_control* control, coals_error* error) {
    return api.top_k(left.get(), right.get(), filter.get(), control, lists.get(), error);
  });
  const Lists* found = status == COALS_OK ? &lists : nullptr;
  if (bytes.one_in(2)) call_index(bytes, api, right.get(), left.get(), filter, found, queries, read);
  if (!found) return;
  filter.check(lists, queries, items);
  const auto modest = [&](const std::vector<char>& values, std::int64_t count) {
    for (std::int64_t k = 0; k < count; ++k) {
      if (!(std::abs(number_at(values.data(), read, k)) < 100)) return false;
    }
    return true;
  };
  if (filter.has_min_score() || !modest(from, queries * factors) || !modest(to, items * factors)) return;
  for (std::int64_t q = 0; q < queries; ++q) {
    require(lists.count(q) == std::min(lists.n(), filter.passing(q, items)));
  }
}

void call_item_pairs(Bytes& bytes, const coals_api& api) {
  constexpr std::int32_t kinds[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 32, 33, 64, 65, 66, 11, 31, 34, 67, -1};
  const std::int64_t columns = bytes.upto(20), users = bytes.upto(12);
  const Sparse matrix(bytes, users, columns, bytes.upto(1));
  coals_pair_options own = coals_default_pair_options();
  own.kind = kinds[bytes.byte() % 21];
  own.dtype = bytes.choice(2);
  own.neighbors = bytes.one_in(2) ? -1 : bytes.count(6);
  own.diagonal = bytes.one_in(2);
  std::vector<std::int64_t> rows;
  if (bytes.one_in(2)) {
    own.alpha = bytes.number();
    own.beta = bytes.number();
    own.shrinkage = bytes.number();
    own.min_support = bytes.count(3);
    own.min_overlap = bytes.count(3);
    own.has_threshold = bytes.one_in(2);
    own.threshold = bytes.number();
    own.memory_limit = bytes.one_in(4) ? bytes.byte() * 100 : bytes.one_in(64) ? bytes.wild() : -1;
    for (std::int64_t left = bytes.upto(4); left > 0; --left) rows.push_back(bytes.count(columns));
    rows.shrink_to_fit();
    own.rows = rows.empty() ? nullptr : rows.data();
    own.row_count = bytes.one_in(64) ? -1 : static_cast<std::int64_t>(rows.size());
  }
  const Given<coals_csr> csr(matrix.csr, bytes);
  const Given<coals_pair_options> options(own, bytes);
  coals_pairs* pairs = nullptr;
  coals_pairs** const out = bytes.one_in(128) ? nullptr : &pairs;
  Hooks hooks;
  const coals_status status = run(bytes, hooks, [&](const coals_control* control, coals_error* error) {
    return api.item_pairs(csr.get(), options.get(), control, out, error);
  });
  require((pairs != nullptr) == (status == COALS_OK));
  if (pairs) {
    const Given<coals_csr> other({}, bytes);
    require((api.pairs_get(pairs, other.get(), nullptr) == COALS_OK) == other.sound());
    coals_csr view{};
    view.size = sizeof view;
    require(api.pairs_get(pairs, &view, nullptr) == COALS_OK);
    check_pairs(view, options.known(), csr.known().columns);
  }
  api.pairs_free(pairs);
  require(hooks.held == 0);
}

void call_ranking_metrics(Bytes& bytes, const coals_api& api) {
  const std::int64_t users = bytes.upto(6), items = bytes.upto(16), metrics = bytes.upto(4);
  const std::int64_t n = users > 0 ? bytes.upto(8) : bytes.count(8);
  const Sparse relevant(bytes, users, items, bytes.upto(1));
  std::vector<std::int64_t> ids(static_cast<std::size_t>(users * n)), counts(static_cast<std::size_t>(users)), lengths;
  for (std::int64_t k = 0; k < users * n; ++k)
    ids[k] = bytes.one_in(64) ? bytes.wild() : (k + bytes.byte()) % (items + 1);
  for (std::int64_t& count : counts) count = bytes.count(n);
  std::vector<char> scores;
  if (bytes.one_in(2)) scores = numbers(bytes, users * n, COALS_FLOAT64);
  std::vector<std::int32_t> kinds;
  for (std::int64_t m = 0; m < metrics; ++m) {
    kinds.push_back(bytes.choice(8));
    lengths.push_back(bytes.count(10));
  }
  const coals_lists own{sizeof own, n, ids.data(), scores.empty() ? nullptr : scores.data(), counts.data()};
  const Given<coals_lists> lists(own, bytes);
  const Given<coals_csr> csr(relevant.csr, bytes);
  std::vector<double> values(static_cast<std::size_t>(metrics * users), -7.0);
  const std::int64_t asked = bytes.one_in(128) ? -1 : metrics;
  Hooks hooks;
  const coals_status status = run(bytes, hooks, [&](const coals_control* control, coals_error* error) {
    return api.ranking_metrics(lists.get(), csr.get(), kinds.data(), lengths.data(), asked, control, values.data(),
                               error);
  });
  if (status != COALS_OK) return;
  for (std::int64_t m = 0; m < metrics; ++m) {
    for (std::int64_t u = 0; u < csr.known().rows; ++u) {
      const double value = values[static_cast<std::size_t>(m * csr.known().rows + u)];
      require(relevant.begin[u] == relevant.begin[u + 1] ? std::isnan(value) : value >= 0 && value <= 1);
    }
  }
}
