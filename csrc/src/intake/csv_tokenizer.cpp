#include "intake/csv_tokenizer.hpp"

#include <cstring>

#include "checks/arguments.hpp"

namespace coals {

CsvTokenizer::CsvTokenizer(const std::string& delimiter, char quote) : delimiter_(delimiter), quote_(quote) {
  require(!delimiter.empty() && delimiter.find_first_of("\r\n") == std::string::npos,
          "delimiter must be text without line ends");
  require(quote == 0 || delimiter.find(quote) == std::string::npos, "quote must not be part of the delimiter");
  for (const char c : {delimiter[0], '\n', '\r', '\0'}) stops_[static_cast<unsigned char>(c)] = true;
}

void CsvTokenizer::start(std::string_view text, bool last, std::int64_t line) {
  text_ = text;
  last_ = last;
  at_ = begin_ = 0;
  line_ = begin_line_ = line;
}

bool CsvTokenizer::begin_record() {
  for (;;) {
    begin_ = at_;
    begin_line_ = line_;
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '\n') {
      ++at_;
    } else if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
      at_ += 2;
    } else if (text_[at_] == '\r' && at_ + 1 == text_.size() && !last_) {
      return false;
    } else {
      return true;
    }
    ++line_;
  }
}

bool CsvTokenizer::delimiter_at(std::size_t at) const {
  return delimiter_.size() == 1 || text_.compare(at, delimiter_.size(), delimiter_) == 0;
}

CsvTokenizer::End CsvTokenizer::next(CsvField& field) {
  if (quote_ != 0 && at_ < text_.size() && text_[at_] == quote_) return quoted(field);
  return plain(field);
}

// What follows the end of a field at `at`.
CsvTokenizer::End CsvTokenizer::after_field(std::size_t at) {
  const std::size_t left = text_.size() - at;
  if (left == 0) {
    at_ = at;
    return last_ ? End::record : End::unfinished;
  }
  if (text_[at] == delimiter_[0]) {
    if (left < delimiter_.size() && !last_) return End::unfinished;
    if (delimiter_at(at)) {
      at_ = at + delimiter_.size();
      return End::field;
    }
  }
  const std::size_t newline = text_[at] == '\r' ? at + 1 : at;
  if (newline == text_.size() && !last_) return End::unfinished;
  if (newline < text_.size() && text_[newline] == '\n') {
    at_ = newline + 1;
    ++line_;
    return End::record;
  }
  if (newline == text_.size()) {  // a \r at the very end
    at_ = newline;
    return End::record;
  }
  throw CsvError(line_, -1, "a quoted field is followed by more text: double the quotes inside it, or pass quote=None");
}

CsvTokenizer::End CsvTokenizer::plain(CsvField& field) {
  const char* const text = text_.data();
  const std::size_t size = text_.size(), begin = at_;
  std::size_t at = begin;
  for (;; ++at) {
    while (at < size && !stops_[static_cast<unsigned char>(text[at])]) ++at;
    if (at == size) break;
    if (text[at] == '\0') throw CsvError(line_, -1, "has a NUL byte: is it text, and encoding= right?");
    if (text[at] == '\n') break;
    if (text[at] == '\r') {
      if (at + 1 == size || text[at + 1] == '\n') break;
      continue;  // a lone one is text
    }
    if (size - at < delimiter_.size() && !last_) return End::unfinished;
    if (delimiter_at(at)) break;
  }
  field = {text_.substr(begin, at - begin), false};
  return after_field(at);
}

CsvTokenizer::End CsvTokenizer::quoted(CsvField& field) {
  const std::size_t begin = at_ + 1;
  const std::int64_t first_line = line_;
  bool doubled = false;
  for (std::size_t at = begin; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == '\n') ++line_;
    if (c == '\0') throw CsvError(line_, -1, "has a NUL byte: is it text, and encoding= right?");
    if (c != quote_) continue;
    if (at + 1 == text_.size() && !last_) return End::unfinished;
    if (at + 1 < text_.size() && text_[at + 1] == quote_) {
      doubled = true;
      ++at;
      continue;
    }
    field = {text_.substr(begin, at - begin), true};
    if (doubled) {
      std::string plain;
      for (std::size_t k = begin; k < at; ++k) {
        plain += text_[k];
        if (text_[k] == quote_) ++k;
      }
      unescaped.push_back(std::move(plain));
      field.text = unescaped.back();
    }
    return after_field(at + 1);
  }
  if (last_) throw CsvError(first_line, -1, "opens a quote that is never closed: close it, or pass quote=None");
  return End::unfinished;
}

CsvRecord first_csv_record(std::string_view text, const std::string& delimiter, char quote, bool last) {
  CsvTokenizer tokenizer(delimiter, quote);
  tokenizer.start(text, last, 1);
  CsvRecord record;
  if (!tokenizer.begin_record()) return record;
  for (;;) {
    CsvField field{};
    const CsvTokenizer::End end = tokenizer.next(field);
    if (end == CsvTokenizer::End::unfinished) return CsvRecord{};
    record.fields.emplace_back(field.text);
    if (end == CsvTokenizer::End::record) break;
  }
  record.bytes = static_cast<std::int64_t>(tokenizer.position());
  record.lines = tokenizer.line() - 1;
  return record;
}

}  // namespace coals
