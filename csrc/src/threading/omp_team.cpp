// The only file that uses OpenMP, and the only one that is compiled with it.
//
// What coals promises and OpenMP's runtimes do not, and how this file keeps it:
//
// Refused threads: libgomp ends the process. It keeps the threads of a calling thread's last region, so before a region
// that needs more, this file tries whether plain threads start. A region of another library may have been smaller, so
// that threads of the last one have ended. Regions within a region keep no threads, so there, calls use the pool.
//
// No memory: libgomp ends the process. It allocates little, so this file first tries to allocate that much.
//
// Forks: a region ends when all of its threads have arrived. In a child forked from inside of a region they do not
// exist, so the child leaves the region by longjmp. It does not use OpenMP again (see threading_layer.hpp). What this
// file cannot keep: when a thread other than the main one has run a region and forks, it must leave the child by _exit,
// since at the end of a thread libgomp waits for the threads of its regions.
//
// Exceptions: they must not leave a region, so this file keeps them, and throws them after the region.
#include "threading/omp_team.hpp"

#include "coals/runtime.hpp"

#if defined(_OPENMP)
#include <omp.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <csetjmp>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include "threading/layer_of_call.hpp"
#include "threading/thread_id.hpp"
#include "threading/thread_pool.hpp"
#include "threading/threading_layer.hpp"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace coals {

namespace {

// The calling thread's last region: how many threads it had, and which was the last of them.
thread_local int last_threads = 1;
thread_local long last_thread_id = 0;

// Whether OMP_PROC_BIND, OMP_PLACES or GOMP_CPU_AFFINITY bind threads to processors.
bool threads_are_bound() {
#if _OPENMP >= 201511
  return omp_get_num_places() > 0;
#else
  return false;
#endif
}

// Whether the calling thread is in a region, be it one of a single thread.
bool is_within_region() {
#if _OPENMP >= 200805
  return omp_get_level() > 0;
#else
  return omp_in_parallel() != 0;
#endif
}

// How many threads, besides the calling one, a region of `threads` makes the runtime start.
int threads_to_start(int threads) {
#if defined(__linux__)
  // Threads that are bound to processors are kept by place and not by number. Else the last one ends first.
  const bool kept = !threads_are_bound() && thread_exists(last_thread_id);
  if (last_threads > 1 && !kept) last_threads = 1;
#endif
  return std::max(0, threads - last_threads);
}

// The size of the stacks of the runtime's threads: 0 for the system's default. Read when coals is loaded, as the
// runtime does it; libgomp takes a number without a unit as KiB.
std::size_t stack_size_of_environment() {
  const char* text = std::getenv("OMP_STACKSIZE");
  if (!text) text = std::getenv("GOMP_STACKSIZE");
  if (!text) return 0;
  char* unit = nullptr;
  const double number = std::strtod(text, &unit);
  while (*unit == ' ') ++unit;
  const std::string units = "bkmg";
  const std::size_t power = units.find(static_cast<char>(std::tolower(static_cast<unsigned char>(*unit))));
  const double bytes = number * std::pow(1024.0, power == std::string::npos ? 1 : static_cast<int>(power));
  return bytes > 0 && bytes < 1e15 ? static_cast<std::size_t>(bytes) : 0;
}

const std::size_t stack_size = stack_size_of_environment();

// From the trial of threads to their start, so that two calls do not both count on the same last threads.
std::mutex& starting() {
  static std::mutex* const mutex = new std::mutex;  // never destroyed: calls may be running while the process ends
  return *mutex;
}

// Whether the runtime finds the memory that it takes for a region.
bool has_memory_for(int threads) {
  const std::size_t bytes = 4096 + 1024 * static_cast<std::size_t>(threads);
  void* const memory = ::operator new(bytes, std::nothrow);
  ::operator delete(memory);
  return memory != nullptr;
}

// Where the runtime was loaded from: "" when it is part of the program.
std::string runtime_path() {
#if !defined(_WIN32)
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&omp_get_max_threads), &info) && info.dli_fname) return info.dli_fname;
#endif
  return "";
}

// The runtime's threads wait in its code. If it were unloaded with the library that contains coals, they would crash.
void keep_runtime_loaded() {
#if !defined(_WIN32)
  static const void* const kept = dlopen(runtime_path().c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  static_cast<void>(kept);
#endif
}

}  // namespace

