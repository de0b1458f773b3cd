// Exceptions of the core. Arguments that cannot be used give std::invalid_argument, which names the argument: shapes
// that do not fit together, indices out of range, null pointers, options without a meaning, a negative num_threads.
// Not so what is inside a sparse matrix or a log of events: validate_csr and validate_events look into them, once.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "coals/views.hpp"

namespace coals {

// A row's normal matrix is not positive definite to working precision.
class SingularSystem : public std::runtime_error {
 public:
  // `side`: that of the row, in a fit of both.
  SingularSystem(std::int64_t row, std::int64_t pivot, std::int64_t size, std::optional<Side> side = std::nullopt)
      : std::runtime_error((!side                  ? "row "
                            : *side == Side::users ? "user "
                                                   : "item ") +
                           std::to_string(row) + ": the normal matrix is singular to working precision (pivot " +
                           std::to_string(pivot + 1) + " of " + std::to_string(size) + " is not positive)"),
        row(row),
        pivot(pivot),
        size(size),
        side(side) {}

  std::int64_t row;
  std::int64_t pivot;
  std::int64_t size;
  std::optional<Side> side;
};

}  // namespace coals
