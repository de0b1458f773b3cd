// How many processors the control groups of this process allow it, where Linux has such groups.
#pragma once

#include <string>

namespace coals {

// The least number that any group from the root down to the group of the process allows, in version 1 or 2 of control
// groups; the largest int if there is no limit. Groups are mounted at `root`, and the file `own` names the group of the
// process.
int processors_by_cgroup(const std::string& root, const std::string& own);

}  // namespace coals
