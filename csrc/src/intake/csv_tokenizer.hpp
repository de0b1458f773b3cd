// Cuts text into records and fields.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "coals/csv.hpp"

namespace coals {

// A field as it is meant, and whether it stood in quotes.
struct CsvField {
  std::string_view text;
  bool quoted;
};

class CsvTokenizer {
 public:
  enum class End { field, record, unfinished };

  CsvTokenizer(const std::string& delimiter, char quote);

  // Takes over a text; `last` says that nothing follows it.
  void start(std::string_view text, bool last, std::int64_t line);

  // Whether there is a record to read; skips empty lines.
  bool begin_record();

  // Reads one field; `unfinished` if the text ends before it does, which leaves the record to be read again.
  End next(CsvField& field);

  std::size_t position() const { return at_; }
  std::int64_t line() const { return line_; }          // of the position
  std::size_t record_begin() const { return begin_; }  // where the last record began that was begun
  std::int64_t record_line() const { return begin_line_; }

  // Texts of quoted fields with quotes in them live here, until cleared.
  std::deque<std::string> unescaped;

 private:
  End plain(CsvField& field);
  End quoted(CsvField& field);
  End after_field(std::size_t at);
  bool delimiter_at(std::size_t at) const;

  std::string delimiter_;
  char quote_;
  bool stops_[256] = {};
  std::string_view text_;
  bool last_ = false;
  std::size_t at_ = 0, begin_ = 0;
  std::int64_t line_ = 1, begin_line_ = 1;
};

}  // namespace coals
