// A global operator new that can be told to fail, and counts what it has handed out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace failing_new {

// The n-th allocation from now on fails, once; 0: none does. One of more than `largest` bytes always does.
void arm(std::int64_t n, std::size_t largest = PTRDIFF_MAX);

// Whether one has failed. Disarms.
bool disarm();

// Allocations that have not been freed.
std::int64_t live();

}  // namespace failing_new