bool omp_compiled_in() { return true; }

std::string openmp_runtime() {
  std::string name = runtime_path();
  name.erase(0, name.rfind('/') + 1);
  name.erase(std::min(name.size(), name.find_first_of(".-")));
  if (name.compare(0, 3, "lib") != 0) {
#if defined(__clang__)
    name = "libomp";
#else
    name = "libgomp";
#endif
  }
  return name + " (OpenMP " + std::to_string(_OPENMP) + ")";
}

int bound_processors() { return threads_are_bound() ? omp_get_num_procs() : 0; }

struct OmpTeam::Region {
  Region(int threads, WorkerList& list)
      : count(threads), to_start(count > 1 ? threads_to_start(count) : 0), workers(list) {
    if (count == 1) return;
    const bool new_threads = to_start > 0;
    own.reset(new std::optional<TeamWorker>[static_cast<std::size_t>(count) - 1]);
    for (int i = 0; i < count - 1; ++i) own[i].emplace(new_threads);
    if (new_threads) starts.lock();
  }

  bool forked() const { return forks != fork_count(); }

  // On the calling thread.
  void lead() noexcept {
    const int threads = omp_get_num_threads();  // fewer than asked for, if the runtime says so
    last_threads = threads;
    if (starts.owns_lock()) starts.unlock();
    for (int i = 0; i < threads - 1; ++i) workers.add(&*own[i]);
    try {
      call(argument);
    } catch (...) {
      error = std::current_exception();
    }
    done = std::chrono::steady_clock::now();
    for (int i = 0; i < threads - 1 && !forked(); ++i) own[i]->end();
  }

  const int count;
  const int to_start;
  const int forks = fork_count();
  WorkerList& workers;
  std::unique_ptr<std::optional<TeamWorker>[]> own;
  std::unique_lock<std::mutex> starts{starting(), std::defer_lock};
  Call call = nullptr;
  void* argument = nullptr;
  std::exception_ptr error;
  long last_thread = 0;  // written by the thread itself, read after the region
  std::chrono::steady_clock::time_point done;
  std::jmp_buf outside;
};

OmpTeam::OmpTeam(int count, WorkerList& workers) {
  // Inside of a region of the caller's, whose threads are there already, there is one thread and no more, as is usual.
  if (omp_in_parallel()) {
    count = 1;
  } else if (is_within_region() || (!threads_are_bound() && pool_is_better(count))) {
    return;  // where threads are bound, those of the pool may all be on the calling thread's processor
  }
  try {
    auto region = std::make_unique<Region>(count, workers);
    if (!has_memory_for(count)) return;
    if (region->to_start > 0 && !can_start_threads(region->to_start, stack_size)) {
      give_up_omp();
      return;
    }
    region_ = std::move(region);
  } catch (const std::bad_alloc&) {
  }
}

OmpTeam::~OmpTeam() = default;

void OmpTeam::run(Call call, void* argument) {
  if (region_->count == 1) return call(argument);
  keep_runtime_loaded();
  region_->call = call;
  region_->argument = argument;
  Region* const region = region_.get();
  if (setjmp(region->outside) == 0) {
#pragma omp parallel num_threads(region->count)
    {
      const int number = omp_get_thread_num();
      if (number > 0) {
        if (number == omp_get_num_threads() - 1) region->last_thread = id_of_this_thread();
        region->own[number - 1]->run();
      } else {
        region->lead();
        if (region->forked()) std::longjmp(region->outside, 1);
      }
    }
  }
  const std::exception_ptr error = region->error;
  if (region->forked()) {
    region_.release();  // the locks of the other threads are never released in the child
  } else {
    last_thread_id = region->last_thread;
    note_end_of_region(region->done);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace coals

#else

namespace coals {

bool omp_compiled_in() { return false; }
std::string openmp_runtime() { return ""; }
int bound_processors() { return 0; }

struct OmpTeam::Region {};
OmpTeam::OmpTeam(int, WorkerList&) {}
OmpTeam::~OmpTeam() = default;
void OmpTeam::run(Call, void*) {}

}  // namespace coals

#endif
