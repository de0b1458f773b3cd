// Top-N by inner product: items packed once into column panels, blocks of queries scored against one panel at a time in
// the register tile, and only scores above the running N-th best leave the tile's little buffer.
#include "coals/topk.hpp"

#include "bounded_heap.hpp"
#include "coals/buffer.hpp"
#include "dispatch.hpp"
#include "parallel.hpp"

namespace coals {

namespace {

// Candidate items in ascending order, packed as panels of score_width columns: panel p holds, for every k, element k
// of its items side by side. Missing items of the last panel are zeros.
template <class T>
struct PackedItems {
  std::vector<std::int64_t> item;
  std::int64_t panels = 0;
  std::int64_t panel_size = 0;
  Buffer<T> data;
};

template <class T>
PackedItems<T> pack(MatrixView<const T> items, const std::uint8_t* candidate, std::int64_t width,
                    const RunControl& control) {
  PackedItems<T> packed;
  for (std::int64_t j = 0; j < items.rows; ++j) {
    if (!candidate || candidate[j]) packed.item.push_back(j);
  }
  const auto count = static_cast<std::int64_t>(packed.item.size());
  packed.panels = (count + width - 1) / width;
  packed.panel_size = width * items.columns;
  packed.data = Buffer<T>(packed.panels * packed.panel_size);
  parallel_for(packed.panels, control, [&](std::int64_t p) {
    T* panel = packed.data.data() + p * packed.panel_size;
    std::fill(panel, panel + packed.panel_size, T(0));
    for (std::int64_t c = 0; c < std::min(width, count - p * width); ++c) {
      const T* row = items.row(packed.item[p * width + c]);
      for (std::int64_t k = 0; k < items.columns; ++k) panel[k * width + c] = row[k];
    }
  });
  return packed;
}

// Scores one block of queries. Blocks are several tiles high, so a panel is reused from the first-level cache.
template <class T>
class QueryBlock {
 public:
  static constexpr std::int64_t tiles = 8;

  QueryBlock(const Kernels<T>& kernels, std::int64_t factors, std::int64_t capacity)
      : kernels_(kernels),
        factors_(factors),
        rows_(kernels.score_rows),
        packed_(tiles * rows_ * factors),
        scores_(rows_ * kernels.score_width),
        bound_(tiles * rows_),
        heaps_(static_cast<std::size_t>(tiles * rows_), BoundedHeap<T>(capacity)) {}

  std::int64_t queries() const { return tiles * rows_; }

  void load(MatrixView<const T> queries, std::int64_t first) {
    first_ = first;
    count_ = std::min(tiles * rows_, queries.rows - first);
    for (std::int64_t q = 0; q < tiles * rows_; ++q) {
      T* column = packed_.data() + q / rows_ * rows_ * factors_ + q % rows_;
      for (std::int64_t k = 0; k < factors_; ++k) column[k * rows_] = q < count_ ? queries.row(first + q)[k] : T(0);
      // Rows beyond the last query let nothing through.
      const T nothing = std::numeric_limits<T>::infinity();
      bound_[q] = q < count_ ? heaps_[q].bound() : nothing;
    }
  }

  void score(const PackedItems<T>& items, const CsrView<void>& excluded) {
    for (std::int64_t p = 0; p < items.panels; ++p) {
      const T* panel = items.data.data() + p * items.panel_size;
      for (std::int64_t t = 0; t < (count_ + rows_ - 1) / rows_; ++t) {
        std::uint32_t above = kernels_.score_block(packed_.data() + t * rows_ * factors_, panel, factors_,
                                                   bound_.data() + t * rows_, scores_.data());
        for (std::int64_t m = 0; above; ++m, above >>= 1) {
          if (above & 1u) offer(t * rows_ + m, scores_.data() + m * kernels_.score_width, p, items, excluded);
        }
      }
    }
  }

  void write(const TopKLists<T>& out) {
    for (std::int64_t q = 0; q < count_; ++q) heaps_[q].write(first_ + q, out);
  }

 private:
  void offer(std::int64_t q, const T* scores, std::int64_t panel, const PackedItems<T>& items,
             const CsrView<void>& excluded) {
    const std::int64_t first = panel * kernels_.score_width;
    const std::int64_t count = std::min(kernels_.score_width, static_cast<std::int64_t>(items.item.size()) - first);
    for (std::int64_t c = 0; c < count; ++c) {
      if (!(scores[c] > bound_[q])) continue;
      const std::int64_t item = items.item[first + c];
      if (contains(excluded, first_ + q, item)) continue;
      heaps_[q].offer(item, scores[c]);
      bound_[q] = heaps_[q].bound();
    }
  }

  const Kernels<T>& kernels_;
  std::int64_t factors_, rows_, first_ = 0, count_ = 0;
  Buffer<T> packed_, scores_, bound_;
  std::vector<BoundedHeap<T>> heaps_;
};

}  // namespace

template <class T>
void top_k_inner_product(MatrixView<const T> queries, MatrixView<const T> items, const CsrView<void>& excluded,
                         const std::uint8_t* candidate, const TopKLists<T>& out, const RunControl& control) {
  const Kernels<T>& kernels = active_kernels<T>();
  const PackedItems<T> packed = pack(items, candidate, kernels.score_width, control);
  const std::int64_t block = QueryBlock<T>::tiles * kernels.score_rows;
  const std::int64_t capacity = std::min(out.n, items.rows);
  parallel_for((queries.rows + block - 1) / block, control,
               [&] { return QueryBlock<T>(kernels, queries.columns, capacity); },
               [&](QueryBlock<T>& state, std::int64_t b) {
                 state.load(queries, b * block);
                 state.score(packed, excluded);
                 state.write(out);
               });
}

template void top_k_inner_product<float>(MatrixView<const float>, MatrixView<const float>, const CsrView<void>&,
                                         const std::uint8_t*, const TopKLists<float>&, const RunControl&);
template void top_k_inner_product<double>(MatrixView<const double>, MatrixView<const double>, const CsrView<void>&,
                                          const std::uint8_t*, const TopKLists<double>&, const RunControl&);

}  // namespace coals
