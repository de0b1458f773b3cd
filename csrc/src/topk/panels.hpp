// What an ItemIndex packs. Panel p holds positions p * width to (p + 1) * width; what is missing in the last is zeros.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/item_index.hpp"
#include "kernels/kernel_table.hpp"

namespace coals {

// Panel p holds, for every k, element k of its items side by side.
template <class T>
struct RealPanels {
  std::int64_t count = 0;
  std::int64_t width = 0;
  std::int64_t size = 0;  // elements of a panel
  Buffer<T> data;

  const T* panel(std::int64_t p) const { return data.data() + p * size; }
};

// An item v is scale[position] * (byte - 128), element by element, and what that leaves out: a vector of norm
// error[position] at most. The items of a panel share their scale.
struct BytePanels {
  struct Panel {
    double scale, norm, error;  // the latter two are the largest of its items
  };

  const ByteKernels* kernels = nullptr;
  std::int64_t count = 0;
  std::int64_t size = 0;  // bytes of a panel
  Buffer<std::uint8_t> data;
  std::vector<Panel> panel;
  std::vector<double> scale;
  std::vector<double> error;

  const std::uint8_t* bytes(std::int64_t p) const { return data.data() + p * size; }
};

// A norm computed in double precision is at most so much too small: more than all roundings of sums of a hundred
// thousand squares, and more than what squares lose by underflow.
constexpr double norm_rounding = 1 + 1e-10, norm_underflow = 1e-150;

// At least the Euclidean norm; infinity where there is none.
template <class T>
double norm_above(const T* row, std::int64_t size) {
  double sum = 0;
  for (std::int64_t k = 0; k < size; ++k) sum += static_cast<double>(row[k]) * static_cast<double>(row[k]);
  const double norm = std::sqrt(sum) * norm_rounding + norm_underflow;
  return std::isnan(norm) ? std::numeric_limits<double>::infinity() : norm;
}

template <class T>
double largest_magnitude(const T* row, std::int64_t size) {
  T largest = 0;
  for (std::int64_t k = 0; k < size; ++k) largest = std::max(largest, std::abs(row[k]));
  return static_cast<double>(largest);
}

// A row as 8-bit integers: elements scale * value, and a rest. Norms are upper bounds.
struct ByteRow {
  double scale = 1;
  double norm = 0;        // of the row
  double byte_norm = 0;   // of scale * values
  double error_norm = 0;  // of the rest
};

// To the nearest integer, ties to even: adding and taking away so much leaves no room for a fraction.
inline double nearest(double x) {
  constexpr double room = 6755399441055744.0;  // 1.5 * 2^52
  return (x + room) - room;
}

// `largest` is the largest magnitude among the elements that share the scale. put(k, value) takes each element's value,
// -127 to 127.
template <class T, class Put>
ByteRow to_bytes(const T* row, std::int64_t size, double largest, Put put) {
  constexpr double smallest = 1e-140;  // below it everything is rest, and products of scales stay clear of underflow
  ByteRow out;
  if (largest >= smallest) out.scale = largest / 127;
  const double inverse = 1 / out.scale;
  double norm = 0, bytes = 0, error = 0;
  for (std::int64_t k = 0; k < size; ++k) {
    const double x = static_cast<double>(row[k]);
    const double value = largest >= smallest ? nearest(x * inverse) : 0;
    const double kept = out.scale * value, rest = x - kept;
    put(k, static_cast<int>(value));
    norm += x * x;
    bytes += kept * kept;
    error += rest * rest;
  }
  constexpr double of_rest = 1e-14;  // what rounding may do to `rest`, and more
  out.norm = std::sqrt(norm) * norm_rounding + norm_underflow;
  out.byte_norm = std::sqrt(bytes) * norm_rounding + norm_underflow;
  out.error_norm = std::sqrt(error) * norm_rounding + of_rest * out.norm + norm_underflow;
  return out;
}

}  // namespace coals
