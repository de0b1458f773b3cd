// One column of one Arrow batch, appended to a Column.
#pragma once

#include "coals/arrow_stream.hpp"
#include "threading/parallel.hpp"

namespace coals {

// The kind, unit and extension of a column; false for a type that is not read.
bool describe_arrow_column(const ArrowSchema& schema, Column& column);

// Rows offset .. offset + length of the array, whose type is the described one.
void append_arrow_rows(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                       Column& column, const CancellationCheck& check_cancelled);

}  // namespace coals
