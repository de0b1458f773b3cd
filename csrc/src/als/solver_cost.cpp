#include "als/row_cost.hpp"
#include "checks/arguments.hpp"

namespace coals {

double half_sweep_cost(const CsrView<void>& data, std::int64_t size, const SolverOptions& options) {
  check_sparse(data, "data");
  require(size >= 1 && size <= most_factors + 1, "size must be from 1 to 1048577");
  check_solver(options);
  const CostOfRows cost(size, true, options);
  double microseconds = 0;
  for (std::int64_t i = 0; i < data.rows; ++i) microseconds += cost(data.row_size(i));
  return 1e-6 * microseconds;
}

}  // namespace coals
