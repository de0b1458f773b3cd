// Implicit feedback: all cells count, but only observed ones cost time, since what all cells share is one Gram matrix.
#include "row_solver.hpp"

namespace coals {

template <class T>
void solve_implicit_factors(const ImplicitHalfSweep<T>& problem, MatrixView<T> factors, const RunControl& control) {
  RowSystems<T> systems;
  systems.data = problem.strengths;
  systems.fixed = problem.fixed;
  systems.gram = problem.gram;
  systems.gram_scale = problem.unobserved_weight;
  systems.penalty = problem.penalty;
  systems.factors = factors;
  systems.weighted = true;
  const T alpha = static_cast<T>(problem.alpha);
  // An observed cell weighs alpha * r above the shared w0; hkv pulls it to 1 with its whole weight, ials with alpha *
  // r.
  const T shared = problem.objective == ImplicitObjective::hkv ? static_cast<T>(problem.unobserved_weight) : T(0);
  solve_rows(systems, control,
             [&](std::int64_t, const std::int32_t*, const T* value, std::int64_t count, T* weight, T* target) {
               for (std::int64_t e = 0; e < count; ++e) {
                 weight[e] = alpha * value[e];
                 target[e] = weight[e] + shared;
               }
             });
}

template <class T>
double implicit_observed_loss(const ImplicitHalfSweep<T>& problem, MatrixView<const T> factors,
                              const RunControl& control) {
  const CsrView<T>& strengths = problem.strengths;
  const bool hkv = problem.objective == ImplicitObjective::hkv;
  return sum_over_entries(strengths, factors, problem.fixed, control, [&](std::int64_t, std::int64_t e, double dot) {
    const double error = (1 - dot) * (1 - dot);
    const double loss = problem.alpha * static_cast<double>(strengths.value[e]) * error;
    return hkv ? loss + problem.unobserved_weight * (error - dot * dot) : loss;
  });
}

#define COALS_INSTANTIATE(T)                                                                              \
  template void solve_implicit_factors<T>(const ImplicitHalfSweep<T>&, MatrixView<T>, const RunControl&); \
  template double implicit_observed_loss<T>(const ImplicitHalfSweep<T>&, MatrixView<const T>, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)

}  // namespace coals
