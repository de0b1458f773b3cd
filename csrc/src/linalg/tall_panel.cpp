#include "linalg/tall_panel.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "coals/als.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t panel_rows = 128;
constexpr std::int64_t most_blocks = 32;

// The columns times the inverse root of their Gram matrix, once. Directions below the rounding of the largest are
// scaled as if they lay at it, and those below `drop` become zero. Returns the least eigenvalue kept and the largest.
template <class T>
std::pair<double, double> normalize(TallPanel<T>& panel, double drop, const RunControl& control) {
  const std::int64_t width = panel.width;
  Buffer<double> matrix(width * width), values(width);
  const TallPanel<T>& fixed = panel;
  gram<T>(fixed.view(), {matrix.data(), width, width, width}, control);
  symmetric_eigen(width, matrix.data(), values.data(), matrix.data(), control);
  const double floor = std::numeric_limits<T>::epsilon() * values[0];
  double least = values[0];
  for (std::int64_t j = 0; j < width; ++j) {
    const bool kept = values[j] > drop && values[0] > 0;
    const double scale = kept ? 1.0 / std::sqrt(std::max(values[j], floor)) : 0.0;
    if (kept) least = values[j];
    for (std::int64_t i = 0; i < width; ++i) matrix[i * width + j] *= scale;
  }
  rotate<T>(panel.view(), {matrix.data(), width, width, width}, control);
  return {least, values[0]};
}

}  // namespace

template <class T>
TallPanel<T>::TallPanel(std::int64_t rows, std::int64_t columns)
    : rows(rows), width(padded(columns, active_kernels<T>().pad)) {
  data = Buffer<T>(padded(rows, active_kernels<T>().score_rows) * width);
  std::fill(data.begin(), data.end(), T(0));
}

template <class T>
Buffer<double> cross_product(const TallPanel<T>& a, const TallPanel<T>& b, const RunControl& control) {
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t size = a.width * b.width;
  const std::int64_t block = std::max(4 * panel_rows, (a.rows + most_blocks - 1) / most_blocks);
  const std::int64_t blocks = (a.rows + block - 1) / block;
  Buffer<T> partial(blocks * size);
  parallel_for(blocks, control, [&](std::int64_t k, const CancellationCheck& check_cancelled) {
    T* target = partial.data() + k * size;
    std::fill(target, target + size, T(0));
    const std::int64_t last = std::min(a.rows, (k + 1) * block);
    for (std::int64_t row = k * block; row < last; row += panel_rows) {
      kernels.add_product(a.view().row(row), a.width, a.width, b.view().row(row), b.width, b.width,
                          std::min(panel_rows, last - row), target, b.width);
      check_cancelled();
    }
  });
  Buffer<double> out(size);
  parallel_for(a.width, control, [&](std::int64_t i) {
    for (std::int64_t e = i * b.width; e < (i + 1) * b.width; ++e) {
      double sum = 0;
      for (std::int64_t k = 0; k < blocks; ++k) sum += static_cast<double>(partial[k * size + e]);
      out[e] = sum;
    }
  });
  return out;
}

template <class T>
void add_product(const TallPanel<T>& a, const double* matrix, double sign, TallPanel<T>& out,
                 const RunControl& control) {
  const Kernels<T>& kernels = active_kernels<T>();
  Buffer<T> right(a.width * out.width);
  std::transform(matrix, matrix + right.size(), right.data(), [&](double x) { return static_cast<T>(sign * x); });
  parallel_for((a.rows + panel_rows - 1) / panel_rows, control, [&] { return Buffer<T>(panel_rows * out.width); },
               [&](Buffer<T>& product, std::int64_t t) {
                 const std::int64_t first = t * panel_rows, count = std::min(panel_rows, a.rows - first);
                 kernels.multiply_rows(a.view().row(first), a.width, padded(count, kernels.score_rows), a.width,
                                       right.data(), out.width, out.width, product.data(), out.width);
                 T* target = out.view().row(first);
                 for (std::int64_t e = 0; e < count * out.width; ++e) target[e] += product[e];
               });
}

template <class T>
void orthonormalize(const std::vector<TallPanel<T>>& basis, TallPanel<T>& panel, const RunControl& control,
                    bool nearly) {
  // Where the columns nearly depend on each other, rounding in the first round is large compared with the rest:
  // the second round, on columns of like size, puts that right and tells what was nothing but rounding.
  // So does one that takes most of a column away.
  const auto square = [&] {
    double sum = 0;
    for (const T x : panel.data) sum += static_cast<double>(x) * static_cast<double>(x);
    return sum;
  };
  bool known_out = false;
  const double before = nearly ? square() : 0;
  for (const double drop : {0.0, 1e-3}) {
    for (const TallPanel<T>& known : basis) {
      if (known_out) break;
      add_product(known, cross_product(known, panel, control).data(), -1.0, panel, control);
    }
    const bool kept = nearly && drop == 0 && square() > 0.25 * before;
    const auto [least, largest] = normalize(panel, drop, control);
    known_out = kept && least > 1e-2 * largest;
    if (drop > 0 && least < 0.5) normalize(panel, 0.5, control);
  }
}

template <class T>
void orthonormalize_in_order(TallPanel<T>& panel, const RunControl& control) {
  const std::int64_t width = panel.width;
  Buffer<double> root = cross_product(panel, panel, control), inverse(width * width);
  std::fill(inverse.begin(), inverse.end(), 0.0);
  for (std::int64_t i = 0; i < width; ++i) {
    double* row = root.data() + i * width;
    double pivot = row[i];
    for (std::int64_t k = 0; k < i; ++k) pivot -= root[k * width + i] * root[k * width + i];
    const double scale = pivot > std::numeric_limits<T>::epsilon() * row[i] ? 1 / std::sqrt(pivot) : 0.0;
    for (std::int64_t j = i; j < width; ++j) {
      for (std::int64_t k = 0; k < i; ++k) row[j] -= root[k * width + i] * root[k * width + j];
      row[j] *= scale;
    }
    inverse[i * width + i] = scale;
    for (std::int64_t j = 0; j < i; ++j) {
      double sum = 0;
      for (std::int64_t k = j; k < i; ++k) sum += inverse[j * width + k] * root[k * width + i];
      inverse[j * width + i] = -sum * scale;
    }
  }
  rotate<T>(panel.view(), {inverse.data(), width, width, width}, control);
}

#define COALS_INSTANTIATE(T)                                                                                  \
  template struct TallPanel<T>;                                                                               \
  template Buffer<double> cross_product<T>(const TallPanel<T>&, const TallPanel<T>&, const RunControl&);      \
  template void add_product<T>(const TallPanel<T>&, const double*, double, TallPanel<T>&, const RunControl&); \
  template void orthonormalize<T>(const std::vector<TallPanel<T>>&, TallPanel<T>&, const RunControl&, bool);  \
  template void orthonormalize_in_order<T>(TallPanel<T>&, const RunControl&);
COALS_INSTANTIATE(float)
COALS_INSTANTIATE(double)
#undef COALS_INSTANTIATE

}  // namespace coals
