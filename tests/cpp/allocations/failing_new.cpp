#include "failing_new.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> left{0}, held{0};
std::atomic<std::size_t> most{PTRDIFF_MAX};
std::atomic<bool> failed{false};

bool fails(std::size_t size) { return size > most.load() || (left.load() > 0 && left.fetch_sub(1) == 1); }

// Zero-sized requests too must give an address of their own.
void* allocate(std::size_t size, std::size_t alignment) {
  if (fails(size)) {
    failed.store(true);
    throw std::bad_alloc();
  }
  const std::size_t rounded = (size + alignment) / alignment * alignment;
  void* data = std::aligned_alloc(alignment, rounded);
  if (data == nullptr) throw std::bad_alloc();
  held.fetch_add(1);
  return data;
}

void release(void* data) {
  if (data == nullptr) return;
  held.fetch_sub(1);
  std::free(data);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
// The other forms end here too by themselves, except under the sanitizers, which have their own.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete[](void* data) noexcept { release(data); }
void operator delete[](void* data, std::size_t) noexcept { release(data); }
void operator delete(void* data, const std::nothrow_t&) noexcept { release(data); }
void operator delete(void* data) noexcept { release(data); }
void operator delete(void* data, std::size_t) noexcept { release(data); }
void operator delete(void* data, std::align_val_t) noexcept { release(data); }
void operator delete(void* data, std::size_t, std::align_val_t) noexcept { release(data); }

namespace failing_new {

void arm(std::int64_t n, std::size_t largest) {
  failed.store(false);
  most.store(largest);
  left.store(n);
}
bool disarm() {
  left.store(0);
  most.store(PTRDIFF_MAX);
  return failed.exchange(false);
}
std::int64_t live() { return held.load(); }

}  // namespace failing_new
