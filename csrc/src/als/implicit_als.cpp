// Implicit feedback: all cells count, but only observed ones cost time, since what all cells share is one Gram matrix.
#include "als/solve_rows.hpp"
#include "als/sum_over_entries.hpp"

namespace coals {

namespace {

template <class T>
void check_implicit(const ImplicitHalfSweep<T>& problem) {
  check_name(problem.objective, ImplicitObjective::ials, "objective");
  check_number(problem.alpha, 0, largest_option, "alpha");
  check_number(problem.unobserved_weight, 0, largest_option, "unobserved_weight");
}

}  // namespace

template <class T>
void solve_implicit_factors(const ImplicitHalfSweep<T>& problem, MatrixView<T> factors, const RunControl& control) {
  check_implicit(problem);
  RowSystems<T> systems;
  systems.rule.data = problem.strengths;
  systems.rule.implicit = true;
  systems.rule.alpha = static_cast<T>(problem.alpha);
  // hkv pulls an observed cell to 1 with its whole weight, ials with what it weighs above w0.
  const bool hkv = problem.objective == ImplicitObjective::hkv;
  systems.rule.shared = hkv ? static_cast<T>(problem.unobserved_weight) : T(0);
  systems.fixed = problem.fixed;
  systems.gram = problem.gram;
  systems.gram_scale = problem.unobserved_weight;
  systems.penalty = problem.penalty;
  systems.prior = problem.prior;
  systems.factors = factors;
  systems.options = problem.options;
  solve_rows(systems, control);
}

template <class T>
double implicit_observed_loss(const ImplicitHalfSweep<T>& problem, MatrixView<const T> factors,
                              const RunControl& control) {
  check_implicit(problem);
  const CsrView<T>& strengths = problem.strengths;
  check_valued(strengths, "strengths");
  check_matrix(problem.fixed, strengths.columns, problem.fixed.columns, "fixed");
  check_matrix(factors, strengths.rows, problem.fixed.columns, "factors");
  const bool hkv = problem.objective == ImplicitObjective::hkv;
  return sum_over_entries(strengths, factors, problem.fixed, control, [&](std::int64_t, std::int64_t e, double dot) {
    const double strength = strengths.value[e];
    const double wanted = strength > 0 ? 1.0 : 0.0;
    const double error = (wanted - dot) * (wanted - dot);
    const double loss = problem.alpha * std::abs(strength) * error;
    return hkv ? loss + problem.unobserved_weight * (error - dot * dot) : loss;
  });
}

#define COALS_INSTANTIATE(T)                                                                              \
  template void solve_implicit_factors<T>(const ImplicitHalfSweep<T>&, MatrixView<T>, const RunControl&); \
  template double implicit_observed_loss<T>(const ImplicitHalfSweep<T>&, MatrixView<const T>, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)

}  // namespace coals
