// libFuzzer: sparse matrices and event logs of any bytes. validate_csr and validate_events refuse them, or all that
// takes them runs: counts equal those of plain loops, the transpose of the transpose is the matrix, and nothing is read
// or written out of bounds.
//
// Bytes: rows, columns, what to run, then a row pointer for each row and one more, then column indices, all signed.
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "coals/cooccurrence.hpp"
#include "coals/csr.hpp"
#include "coals/event_cooccurrence.hpp"
#include "coals/neighbors.hpp"

namespace {

struct Input {
  std::int64_t rows = 0, columns = 0;
  int choice = 0;
  std::vector<std::int64_t> row_begin;
  std::vector<std::int32_t> column;
  std::vector<double> value;

  coals::CsrView<double> view() const { return {rows, columns, row_begin.data(), column.data(), value.data()}; }
};

bool parse(const std::uint8_t* data, std::size_t size, Input& in) {
  if (size < 4) return false;
  in.rows = data[0] % 32;
  in.columns = data[1] % 128;
  in.choice = data[2];
  const std::size_t pointers = 3 + static_cast<std::size_t>(in.rows) + 1;
  if (size < pointers) return false;
  for (std::size_t k = 3; k < pointers; ++k) in.row_begin.push_back(static_cast<std::int8_t>(data[k]));
  for (std::size_t k = pointers; k < size; ++k) {
    in.column.push_back(static_cast<std::int8_t>(data[k]));
    in.value.push_back(static_cast<double>((k * 7 + data[k]) % 11) / 2 - 2);
  }
  return true;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void check_counts(const Input& in, const coals::RunControl& control) {
  std::vector<std::int32_t> expected(static_cast<std::size_t>(in.columns * in.columns));
  for (std::int64_t i = 0; i < in.rows; ++i) {
    for (std::int64_t a = in.row_begin[i]; a < in.row_begin[i + 1]; ++a) {
      for (std::int64_t b = in.row_begin[i]; b < in.row_begin[i + 1]; ++b) {
        if (a != b) ++expected[in.column[a] * in.columns + in.column[b]];
      }
    }
  }
  const auto found = coals::item_similarity<std::int32_t>(in.view().structure(), {}, {}, control);
  for (std::int64_t i = 0; i < in.columns; ++i) {
    for (std::int64_t e = found.row_begin[i]; e < found.row_begin[i + 1]; ++e) {
      std::int32_t& count = expected[i * in.columns + found.column[e]];
      require(found.value[e] == count && count > 0);
      count = 0;
    }
  }
  for (const std::int32_t count : expected) require(count == 0);
}

void check_transpose(const Input& in, const coals::RunControl& control) {
  const auto once = coals::transpose(in.view(), control);
  const auto twice = coals::transpose(once.view(), control);
  for (std::int64_t i = 0; i <= in.rows; ++i) require(twice.row_begin[i] == in.row_begin[i]);
  for (std::int64_t e = 0; e < in.view().entries(); ++e) require(twice.column[e] == in.column[e]);
  coals::validate_csr(once.view().structure(), in.view().entries(), control);
}

void run_the_rest(const Input& in, const coals::RunControl& control) {
  coals::NeighborOptions keep;
  keep.neighbors = in.choice % 7 == 0 ? -1 : in.choice % 7;
  coals::SimilarityOptions options;
  options.similarity = coals::all_similarities[in.choice % std::size(coals::all_similarities)];
  options.min_support = 1 + in.choice / 11 % 3;
  const auto near = coals::item_similarity<float>(in.view().structure(), options, keep, control);
  coals::item_products<float>(in.view(), {}, keep, control);
  coals::CommonSimilarityOptions common;
  common.similarity = coals::all_common_similarities[in.choice % std::size(coals::all_common_similarities)];
  coals::common_similarity<double>(in.view(), common, keep, control);
  std::vector<std::int64_t> users, ids(static_cast<std::size_t>(in.rows * 3)),
      counts(static_cast<std::size_t>(in.rows));
  for (std::int64_t i = 0; i < in.rows; ++i) users.push_back(i);
  std::vector<double> scores(ids.size());
  coals::TopKFilter filter;
  filter.excluded = in.view().structure();
  const auto targets = coals::transpose(near.view(), control);
  coals::top_k_neighbors(in.view(), users.data(), in.rows, targets.view(), near.view(), {}, filter,
                         {3, ids.data(), scores.data(), counts.data()}, control);
}

void run_events(const Input& in, const coals::RunControl& control) {
  const coals::EventsView events{in.rows, in.columns, in.row_begin.data(), in.column.data(), nullptr};
  coals::validate_events(events, static_cast<std::int64_t>(in.column.size()));
  coals::EventOptions options;
  options.window = in.choice % 5 - 1;
  options.direction = static_cast<coals::Direction>(in.choice % 3);
  options.repeats = in.choice & 32;
  coals::event_cooccurrence<float>(events, options, {}, control);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in;
  if (!parse(data, size, in)) return 0;
  coals::RunControl control;
  control.num_threads = 1;
  try {
    run_events(in, control);
  } catch (const std::invalid_argument&) {
  }
  try {
    coals::validate_csr(in.view().structure(), static_cast<std::int64_t>(in.column.size()), control);
  } catch (const std::invalid_argument&) {
    return 0;
  }
  check_transpose(in, control);
  check_counts(in, control);
  run_the_rest(in, control);
  return 0;
}
