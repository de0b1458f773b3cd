// Threads that are kept from one call to the next: the one place that starts any.
//
// A crew invites helpers to its work. Who has not come by the time the work is done is not waited for: other programs'
// threads may hold the processors, and a barrier would wait for each helper that has to queue for one.
#pragma once

#include <atomic>

namespace coals {

class Helper;
struct Idle;

// Invites up to `count` helpers to work(worker), which must not throw; the destructor waits for those that came. There
// are fewer where the system refuses threads, or memory for them.
class Crew {
 public:
  using Work = void (*)(void* worker);

  Crew(int count, Work work, void* worker) noexcept;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  // Whether the process is a child, forked since, that does not have the helpers.
  bool orphaned() const;

 private:
  friend class Helper;

  Work work_;
  void* worker_;
  Idle* idle_ = nullptr;
  Helper* invited_ = nullptr;
  std::atomic<int> inside_{0};
};

// How many helpers wait for work.
int idle_helpers();

// Ends the helpers that have no work. The next crew starts others.
void dismiss_helpers();

}  // namespace coals
