// Where the arrays that a call returns come from, for callers with an allocator of their own.
//
// Both functions or none. `allocate` gives `bytes` aligned to 64, or null, which becomes std::bad_alloc; `release` gets
// back what it gave, on the thread that destroys the result, and must not throw. `context` has to live as long as the
// results. Workspaces come from ::operator new, which a program may replace.
#pragma once

#include <cstddef>

namespace coals {

struct ResultMemory {
  void* (*allocate)(std::size_t bytes, void* context) = nullptr;
  void (*release)(void* data, std::size_t bytes, void* context) = nullptr;
  void* context = nullptr;
};

}  // namespace coals
