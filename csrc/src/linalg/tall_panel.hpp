// Tall matrices of a few hundred columns: their products, and orthonormal bases of what they span.
//
// Rows and columns are padded with zeros to whole register tiles. Sums over rows are those of fixed blocks of rows, in
// order, so that the number of threads does not show.
#pragma once

#include <vector>

#include "coals/run_control.hpp"
#include "linalg/padding.hpp"

namespace coals {

template <class T>
struct TallPanel {
  TallPanel() = default;
  // Zeros.
  TallPanel(std::int64_t rows, std::int64_t columns);

  MatrixView<T> view() { return {data.data(), rows, width, width}; }
  MatrixView<const T> view() const { return {data.data(), rows, width, width}; }

  std::int64_t rows = 0;
  std::int64_t width = 0;  // padded
  Buffer<T> data;
};

// out = a^T b, row-major, a.width x b.width.
template <class T>
Buffer<double> cross_product(const TallPanel<T>& a, const TallPanel<T>& b, const RunControl& control);

// out += sign * a * matrix, where `matrix` is a.width x out.width.
template <class T>
void add_product(const TallPanel<T>& a, const double* matrix, double sign, TallPanel<T>& out,
                 const RunControl& control);

// The columns of `panel` become an orthonormal basis of what they span beyond `basis`, with zeros for columns that add
// nothing. `nearly`: the panel is orthogonal to the basis but for rounding, and one round is enough where its columns
// are far from depending on each other.
template <class T>
void orthonormalize(const std::vector<TallPanel<T>>& basis, TallPanel<T>& panel, const RunControl& control,
                    bool nearly = false);

// What Gram-Schmidt makes of the columns, one after the other: they times the inverse of R, their Gram matrix being
// R^T R. A column that adds nothing becomes zero.
template <class T>
void orthonormalize_in_order(TallPanel<T>& panel, const RunControl& control);

}  // namespace coals
