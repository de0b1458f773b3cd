// A container sees its own group as the root. The group of a service or a batch job is deeper, and `own` has its path.
#include "threading/cgroup.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace coals {

namespace {

constexpr int no_limit = std::numeric_limits<int>::max();

// A quota of 150000 of every 100000 microseconds is one and a half processors; it is rounded up.
int processors_by_quota(double quota, double period) {
  const double processors = std::ceil(quota / period);
  if (!(quota > 0) || !(period > 0) || !(processors < no_limit)) return no_limit;
  return static_cast<int>(processors);
}

int limit_of_group(const std::string& folder) {
  std::string quota;
  double period = 0;
  // "max" is not a number: atof returns 0, which means no limit.
  if (std::ifstream(folder + "/cpu.max") >> quota >> period) {
    return processors_by_quota(std::atof(quota.c_str()), period);
  }
  double quota_us = 0;
  if (std::ifstream(folder + "/cpu.cfs_quota_us") >> quota_us &&
      std::ifstream(folder + "/cpu.cfs_period_us") >> period) {
    return processors_by_quota(quota_us, period);
  }
  return no_limit;
}

int limit_down_to(const std::string& root, const std::string& path) {
  int limit = limit_of_group(root);
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    limit = std::min(limit, limit_of_group(root + path.substr(0, end)));
    if (end == std::string::npos) break;
  }
  return limit;
}

}  // namespace

int processors_by_cgroup(const std::string& root, const std::string& own) {
  int limit = std::min(limit_of_group(root), limit_of_group(root + "/cpu"));
  std::ifstream groups(own);
  // Each line is "number:controllers:path"; without controllers it is that of version 2.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") limit = std::min(limit, limit_down_to(root, path));
    if (controllers.find(",cpu,") != std::string::npos) limit = std::min(limit, limit_down_to(root + "/cpu", path));
  }
  return limit;
}

}  // namespace coals
