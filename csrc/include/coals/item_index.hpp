// Items made ready to be ranked: packed once, asked many times.
#pragma once

#include <cstdint>
#include <memory>

#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

enum class TopKMetric {
  inner_product,
  euclidean,  // minus the squared distance
};

template <class T>
struct RealPanels;
struct BytePanels;

// Items by falling norm, in panels that kernels read front to back. A list rarely needs the tail, and sees the best
// early, so that little else gets past its bound. Each kind of panel is made when it is first asked for. The caller's
// items are read at every call: they must live as long as the index and must not change. Memory: 12 bytes an item, and
// what the panels take, K or K sizeof(T) bytes an item. Any number of threads may use one index.
template <class T>
class ItemIndex {
 public:
  // `candidate` (one byte an item, or null for all) says which items there are. At most 2^31 - 1 of them.
  ItemIndex(MatrixView<const T> items, const std::uint8_t* candidate, TopKMetric metric, const RunControl& control);
  ~ItemIndex();
  ItemIndex(ItemIndex&&) noexcept;

  MatrixView<const T> items() const { return items_; }
  TopKMetric metric() const { return metric_; }

  std::int64_t size() const;         // candidates
  const std::int32_t* item() const;  // by position
  const double* norm() const;        // by position: at least the Euclidean norm
  bool has(std::int64_t item) const;

  const RealPanels<T>& real_panels(const RunControl& control) const;
  const BytePanels& byte_panels(const RunControl& control) const;

 private:
  struct State;
  MatrixView<const T> items_;
  TopKMetric metric_;
  std::unique_ptr<State> state_;
};

}  // namespace coals
