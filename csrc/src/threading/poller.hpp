// Calls RunControl::poll every 20 ms at most, so it is cheap enough for an inner loop.
//
// The clock belongs to the thread, not to the Poller, so that a long loop of short calls polls too.
#pragma once

#include <chrono>

#include "coals/run_control.hpp"

namespace coals {

class Poller {
 public:
  explicit Poller(const RunControl& control) : control_(control) {}

  // Throws what poll throws.
  void operator()() {
    if (!control_.poll) return;
    const auto now = Clock::now();
    thread_local Clock::time_point last{};
    if (now - last < std::chrono::milliseconds(20)) return;
    last = now;
    control_.poll();
  }

 private:
  using Clock = std::chrono::steady_clock;

  const RunControl& control_;
};

}  // namespace coals
