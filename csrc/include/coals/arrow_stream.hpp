// Columns from an Arrow C stream: the interface by which dataframe libraries hand over data without knowing each other.
// https://arrow.apache.org/docs/format/CStreamInterface.html
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "coals/columns.hpp"
#include "coals/run_control.hpp"

// The structures that the interface prescribes, field by field.
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
  int (*get_next)(ArrowArrayStream*, ArrowArray* out);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};
}

namespace coals {

// The producer failed or broke the rules of the interface.
struct ArrowError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A column of a type that is not read, by its place and its format.
struct ArrowTypeError : std::runtime_error {
  ArrowTypeError(std::int64_t column, const std::string& format) : std::runtime_error(format), column(column) {}
  std::int64_t column;
};

class ArrowStream {
 public:
  // Takes the stream over: moves it out of where it lies, releases it at the end.
  explicit ArrowStream(ArrowArrayStream* stream);
  ArrowStream(const ArrowStream&) = delete;
  ArrowStream& operator=(const ArrowStream&) = delete;
  ~ArrowStream();

  // Of a table; a stream of plain arrays has one column without a name.
  std::vector<std::string> names() const;

  // All rows of the columns at these places. A batch is released once it is read, and its columns are read in
  // parallel; a stream can be read once.
  std::vector<Column> read(const std::vector<std::int64_t>& places, const RunControl& control);

 private:
  const ArrowSchema& schema_of(std::int64_t place) const;
  bool is_table() const;

  ArrowArrayStream stream_{};
  ArrowSchema schema_{};
};

}  // namespace coals
