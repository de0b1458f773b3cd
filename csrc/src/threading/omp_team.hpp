// OpenMP, for layer omp. Only omp_team.cpp uses it.
#pragma once

#include <memory>

#include "threading/team.hpp"

namespace coals {

bool omp_compiled_in();

// How many processors OpenMP may bind threads to, or 0 if it does not bind threads. The runtime binds the program's
// first thread to one of them, whose affinity then says 1.
int bound_processors();

// One parallel region of OpenMP around one call. The region's first thread, which is the calling one, makes the call;
// the other threads are its workers.
class OmpTeam {
 public:
  // Prepares a region of `count` threads, whose workers the call finds in `workers`.
  OmpTeam(int count, WorkerList& workers);
  ~OmpTeam();

  // False when the call is to use the pool: there is no memory, the system refuses threads, or processors are busy.
  bool possible() const { return region_ != nullptr; }

  // Throws what the call throws.
  void run(Call call, void* argument);

 private:
  struct Region;

  std::unique_ptr<Region> region_;
};

}  // namespace coals
