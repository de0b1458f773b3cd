#include "coals/arrow_stream.hpp"

#include <cstring>

#include "checks/arguments.hpp"
#include "intake/arrow_column.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// Released at the end of its scope.
struct Batch {
  ArrowArray array{};
  ~Batch() {
    if (array.release) array.release(&array);
  }
};

// Lengths that are no lengths.
void check_frame(const ArrowArray& array) {
  constexpr std::int64_t most = std::int64_t{1} << 60;
  if (array.length < 0 || array.length > most || array.offset < 0 || array.offset > most) {
    throw ArrowError("a batch has a length or an offset that is none");
  }
}

}  // namespace

ArrowStream::ArrowStream(ArrowArrayStream* stream) {
  check_pointer(stream, 1, "stream");
  stream_ = *stream;
  if (!stream_.release) throw ArrowError("the Arrow stream has been read already");
  stream->release = nullptr;
  if (stream_.get_schema(&stream_, &schema_) != 0) {
    const char* reason = stream_.get_last_error(&stream_);
    const std::string text = reason ? reason : "no reason given";
    stream_.release(&stream_);
    throw ArrowError("the Arrow stream has no schema: " + text);
  }
}

ArrowStream::~ArrowStream() {
  if (schema_.release) schema_.release(&schema_);
  if (stream_.release) stream_.release(&stream_);
}

bool ArrowStream::is_table() const { return schema_.format && std::strcmp(schema_.format, "+s") == 0; }

const ArrowSchema& ArrowStream::schema_of(std::int64_t place) const {
  if (place < 0 || place >= (is_table() ? schema_.n_children : 1)) throw ArrowError("there is no such column");
  return is_table() ? *schema_.children[place] : schema_;
}

std::vector<std::string> ArrowStream::names() const {
  if (!is_table()) return {""};
  std::vector<std::string> names;
  for (std::int64_t k = 0; k < schema_.n_children; ++k) {
    const char* name = schema_.children[k]->name;
    names.emplace_back(name ? name : "");
  }
  return names;
}

std::vector<Column> ArrowStream::read(const std::vector<std::int64_t>& places, const RunControl& control) {
  std::vector<Column> columns(places.size());
  for (std::size_t k = 0; k < places.size(); ++k) {
    const ArrowSchema& schema = schema_of(places[k]);
    if (!schema.format || (schema.dictionary && !schema.dictionary->format)) throw ArrowError("a column has no format");
    if (!describe_arrow_column(schema, columns[k])) throw ArrowTypeError(places[k], schema.format);
  }
  for (;;) {
    Batch batch;
    if (stream_.get_next(&stream_, &batch.array) != 0) {
      const char* reason = stream_.get_last_error(&stream_);
      throw ArrowError(std::string("the Arrow stream broke off: ") + (reason ? reason : "no reason given"));
    }
    if (!batch.array.release) return columns;
    const ArrowArray& whole = batch.array;
    if (is_table() && whole.n_children != schema_.n_children) throw ArrowError("a batch lacks columns of its schema");
    check_frame(whole);
    for (const std::int64_t place : places) {
      if (!is_table()) continue;
      check_frame(*whole.children[place]);
      if (whole.children[place]->length < whole.offset + whole.length) {
        throw ArrowError("a column of a batch is shorter than the batch");
      }
    }
    parallel_for(static_cast<std::int64_t>(places.size()), control,
                 [&](std::int64_t k, const CancellationCheck& check_cancelled) {
                   const ArrowArray& array = is_table() ? *whole.children[places[k]] : whole;
                   const std::int64_t offset = is_table() ? whole.offset + array.offset : whole.offset;
                   append_arrow_rows(schema_of(places[k]), array, offset, whole.length, columns[k], check_cancelled);
                 });
  }
}

}  // namespace coals
