// What fields of text say: numbers and times.
#pragma once

#include <cstdint>
#include <string_view>

namespace coals {

// Without blanks around it.
std::string_view trimmed(std::string_view text);

// The double nearest to a decimal number; false for anything else, "nan" and "inf" included, and for what overflows.
bool parse_number(std::string_view text, double& value);

// Nanoseconds since 1970 in UTC of a date such as 2020-01-31, 2020-01-31 23:59, 2020-01-31T23:59:59.123Z or +01:00.
bool parse_time(std::string_view text, std::int64_t& value);

}  // namespace coals
