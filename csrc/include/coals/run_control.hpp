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

}  // namespace coals
