// A mutex that is free in a forked child, whichever thread held it: that thread may not exist there.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "threading/team.hpp"

namespace coals {

class ForkSafeMutex {
 public:
  ForkSafeMutex() : held_(new Held) {}
  ForkSafeMutex(const ForkSafeMutex&) = delete;
  ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;
  ~ForkSafeMutex() { delete held_.load(); }

  // The parent's mutex is never freed in the child: the forking thread may be about to unlock it.
  std::mutex& of_this_process() {
    Held* held = held_.load();
    while (held->forks != fork_count()) {
      auto fresh = std::make_unique<Held>();
      if (held_.compare_exchange_strong(held, fresh.get())) return fresh.release()->mutex;
    }
    return held->mutex;
  }

 private:
  struct Held {
    std::mutex mutex;
    int forks = fork_count();
  };

  std::atomic<Held*> held_;
};

}  // namespace coals
