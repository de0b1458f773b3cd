#include "intake/csv_values.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace coals {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The whole number in [from, from + size), or -1.
std::int64_t digits(std::string_view text, std::size_t from, std::size_t size) {
  if (text.size() < from + size) return -1;
  std::int64_t value = 0;
  for (std::size_t k = from; k < from + size; ++k) {
    if (!is_digit(text[k])) return -1;
    value = 10 * value + (text[k] - '0');
  }
  return value;
}

// Days since 1970-01-01 in the Gregorian calendar. Years begin in March, so that a leap day comes last.
std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

std::int64_t days_of(std::int64_t year, std::int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool parse_slowly(std::string_view text, double& value) {
#if defined(__cpp_lib_to_chars)
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
#else
  const std::string copy(text);
  char* end = nullptr;
  value = std::strtod(copy.c_str(), &end);
  return end == copy.c_str() + copy.size() && std::isfinite(value);
#endif
}

// What follows the date: "", "T12:30", " 12:30:15.5", and a zone. Nanoseconds of the day, in UTC.
bool parse_clock(std::string_view text, std::int64_t& value) {
  value = 0;
  if (text.empty()) return true;
  if (text.size() < 6) return false;
  const std::int64_t hour = digits(text, 1, 2), minute = digits(text, 4, 2);
  if ((text[0] != 'T' && text[0] != ' ') || hour < 0 || hour > 23 || text[3] != ':' || minute < 0 || minute > 59) {
    return false;
  }
  std::int64_t second = 0, fraction = 0;
  std::size_t at = 6;
  if (at < text.size() && text[at] == ':') {
    second = digits(text, at + 1, 2);
    if (second < 0 || second > 60) return false;
    at += 3;
    if (at < text.size() && text[at] == '.') {
      std::int64_t unit = 100'000'000;
      if (at + 1 >= text.size() || !is_digit(text[at + 1])) return false;
      for (++at; at < text.size() && is_digit(text[at]); ++at, unit /= 10) fraction += unit * (text[at] - '0');
    }
  }
  std::int64_t ahead = 0;  // minutes of the zone
  const std::string_view zone = text.substr(at);
  if (!zone.empty() && zone != "Z") {
    const std::int64_t hours = digits(zone, 1, 2);
    const std::int64_t minutes = zone.size() == 3 ? 0 : digits(zone, zone.size() == 6 ? 4 : 3, 2);
    const bool shaped = zone.size() == 3 || zone.size() == 5 || (zone.size() == 6 && zone[3] == ':');
    if ((zone[0] != '+' && zone[0] != '-') || !shaped || hours < 0 || minutes < 0 || minutes > 59) return false;
    ahead = (60 * hours + minutes) * (zone[0] == '-' ? -1 : 1);
  }
  value = ((60 * hour + minute - ahead) * 60 + second) * 1'000'000'000 + fraction;
  return true;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool parse_number(std::string_view text, double& value) {
  static constexpr double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  text = trimmed(text);
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return false;
  }
  const bool negative = !text.empty() && text[0] == '-';
  std::size_t at = negative ? 1 : 0;
  if (at >= text.size() || !(is_digit(text[at]) || text[at] == '.')) return false;
  // Up to 15 digits and a division by a power of ten that is exact give the nearest double.
  std::int64_t mantissa = 0;
  std::size_t read = 0, decimals = 0;
  bool point = false;
  for (; at < text.size() && read <= 15; ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (is_digit(text[at])) {
      mantissa = 10 * mantissa + (text[at] - '0');
      ++read;
      decimals += point ? 1 : 0;
    } else {
      break;
    }
  }
  if (at < text.size() || read > 15 || read == 0) return parse_slowly(text, value);
  value = static_cast<double>(negative ? -mantissa : mantissa) / powers[decimals];
  return true;
}

bool parse_time(std::string_view text, std::int64_t& value) {
  text = trimmed(text);
  if (text.size() < 10) return false;
  const std::int64_t year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 1 || text[4] != '-' || text[7] != '-' || month < 1 || month > 12 || day < 1 ||
      day > days_of(year, month)) {
    return false;
  }
  std::int64_t clock = 0;
  if (!parse_clock(text.substr(10), clock)) return false;
  if (year < 1678 || year > 2261) return false;  // beyond what 64 bits of nanoseconds reach
  value = days_since_1970(year, month, day) * 86'400'000'000'000 + clock;
  return true;
}

}  // namespace coals
