#include "coals/item_index.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "checks/arguments.hpp"
#include "runtime/dispatch.hpp"
#include "threading/fork_safe_mutex.hpp"
#include "threading/parallel.hpp"
#include "topk/panels.hpp"

namespace coals {

template <class T>
struct ItemIndex<T>::State {
  std::vector<std::int32_t> item;
  std::vector<double> norm;
  std::vector<std::uint8_t> candidate;  // by item; empty if all are
  ForkSafeMutex packing;
  std::unique_ptr<RealPanels<T>> real;
  std::unique_ptr<BytePanels> bytes;
};

namespace {

constexpr std::int64_t items_per_task = 4096;

// pack(p) for all panels, of `size` elements each. Tasks take some 100 microseconds: less is not worth another thread.
template <class Pack>
void for_each_panel(std::int64_t count, std::int64_t size, const RunControl& control, Pack pack) {
  constexpr std::int64_t elements_per_task = std::int64_t{1} << 16;
  const std::int64_t together = std::max<std::int64_t>(1, elements_per_task / std::max<std::int64_t>(1, size));
  parallel_for((count + together - 1) / together, control, [&](std::int64_t t) {
    for (std::int64_t p = t * together; p < std::min(count, (t + 1) * together); ++p) pack(p);
  });
}

template <class T>
RealPanels<T> pack_real(const ItemIndex<T>& index, const RunControl& control) {
  const MatrixView<const T> items = index.items();
  RealPanels<T> packed;
  packed.width = active_kernels<T>().score_width;
  packed.count = (index.size() + packed.width - 1) / packed.width;
  packed.size = packed.width * items.columns;
  packed.data = Buffer<T>(packed.count * packed.size);
  for_each_panel(packed.count, packed.size, control, [&](std::int64_t p) {
    T* panel = packed.data.data() + p * packed.size;
    std::fill(panel, panel + packed.size, T(0));
    const std::int64_t first = p * packed.width;
    for (std::int64_t c = 0; c < std::min(packed.width, index.size() - first); ++c) {
      const T* row = items.row(index.item()[first + c]);
      for (std::int64_t k = 0; k < items.columns; ++k) panel[k * packed.width + c] = row[k];
    }
  });
  return packed;
}

// Element k of item c is byte k % 4 of lane c of step k / 4.
template <class T>
void pack_panel(const ItemIndex<T>& index, std::int64_t p, BytePanels& packed) {
  constexpr std::uint8_t zero = 128;
  const MatrixView<const T> items = index.items();
  const std::int64_t width = packed.kernels->width, first = p * width;
  const std::int64_t count = std::min(width, index.size() - first);
  std::uint8_t* panel = packed.data.data() + p * packed.size;
  std::fill(panel, panel + packed.size, zero);
  double largest = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    largest = std::max(largest, largest_magnitude(items.row(index.item()[first + c]), items.columns));
  }
  BytePanels::Panel& all = packed.panel[p];
  all = {1, index.norm()[first], 0};
  for (std::int64_t c = 0; c < count; ++c) {
    const ByteRow row = to_bytes(items.row(index.item()[first + c]), items.columns, largest, [&](auto k, int value) {
      panel[(k / 4 * width + c) * 4 + k % 4] = static_cast<std::uint8_t>(value + zero);
    });
    packed.scale[first + c] = all.scale = row.scale;
    packed.error[first + c] = row.error_norm;
    all.error = std::max(all.error, row.error_norm);
  }
}

template <class T>
BytePanels pack_bytes(const ItemIndex<T>& index, const RunControl& control) {
  BytePanels packed;
  packed.kernels = quick_byte_kernels() ? quick_byte_kernels() : &portable_byte_kernels();
  packed.count = (index.size() + packed.kernels->width - 1) / packed.kernels->width;
  packed.size = packed.kernels->width * ((index.items().columns + 3) / 4 * 4);
  packed.data = Buffer<std::uint8_t>(packed.count * packed.size);
  packed.scale.resize(index.size());
  packed.error.resize(index.size());
  packed.panel.resize(packed.count);
  for_each_panel(packed.count, packed.size, control, [&](std::int64_t p) { pack_panel(index, p, packed); });
  return packed;
}

}  // namespace

template <class T>
ItemIndex<T>::ItemIndex(MatrixView<const T> items, const std::uint8_t* candidate, TopKMetric metric,
                        const RunControl& control)
    : items_(items), metric_(metric), state_(std::make_unique<State>()) {
  check_matrix(items, items.rows, items.columns, "items");
  check_name(metric, TopKMetric::euclidean, "metric");
  if (candidate) state_->candidate.assign(candidate, candidate + items.rows);
  std::vector<double> norm(items.rows);
  parallel_for((items.rows + items_per_task - 1) / items_per_task, control, [&](std::int64_t t) {
    const std::int64_t end = std::min(items.rows, (t + 1) * items_per_task);
    for (std::int64_t j = t * items_per_task; j < end; ++j) norm[j] = norm_above(items.row(j), items.columns);
  });
  std::vector<std::int32_t>& order = state_->item;
  for (std::int64_t j = 0; j < items.rows; ++j) {
    if (!candidate || candidate[j]) order.push_back(static_cast<std::int32_t>(j));
  }
  // A small distance says nothing about norms.
  if (metric == TopKMetric::inner_product) {
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return norm[a] > norm[b]; });
  }
  for (const std::int32_t j : order) state_->norm.push_back(norm[j]);
}

template <class T>
ItemIndex<T>::~ItemIndex() = default;
template <class T>
ItemIndex<T>::ItemIndex(ItemIndex&&) noexcept = default;

template <class T>
std::int64_t ItemIndex<T>::size() const {
  return static_cast<std::int64_t>(state_->item.size());
}
template <class T>
const std::int32_t* ItemIndex<T>::item() const {
  return state_->item.data();
}
template <class T>
const double* ItemIndex<T>::norm() const {
  return state_->norm.data();
}

template <class T>
bool ItemIndex<T>::has(std::int64_t item) const {
  return state_->candidate.empty() || state_->candidate[item];
}

template <class T>
const RealPanels<T>& ItemIndex<T>::real_panels(const RunControl& control) const {
  const std::lock_guard<std::mutex> lock(state_->packing.of_this_process());
  if (!state_->real) state_->real = std::make_unique<RealPanels<T>>(pack_real(*this, control));
  return *state_->real;
}

template <class T>
const BytePanels& ItemIndex<T>::byte_panels(const RunControl& control) const {
  const std::lock_guard<std::mutex> lock(state_->packing.of_this_process());
  if (!state_->bytes) state_->bytes = std::make_unique<BytePanels>(pack_bytes(*this, control));
  return *state_->bytes;
}

template class ItemIndex<float>;
template class ItemIndex<double>;

}  // namespace coals
