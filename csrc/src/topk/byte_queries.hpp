// A block of queries as 8-bit integers, packed for the tile, with all that bounds need.
#pragma once

#include "coals/buffer.hpp"
#include "topk/panels.hpp"
#include "topk/query.hpp"

namespace coals {

template <class T>
struct ByteQueries {
  ByteQueries(std::int64_t tile_rows, std::int64_t elements)
      : rows(tile_rows),
        steps((elements + 3) / 4),
        rounding(elements),
        packed(queries_per_block * steps * 4),
        reach(queries_per_block),
        least_norm(queries_per_block),
        tile_least_norm((queries_per_block + tile_rows - 1) / tile_rows),
        scale(queries_per_block),
        inverse_scale(queries_per_block),
        byte_norm(queries_per_block),
        error_norm(queries_per_block),
        offset(queries_per_block),
        norm(queries_per_block) {}

  void clear() {
    std::fill(packed.begin(), packed.end(), std::int8_t{0});
    for (std::int64_t q = 0; q < queries_per_block; ++q) {
      reach[q] = least_norm[q] = std::numeric_limits<double>::infinity();
      scale[q] = inverse_scale[q] = norm[q] = 1;
      byte_norm[q] = error_norm[q] = offset[q] = 0;
    }
    std::fill(tile_least_norm.begin(), tile_least_norm.end(), std::numeric_limits<double>::infinity());
  }

  void load(std::int64_t q, const T* row, std::int64_t elements) {
    std::int8_t* at = packed.data() + place(q);
    double sum = 0;
    const ByteRow bytes = to_bytes(row, elements, largest_magnitude(row, elements), [&](std::int64_t k, int value) {
      at[k / 4 * rows * 4 + k % 4] = static_cast<std::int8_t>(value);
      sum += value;
    });
    scale[q] = bytes.scale;
    inverse_scale[q] = 1 / bytes.scale;
    byte_norm[q] = bytes.byte_norm;
    error_norm[q] = bytes.error_norm + rounding.relative * bytes.norm;
    offset[q] = 128 * sum;
    norm[q] = bytes.norm;
  }

  // Scores below `to` are of no use to q any more.
  void raise(std::int64_t q, double to) {
    reach[q] = to;
    least_norm[q] = rounding.least_norm(to, norm[q]);
    const std::int64_t tile = q / rows;
    const double* norms = least_norm.data();
    tile_least_norm[tile] =
        *std::min_element(norms + tile * rows, norms + std::min(queries_per_block, (tile + 1) * rows));
  }

  // An item of a smaller norm than this is of no use to any of `count` queries: to one, or to the tiles of many.
  double weakest(std::int64_t first, std::int64_t count) const {
    if (count == 1) return least_norm[first];
    const double* tile = tile_least_norm.data();
    return *std::min_element(tile + first / rows, tile + (first + count + rows - 1) / rows);
  }

  // Of a query within `packed`; the others of its tile follow.
  std::int64_t place(std::int64_t q) const { return (q / rows * steps * rows + q % rows) * 4; }

  // How far a score may be from what integers say.
  double slack(std::int64_t q, double error, double item_norm) const {
    return byte_norm[q] * error + error_norm[q] * item_norm + rounding.absolute;
  }

  ByteLimits limits(std::int64_t q) const {
    return {reach.data() + q,      inverse_scale.data() + q, byte_norm.data() + q,
            error_norm.data() + q, offset.data() + q,        rounding.absolute};
  }

  std::int64_t rows, steps;
  ScoreRounding<T> rounding;
  Buffer<std::int8_t> packed;
  Buffer<double> reach, least_norm, tile_least_norm, scale, inverse_scale, byte_norm, error_norm, offset, norm;
};

}  // namespace coals
