// How many threads a call takes while others are under way.
#pragma once

#include "coals/run_control.hpp"

namespace coals {

constexpr int most_threads = 1024;

// RunControl::num_threads, or the default for 0; at most most_threads.
int wanted_threads(const RunControl& control);

// What one of several calls at once takes of the default number of threads: those of a server, of Dask or joblib, each
// on a thread of its own, share the processors instead of taking all of them each.
class Share {
 public:
  Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share();

  int threads(const RunControl& control) const;

 private:
  int calls_;
};

}  // namespace coals
