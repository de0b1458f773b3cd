// Calls RunControl::poll now and then: cheap enough to be asked in an inner loop.
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
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(20)) return;
    last_ = now;
    control_.poll();
  }

 private:
  const RunControl& control_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace coals
