// The threading layer: which threads run parallel work.
#pragma once

namespace coals {

enum class ThreadingLayer {
  omp,  // OpenMP's
  pool  // the core's own
};

// The layer that COALS_THREADING_LAYER names, else omp if it is compiled in. It is pool in a forked child, where
// OpenMP's threads do not exist, and once the system has refused threads. Throws std::invalid_argument if
// COALS_THREADING_LAYER does not name a layer of this build.
ThreadingLayer threading_layer_in_use();

// Whether COALS_THREADING_LAYER names omp: then calls use it even where the pool would be faster.
bool omp_is_asked_for();

// From now on, this process uses pool.
void give_up_omp();

}  // namespace coals
