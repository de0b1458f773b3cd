// How many threads a call uses while other calls are running.
#pragma once

#include "coals/run_control.hpp"

namespace coals {

constexpr int most_threads = 1024;

// RunControl::num_threads, or the default for 0; at most most_threads.
int wanted_threads(const RunControl& control);

// Divides the default number of threads among the calls that run at the same time. The calls of a server, Dask or
// joblib, each from a thread of its own, share the processors instead of each using all of them.
class CpuShare {
 public:
  CpuShare();
  CpuShare(const CpuShare&) = delete;
  CpuShare& operator=(const CpuShare&) = delete;
  ~CpuShare();

  // By the number of calls that run at the moment.
  int threads(const RunControl& control) const;

 private:
  int forks_;
};

}  // namespace coals
