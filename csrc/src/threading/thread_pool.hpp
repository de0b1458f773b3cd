// The thread pool: the core's own threads, kept from one call to the next.
#pragma once

#include <cstddef>

#include "threading/team.hpp"

namespace coals {

// Up to `count` workers: fewer when the system refuses threads, or memory for them.
WorkerList take_pool_workers(int count) noexcept;
void return_pool_workers(WorkerList workers);

// How many workers wait for work.
int idle_workers();

// Ends the workers that have no work. The next team starts new ones.
void end_idle_workers();

// Whether the system allows `count` threads more, which this starts all at once and ends again: with stacks of
// `stack_bytes`, or of the default size for 0.
bool can_start_threads(int count, std::size_t stack_bytes) noexcept;

}  // namespace coals
