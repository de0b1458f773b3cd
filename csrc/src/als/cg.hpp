// A few steps of preconditioned conjugate gradients, from the row's present solution.
//
// In the variables of row_scale.hpp the base is the identity, so a step costs two passes over the row's panel and no
// K x K matrix is touched. Explicit rows, whose base says nothing about them, are preconditioned by their diagonal on
// top. Each step lowers the row's objective. Golub and Van Loan, Matrix Computations, 4th ed., section 11.5.
#pragma once

#include "als/row_scale.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class CgSolver {
 public:
  // Rows that are used right after they were gathered.
  static constexpr std::int64_t part_rows = 32;

  explicit CgSolver(const RowSystems<T>& systems)
      : systems_(systems),
        stride_(padded(systems.size(), kernels_.pad)),
        panel_rows_(std::max<std::int64_t>(64, (768 << 10) / (stride_ * static_cast<std::int64_t>(sizeof(T))))),
        scale_(systems, stride_),
        panel_(panel_rows_ * stride_),
        weight_(panel_rows_),
        target_(panel_rows_),
        vectors_(6 * stride_) {}

  void solve(std::int64_t i, const CancellationCheck& check_cancelled) {
    start(i, check_cancelled);
    T rz = T(0);
    for (std::int64_t step = 0; step < systems_.options.cg_steps; ++step) {
      if (!advance(i, step == 0, rz, check_cancelled)) break;
    }
    T* x = vector(0);
    for (std::int64_t k = 0; k < stride_; ++k) x[k] *= scale_.inverse()[k];
    systems_.store(i, x);
  }

 private:
  // x, the residual r there, and the preconditioner.
  void start(std::int64_t i, const CancellationCheck& check_cancelled) {
    scale_.set(static_cast<T>(ridge_of(systems_.penalty, systems_.data().row_size(i))));
    held_ = -1;
    T *x = vector(0), *r = vector(1), *inverse = vector(5);
    std::fill(x, x + stride_, T(0));
    systems_.load(i, x);
    for (std::int64_t k = 0; k < stride_; ++k) x[k] *= scale_.root()[k];
    scale_.prior_share(i, r);
    subtract_base(x, r);
    const bool jacobi = !systems_.rule.implicit;
    for (std::int64_t k = 0; k < stride_; ++k) inverse[k] = scale_.diagonal()[k] > T(0) ? T(1) : T(0);
    for_panels(i, [&](const T* panel, std::int64_t first, std::int64_t count) {
      kernels_.add_remainder(panel, stride_, weights(first), target_.data() + first, count, stride_, x, r);
      if (jacobi) kernels_.add_squares(panel, stride_, weights(first), count, stride_, inverse);
      check_cancelled();
    });
    for (std::int64_t k = 0; k < stride_; ++k) inverse[k] = inverse[k] > T(0) ? 1 / inverse[k] : T(0);
  }

  // One step. `rz` is r . z of the step before and becomes that of this one. False where rounding leaves nothing to do.
  bool advance(std::int64_t i, bool first_step, T& rz, const CancellationCheck& check_cancelled) {
    constexpr T epsilon = std::numeric_limits<T>::epsilon();
    T *x = vector(0), *r = vector(1), *z = vector(2), *p = vector(3), *product = vector(4), *inverse = vector(5);
    for (std::int64_t k = 0; k < stride_; ++k) z[k] = inverse[k] * r[k];
    const T rz_before = rz;
    rz = dot(r, z);
    const T beta = first_step ? T(0) : rz / rz_before;
    if (first_step) first_rz_ = rz;
    // Below rounding of what it started from, the residual points nowhere.
    if (!(rz > epsilon * epsilon * first_rz_) || !(rz > std::numeric_limits<T>::min())) return false;
    for (std::int64_t k = 0; k < stride_; ++k) p[k] = first_step ? z[k] : z[k] + beta * p[k];
    std::fill(product, product + stride_, T(0));
    for_panels(i, [&](const T* panel, std::int64_t first, std::int64_t count) {
      kernels_.add_remainder(panel, stride_, weights(first), nullptr, count, stride_, p, product);
      check_cancelled();
    });
    subtract_base(p, product);  // minus A p
    const T curvature = -dot(p, product);
    if (!(curvature > lost_curvature(p, inverse))) return false;
    const T length = rz / curvature;
    for (std::int64_t k = 0; k < stride_; ++k) x[k] += length * p[k];
    for (std::int64_t k = 0; k < stride_; ++k) r[k] += length * product[k];
    return true;
  }

  T* vector(int v) { return vectors_.data() + v * stride_; }
  const T* weights(std::int64_t first) const { return systems_.rule.weighted() ? weight_.data() + first : nullptr; }

  T dot(const T* a, const T* b) const {
    const std::int32_t zero = 0;
    T out;
    kernels_.dot_rows(a, b, stride_, &zero, 1, stride_, &out);
    return out;
  }

  // Curvature along p that rounding alone could leave, by the diagonal that preconditions.
  T lost_curvature(const T* p, const T* inverse) const {
    T scale = T(0);
    for (std::int64_t k = 0; k < stride_; ++k) scale += inverse[k] > T(0) ? p[k] * p[k] / inverse[k] : T(0);
    return std::numeric_limits<T>::epsilon() * scale + std::numeric_limits<T>::min();
  }

  void subtract_base(const T* x, T* out) const {
    for (std::int64_t k = 0; k < stride_; ++k) out[k] -= scale_.diagonal()[k] > T(0) ? x[k] : T(0);
  }

  // use(panel, first, count) with every part of row i, `first` being its place in weight_ and target_. A row that fits
  // the panel is gathered only once, and its parts are used while they are in the first-level cache.
  template <class Use>
  void for_panels(std::int64_t i, Use use) {
    const CsrView<T>& data = systems_.data();
    for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += panel_rows_) {
      const std::int64_t count = std::min(panel_rows_, data.row_begin[i + 1] - e);
      if (held_ == e) {
        use(panel_.data(), 0, count);
        continue;
      }
      systems_.rule.fill(i, e, count, weight_.data(), target_.data());
      for (std::int64_t part = 0; part < count; part += part_rows) {
        const std::int64_t here = std::min(part_rows, count - part);
        T* panel = panel_.data() + part * stride_;
        kernels_.gather(systems_.gather_from(e + part, here, systems_.bias != nullptr, scale_.inverse(), nullptr),
                        panel, stride_);
        use(panel, part, here);
      }
      held_ = e;
    }
  }

  const RowSystems<T>& systems_;
  const Kernels<T>& kernels_ = active_kernels<T>();
  std::int64_t stride_, panel_rows_;
  RowScale<T> scale_;
  Buffer<T> panel_, weight_, target_, vectors_;
  std::int64_t held_ = -1;  // the first entry of the panel that is there
  T first_rz_ = 0;
};

}  // namespace coals
