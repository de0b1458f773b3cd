// How a long call runs: on how many threads, how it can be stopped, and whose memory its results take.
#pragma once

#include <functional>

#include "coals/result_memory.hpp"

namespace coals {

struct RunControl {
  // 0 takes default_num_threads(); no more than 1024 are used. Results are the same bits for every value.
  int num_threads = 0;

  // Called on the calling thread about every 20 ms. An exception from it stops the work and is passed on.
  std::function<void()> poll;

  // For sparse matrices that a call returns, and those on its way there.
  ResultMemory memory{};
};

// Makes a call during which one team of threads serves all calls of coals by the calling thread. This saves time where
// many short calls follow each other: with OpenMP, there is one parallel region around all of them instead of one
// around each, and so one barrier. Throws what `call` throws.
void run_in_team(const RunControl& control, const std::function<void()>& call);

}  // namespace coals
