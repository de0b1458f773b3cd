// What the C interface must refuse before it counts with it: sizes whose products leave their range.
#include <cstring>
#include <limits>

#include "coals/c_api.h"
#include "smoke.hpp"

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

void check_columns() {
  const std::int64_t row_begin[] = {0, 1};
  const std::int32_t column[] = {0};
  const float value[] = {1};
  for (const std::int64_t columns : {huge, std::int64_t{1} << 31, std::int64_t{-1}}) {
    const coals_csr matrix{sizeof matrix, 1, columns, 1, row_begin, column, value, COALS_FLOAT32, 0};
    const coals_fit_options options = coals_implicit_options();
    coals_model* model = nullptr;
    const coals_status status = coals_fit_implicit(&matrix, &options, nullptr, &model, nullptr);
    expect(status == COALS_INVALID_ARGUMENT && model == nullptr, "more columns than 32 bits can number are refused");
  }
}

}  // namespace

void check_c_api() { check_columns(); }
