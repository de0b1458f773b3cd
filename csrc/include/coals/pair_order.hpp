// The order of entries by row and column, in which repeated pairs keep theirs.
#pragma once

#include <cstdint>
#include <vector>

#include "coals/run_control.hpp"

namespace coals {

// order[k] is the entry that comes k-th; row_begin, of rows + 1, says where each row begins. Index is int32 or int64
// and must hold `entries`. rows must lie in [0, n_rows), which is checked, and columns in [0, 2^32).
//
// A counting sort by rows, then a sort of each row: entries + sum of n log n over rows of n entries, the rows in
// parallel.
template <class Index>
void order_pairs(const std::int32_t* rows, const std::int32_t* columns, std::int64_t entries, std::int64_t n_rows,
                 Index* order, std::int64_t* row_begin, const RunControl& control);

}  // namespace coals
