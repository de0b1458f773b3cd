// How a long call runs: on how many threads, and how it can be stopped.
#pragma once

#include <functional>

namespace coals {

struct RunControl {
  // 0 takes default_num_threads(). Results are the same bits for every value.
  int num_threads = 0;

  // Called on the calling thread about every 20 ms. An exception from it stops the work and is passed on.
  std::function<void()> poll;
};

}  // namespace coals
