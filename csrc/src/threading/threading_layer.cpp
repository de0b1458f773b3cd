#include "threading/threading_layer.hpp"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "coals/runtime.hpp"
#include "threading/omp_team.hpp"

namespace coals {

namespace {

std::atomic<bool> omp_given_up{false};

#if !defined(_WIN32)
// A child has only the thread that forked. libgomp would wait for its other threads for ever: those of the parent's
// calls, and those of other libraries that use the same libgomp.
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { give_up_omp(); });
#endif

// Whether this process was forked off and has not started a program of its own. Its parent may have used libgomp before
// coals was loaded here, where the handler above did not exist yet.
bool is_forked_child() {
#if defined(__linux__)
  constexpr unsigned long fork_no_exec = 0x40;  // PF_FORKNOEXEC in the kernel's include/linux/sched.h
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // The name of the program, in parentheses, may contain anything. State and five numbers come between it and the
  // flags.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 0; field < 6; ++field) fields >> skipped;
  unsigned long flags = 0;
  return fields >> flags && (flags & fork_no_exec);
#else
  return false;
#endif
}

std::string layer_asked_for() {
  const char* variable = std::getenv("COALS_THREADING_LAYER");
  return variable ? variable : "";
}

ThreadingLayer choose() {
  const std::string wanted = layer_asked_for();
  const std::string refused = "COALS_THREADING_LAYER: ", unset = "; change or unset COALS_THREADING_LAYER";
  if (wanted == "pool") return ThreadingLayer::pool;
  if (wanted == "omp" && !omp_compiled_in()) {
    throw std::invalid_argument(refused + "this build has no OpenMP, so 'omp' cannot run here" + unset);
  }
  if (!wanted.empty() && wanted != "omp") {
    throw std::invalid_argument(refused + "unknown threading layer '" + wanted + "'; there are omp and pool" + unset);
  }
  return omp_compiled_in() && !is_forked_child() ? ThreadingLayer::omp : ThreadingLayer::pool;
}

}  // namespace

ThreadingLayer threading_layer_in_use() {
  static const ThreadingLayer chosen = choose();
  return omp_given_up.load(std::memory_order_relaxed) ? ThreadingLayer::pool : chosen;
}

bool omp_is_asked_for() {
  static const bool asked = layer_asked_for() == "omp";
  return asked;
}

void give_up_omp() { omp_given_up.store(true); }

std::string threading_layer() { return threading_layer_in_use() == ThreadingLayer::omp ? "omp" : "pool"; }

}  // namespace coals
