// Columns from delimited text that comes in blocks, so that a file of any length needs memory for its columns alone.
//
// Fields may be quoted as RFC 4180 says: a quote at the start of a field, doubled quotes for one inside, delimiters and
// line ends as they are. Lines end in \n or \r\n; empty lines are skipped. What breaks these rules, or cannot be read
// as what it is for, is a CsvError with its line: nothing is guessed.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "coals/columns.hpp"
#include "coals/run_control.hpp"

namespace coals {

// What a column is for.
enum class CsvRole {
  ids,      // text; an empty field is an error
  text,     // text, empty or not
  numbers,  // finite numbers
  times,    // integers, numbers, or dates as ISO 8601 writes them, the first one of which says which
};

struct CsvOptions {
  std::string delimiter = ",";
  char quote = '"';                  // 0: none
  std::int64_t fields = 0;           // in every record
  std::vector<std::int64_t> places;  // of the columns to read, all different
  std::vector<CsvRole> roles;        // of each
  std::int64_t first_line = 1;       // the number of the line that comes first, for errors
};

struct CsvError : std::runtime_error {
  CsvError(std::int64_t line, std::int64_t place, const std::string& what)
      : std::runtime_error(what), line(line), place(place) {}
  std::int64_t line;
  std::int64_t place;  // of the column, -1 where it is about the whole line
};

class CsvReader {
 public:
  explicit CsvReader(CsvOptions options);
  CsvReader(CsvReader&&) noexcept;
  ~CsvReader();

  // Reads the complete records in what came so far. After an error there is no more to be read.
  void feed(std::string_view block, const RunControl& control);

  // Reads what is left, when there is no more to come, and hands over the columns.
  std::vector<Column> finish(const RunControl& control);

  // Seconds spent so far on making codes and numbers of fields, apart from finding them in the text.
  double encoding_seconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The fields of the first record of a text that is not empty, and the bytes and lines it takes; 0 bytes if it does not
// end in this text and `last` does not say that the text is whole.
struct CsvRecord {
  std::vector<std::string> fields;
  std::int64_t bytes = 0;
  std::int64_t lines = 0;
};
CsvRecord first_csv_record(std::string_view text, const std::string& delimiter, char quote, bool last);

}  // namespace coals
