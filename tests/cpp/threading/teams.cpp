// Work in teams, whichever layer COALS_THREADING_LAYER names: teams of any size from several threads, phases of one
// call, nested calls, exceptions, calls from inside of an OpenMP region, and forks.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <filesystem>
#endif
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "coals/runtime.hpp"
#include "threading/parallel.hpp"

namespace {

std::atomic<int> failures{0};

void expect(bool right, const char* what) {
  if (right) return;
  ++failures;
  std::printf("FAILED: %s\n", what);
}

coals::RunControl on_threads(int count) {
  coals::RunControl control;
  control.num_threads = count;
  return control;
}

// Each task is done once, and the tasks run on `threads` threads at most.
void sum_tasks(std::int64_t tasks, const coals::RunControl& control) {
  std::vector<int> done(static_cast<std::size_t>(tasks));
  coals::parallel_for(tasks, control, [&](std::int64_t task) { ++done[static_cast<std::size_t>(task)]; });
  for (const int times : done) expect(times == 1, "each task is done once");
}

void call_with_many_sizes(std::uint32_t seed) {
  for (int call = 0; call < 300; ++call) {
    seed = seed * 1664525u + 1013904223u;
    sum_tasks(seed >> 8 & 31, on_threads(1 + static_cast<int>(seed >> 24 & 7)));
  }
}

// All threads of a team take part: without them, the calling thread would wait here for ever.
void meet(int threads) {
  std::atomic<int> there{0};
  coals::parallel_for(threads, on_threads(threads), [&](std::int64_t) {
    ++there;
    while (there.load() < threads) std::this_thread::yield();
  });
}

void run_phases() {
  const coals::RunControl control = on_threads(4);
  int phases = 0;
  coals::in_team(control, 4, [&] {
    for (int phase = 0; phase < 50; ++phase, ++phases) {
      sum_tasks(phase, control);
      sum_tasks(7, on_threads(2));
      if (phase % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the workers fall asleep
    }
    coals::in_team(control, 4, [&] { sum_tasks(9, control); });
    coals::parallel_for(6, control, [&](std::int64_t) { sum_tasks(5, control); });
  });
  expect(phases == 50, "all phases ran");
}

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const std::out_of_range& error) {
    return error.what();
  }
  return "nothing";
}

void fail() {
  for (const int threads : {1, 4}) {
    const auto throw_from_70 = [](std::int64_t task) {
      if (task >= 70) throw std::out_of_range("task " + std::to_string(task));
    };
    const auto tasks = [&] { coals::parallel_for(100, on_threads(threads), throw_from_70); };
    expect(message_of(tasks) == "task 70", "the failure of the lowest task is thrown");
    expect(message_of([&] { coals::in_team(on_threads(threads), 4, tasks); }) == "task 70", "out of a team's call too");
    coals::RunControl cancelled = on_threads(threads);
    cancelled.poll = [] { throw std::out_of_range("cancelled"); };
    const auto slow = [](std::int64_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
    const auto forever = [&] { coals::parallel_for(std::int64_t{1} << 40, cancelled, slow); };
    expect(message_of(forever) == "cancelled", "an exception of poll ends the call");
  }
  sum_tasks(100, on_threads(4));
}

#if defined(_OPENMP) && defined(__linux__)
int threads_of_process() {
  namespace fs = std::filesystem;
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

// The threads of the region are there already: a call inside of it does not get others from OpenMP.
void call_inside_a_region() {
  std::atomic<int> most{0};
#pragma omp parallel num_threads(3)
  {
    for (int call = 0; call < 50; ++call) sum_tasks(20, on_threads(5));
    const int found = threads_of_process();
    for (int seen = most.load(); seen < found && !most.compare_exchange_weak(seen, found);) {
    }
  }
  if (coals::threading_layer() == "omp") expect(most.load() <= 3, "no threads beyond those of the region");
}
#endif

#if !defined(_WIN32)
template <class Function>
int exit_code_of_child(Function function) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    function();
    _exit(coals::threading_layer() == "pool" && failures.load() == 0 ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void fork_between_calls() {
  const std::string layer = coals::threading_layer();
  const auto work = [] { meet(3); };
  work();
  const int code = exit_code_of_child([&] {
    work();
    _exit(exit_code_of_child(work));
  });
  expect(code == 0, "a child and its child work, in layer pool");
  expect(coals::threading_layer() == layer, "the parent keeps its layer");
  work();
}

// From `poll`, in the midst of a call of several phases: the child gets an error, and can call again.
void fork_during_calls() {
  for (const int phase : {0, 1, 2}) {
    pid_t child = -1;
    int at = 0;
    coals::RunControl control = on_threads(3);
    control.poll = [&] {
      if (child < 0 && at == phase) child = fork();
    };
    bool error = false;
    try {
      coals::in_team(control, 3, [&] {
        for (at = 0; at < 3; ++at) {
          const auto slow = [](std::int64_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
          coals::parallel_for(90, control, slow);
        }
      });
    } catch (const std::runtime_error&) {
      error = true;
    }
    if (child == 0) {
      meet(3);
      _exit(error && coals::threading_layer() == "pool" ? 7 : 8);
    }
    int status = 0;
    expect(!error && child > 0 && waitpid(child, &status, 0) == child, "the parent goes on");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child gets an error, and then works");
  }
}
#endif

}  // namespace

int main() {
#if defined(_OPENMP) && defined(__linux__)
  call_inside_a_region();
#endif
  for (const int threads : {2, 5, 3, 1, 9, 2}) meet(threads);
  run_phases();
  fail();
  std::vector<std::thread> callers;
  for (std::uint32_t seed = 0; seed < 4; ++seed) callers.emplace_back(call_with_many_sizes, seed);
  for (std::thread& caller : callers) caller.join();
#if !defined(_WIN32)
  fork_during_calls();
  fork_between_calls();
#endif
  std::printf("%s: %d failed\n", coals::threading_layer().c_str(), failures.load());
  return failures.load() == 0 ? 0 : 1;
}
