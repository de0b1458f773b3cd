// Exceptions of the core. Arguments that cannot be used give std::invalid_argument, which names the argument: shapes
// that do not fit together, indices out of range, null pointers, options without a meaning, a negative num_threads.
// Not so what is inside a sparse matrix or a log of events: validate_csr and validate_events look into them, once.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace coals {

// A row's normal matrix is not positive definite to working precision.
class SingularSystem : public std::runtime_error {
 public:
  SingularSystem(std::int64_t row, std::int64_t pivot, std::int64_t size)
      : std::runtime_error("row " + std::to_string(row) +
                           ": the normal matrix is singular to working precision (pivot " + std::to_string(pivot + 1) +
                           " of " + std::to_string(size) + " is not positive)"),
        row(row),
        pivot(pivot) {}

  std::int64_t row;
  std::int64_t pivot;
};

}  // namespace coals
