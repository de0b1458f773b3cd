// Default numbers of threads: limits of control groups, read from folders laid out like those of Linux, and the CPU
// shares of calls that run at once.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "coals/runtime.hpp"
#include "threading/cgroup.hpp"
#include "threading/cpu_share.hpp"

namespace {

namespace fs = std::filesystem;

int failures = 0;

struct Groups {
  fs::path root =
      fs::temp_directory_path() / ("coals-groups-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));

  Groups() { fs::create_directories(root); }
  ~Groups() { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  int limit() const { return coals::processors_by_cgroup(root.string(), (root / "own").string()); }
};

void expect(int found, int right, const char* what) {
  if (found == right) return;
  ++failures;
  std::printf("FAILED: %s: %d, not %d\n", what, found, right);
}

void check_shares() {
  const int all = coals::default_num_threads();
  coals::RunControl asked;
  asked.num_threads = 7;
  const coals::CpuShare alone;
  expect(alone.threads({}), all, "a call alone takes all");
  {
    const coals::CpuShare second;
    expect(second.threads({}), (all + 1) / 2, "the second of two takes half");
    const coals::CpuShare third;
    expect(third.threads({}), (all + 2) / 3, "the third of three takes a third, rounded up");
    expect(alone.threads({}), (all + 2) / 3, "the first now takes a third too");
    expect(third.threads(asked), 7, "what is asked for is taken");
  }
  expect(alone.threads({}), all, "calls that have ended take nothing");
}

void check_groups() {
  constexpr int none = std::numeric_limits<int>::max();
  expect(Groups().limit(), none, "no control groups at all");
  {
    const Groups second;
    second.write("cpu.max", "max 100000\n");
    second.write("own", "0::/batch/job\n");
    expect(second.limit(), none, "no limit");
    second.write("batch/cpu.max", "350000 100000\n");
    expect(second.limit(), 4, "a limit of the parent, rounded up");
    second.write("batch/job/cpu.max", "50000 100000\n");
    expect(second.limit(), 1, "half a processor");
    second.write("cpu.max", "nonsense");
    second.write("own", "0::/\n");
    expect(second.limit(), none, "nonsense is no limit");
  }
  {
    const Groups container;
    container.write("cpu.max", "200000 100000\n");
    expect(container.limit(), 2, "the root of a container, without a name");
  }
  {
    const Groups first;
    first.write("cpu/cpu.cfs_quota_us", "-1\n");
    first.write("cpu/cpu.cfs_period_us", "100000\n");
    first.write("own", "4:memory:/other\n3:cpu,cpuacct:/jobs/a\n0::/\n");
    first.write("cpu/other/cpu.cfs_quota_us", "1000\n");
    first.write("cpu/other/cpu.cfs_period_us", "100000\n");
    expect(first.limit(), none, "version 1 without a limit");
    first.write("cpu/jobs/a/cpu.cfs_quota_us", "300000\n");
    first.write("cpu/jobs/a/cpu.cfs_period_us", "100000\n");
    expect(first.limit(), 3, "version 1");
  }
}

}  // namespace

int main() {
  check_groups();
  check_shares();
  std::printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
