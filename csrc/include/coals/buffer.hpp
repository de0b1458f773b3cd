// An owned array: uninitialised, aligned to a cache line, movable.
//
// std::vector would zero every element first, on one thread; results and workspaces are written once, in parallel.
// `borrow` makes one over memory that belongs to its caller, such as a mapped file, and that is only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "coals/result_memory.hpp"

namespace coals {

// Asks the system to back this memory with large pages where it can: fewer faults, fewer TLB misses.
void prefer_large_pages(void* data, std::size_t bytes);

// Gives the pages of memory whose content is no longer needed to the system at once, where it takes them; what the
// allocator is given it may keep.
void give_back_pages(void* data, std::size_t bytes);

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable<T>::value, "a Buffer is raw memory");

 public:
  Buffer() = default;
  explicit Buffer(std::int64_t size) : data_(allocate(size)), size_(size) {}
  Buffer(std::int64_t size, const ResultMemory& memory) : memory_(memory) {
    data_ = allocate(size, memory);
    size_ = size;
  }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        owned_(std::exchange(other.owned_, true)),
        memory_(std::exchange(other.memory_, ResultMemory{})) {}
  static Buffer borrow(const T* data, std::int64_t size) {
    Buffer buffer;
    buffer.data_ = const_cast<T*>(data);
    buffer.size_ = size;
    buffer.owned_ = false;
    return buffer;
  }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(owned_, other.owned_);
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~Buffer() {
    if (!owned_ || !data_) return;
    if (memory_.release) {
      memory_.release(data_, static_cast<std::size_t>(size_) * sizeof(T), memory_.context);
    } else {
      ::operator delete(data_, alignment);
    }
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  T& operator[](std::int64_t i) { return data_[i]; }
  const T& operator[](std::int64_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }

 private:
  static constexpr std::align_val_t alignment{64};
  static constexpr std::size_t large = std::size_t{4} << 20;

  static std::size_t bytes_of(std::int64_t size) {
    if (size < 0 || static_cast<std::uint64_t>(size) > PTRDIFF_MAX / sizeof(T)) throw std::bad_alloc();
    return static_cast<std::size_t>(size) * sizeof(T);
  }

  static T* allocate(std::int64_t size, const ResultMemory& memory) {
    if (!memory.allocate != !memory.release) throw std::invalid_argument("ResultMemory: both functions or none");
    if (!memory.allocate) return allocate(size);
    void* data = memory.allocate(bytes_of(size), memory.context);
    if (!data) throw std::bad_alloc();
    return static_cast<T*>(data);
  }

  static T* allocate(std::int64_t size) {
    const std::size_t bytes = bytes_of(size);
    void* data = ::operator new(bytes, alignment);
    if (bytes >= large) prefer_large_pages(data, bytes);
    return static_cast<T*>(data);
  }

  T* data_ = nullptr;
  std::int64_t size_ = 0;
  bool owned_ = true;
  ResultMemory memory_{};
};

}  // namespace coals
