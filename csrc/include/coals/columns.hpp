// Columns as they are read from a file or a table, batch by batch: ids as codes, all else as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coals/id_encoder.hpp"

namespace coals {

// What a column holds, and so which of the arrays of a Column is filled.
enum class ColumnKind {
  text,               // codes of ids in UTF-8
  bytes,              // codes of ids
  decimals,           // codes of ids: whole numbers of 4, 8, 16 or 32 bytes, little end first, in two's complement
  integers,           // integers
  unsigned_integers,  // the bits of uint64 numbers, in integers
  reals,              // reals
  booleans,           // 0 or 1, in integers
  times,              // integers, in `unit` since 1970
  missing,            // nothing: a column of nulls
};

struct Column {
  ColumnKind kind = ColumnKind::text;
  // Of times: "D", "s", "ms", "us" or "ns", and "+" where they are in UTC; of reals: "f4" or "f8"; of decimals: how
  // many digits stand behind the point.
  std::string unit;
  std::string extension;  // the name of an Arrow extension type
  IdEncoder ids;
  std::vector<std::int32_t> codes;
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::int64_t rows = 0;
  std::int64_t first_missing = -1;  // the row of the first null
};

}  // namespace coals
