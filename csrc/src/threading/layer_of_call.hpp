// Which layer a single call uses in a process with layer omp.
//
// An OpenMP region ends when all of its threads have arrived, even those that still wait for a processor because other
// threads occupy all of them (the threads of a BLAS spin after a product, for example). The pool does not wait for
// threads that have not started. So calls use the pool while processors are busy, and for a while after a region has
// ended late, unless COALS_THREADING_LAYER names omp or OpenMP binds threads to processors.
#pragma once

#include <chrono>

namespace coals {

// Whether the pool is likely to be faster than a region of `count` threads.
bool pool_is_better(int count);

// After a region, whose calling thread began to wait for the others at `start_of_wait`.
void note_end_of_region(std::chrono::steady_clock::time_point start_of_wait);

}  // namespace coals
