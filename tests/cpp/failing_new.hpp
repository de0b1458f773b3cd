// A global operator new that can be told to fail, and counts what it has handed out.
#pragma once

#include <cstdint>

namespace failing_new {

// The n-th allocation from now on fails, once; 0: none does.
void arm(std::int64_t n);

// Whether the one that was to fail has come up. Disarms.
bool disarm();

// Allocations that have not been freed.
std::int64_t live();

}  // namespace failing_new
