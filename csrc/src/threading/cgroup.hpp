// How many processors the control groups of this process allow it, where Linux has such groups.
#pragma once

#include <string>

namespace coals {

// The least that any group from the root down to that of the process allows, in version 2 of control groups or in 1; no
// limit is the largest int. `root` is where they are mounted, `own` names the group of the process.
int processors_by_cgroup(const std::string& root, const std::string& own);

}  // namespace coals
