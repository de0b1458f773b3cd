// The threading layer: which threads run parallel work.
#pragma once

namespace coals {

enum class ThreadingLayer {
  omp,  // OpenMP's
  pool  // the core's own
};

// What COALS_THREADING_LAYER asks for, else omp if it is compiled in. Then pool from the time on when this process is
// forked, since OpenMP's threads do not exist in the child, or when the system has refused threads. Throws
// std::invalid_argument if COALS_THREADING_LAYER is not a layer of this build.
ThreadingLayer threading_layer_in_use();

// Whether COALS_THREADING_LAYER names omp: then also where the pool would be faster.
bool omp_is_asked_for();

// From now on, this process uses pool.
void give_up_omp();

}  // namespace coals
