// libFuzzer: text in blocks. Whatever the text, there are columns or a CsvError, and the same ones however it is cut.
//
// The first five bytes choose delimiter, quote, fields, roles and the length of the blocks; the rest is the text.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coals/csv.hpp"

namespace {

constexpr std::size_t chosen = 5;

coals::CsvOptions options_of(const std::uint8_t* data) {
  static const char* const delimiters[] = {",", "\t", ";", "::", " | "};
  static const char quotes[] = {'"', '\0', '\''};
  coals::CsvOptions options;
  options.delimiter = delimiters[data[0] % 5];
  options.quote = quotes[data[1] % 3];
  options.fields = 1 + data[2] % 4;
  for (std::int64_t place = 0; place < options.fields; ++place) {
    if (data[2] >> (4 + place) & 1) continue;  // is not read
    options.places.push_back(place);
    options.roles.push_back(static_cast<coals::CsvRole>(data[3] >> (2 * place) & 3));
  }
  return options;
}

std::string shown(const coals::Column& column) {
  std::string out = std::to_string(static_cast<int>(column.kind)) + " " + std::to_string(column.rows) + ":";
  for (const std::int32_t code : column.codes) out.append(column.ids[code]).push_back('\0');
  for (const std::int64_t value : column.integers) out += " " + std::to_string(value);
  for (const double value : column.reals) out += " " + std::to_string(value);
  return out + "\n";
}

std::string read(const coals::CsvOptions& options, std::string_view text, std::size_t block) {
  coals::RunControl control;
  control.num_threads = 1;
  try {
    coals::CsvReader reader(options);
    // A block of its own, so that reading beyond its end is found.
    for (std::size_t at = 0; at < text.size(); at += block) reader.feed(std::string(text.substr(at, block)), control);
    std::string out;
    for (const coals::Column& column : reader.finish(control)) out += shown(column);
    return out;
  } catch (const coals::CsvError& error) {
    return std::to_string(error.line) + ", " + std::to_string(error.place) + ": " + error.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < chosen) return 0;
  const coals::CsvOptions options = options_of(data);
  const std::string_view text(reinterpret_cast<const char*>(data) + chosen, size - chosen);
  const std::string whole = read(options, text, text.size() + 1);
  const std::string cut = read(options, text, 1 + data[4] % 64);
  if (whole != cut) {
    std::printf("whole: %s\ncut: %s\n", whole.c_str(), cut.c_str());
    std::abort();
  }
  const std::string copy(text);
  try {
    if (!copy.empty()) coals::first_csv_record(copy, options.delimiter, options.quote, data[4] & 1);
  } catch (const coals::CsvError&) {
  }
  return 0;
}
