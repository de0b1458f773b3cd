// Arrow streams whose producers break the rules: an ArrowError, whatever it is that they break.
#include <cstring>

#include "cases.hpp"
#include "coals/arrow_stream.hpp"

using namespace coals;

namespace {

// A table with a column of texts and one of categories, three rows each, in one batch.
struct Producer {
  const char *text_format = "u", *category_format = "c", *value_format = "u";
  std::vector<std::int32_t> offsets{0, 1, 2, 3}, value_offsets{0, 1, 2};
  std::vector<std::int8_t> categories{0, 1, 0};
  std::int64_t length = 3, offset = 0, text_length = 3, text_offset = 0;
  bool has_categories = true;
  ArrowSchema text{}, category{}, value{};
  ArrowArray texts{}, places{}, values{};
  ArrowSchema* schemas[2] = {&text, &category};
  ArrowArray* arrays[2] = {&texts, &places};
  const void *text_buffers[3] = {}, *place_buffers[2] = {}, *value_buffers[3] = {}, *table_buffers[1] = {};
  bool sent = false;

  // Members point to each other, so that they are set where the producer lies.
  void serve(ArrowArrayStream& stream) {
    text.format = text_format;
    category.format = category_format;
    value.format = value_format;
    category.dictionary = &value;
    text_buffers[1] = offsets.data();
    text_buffers[2] = value_buffers[2] = "abc";
    place_buffers[1] = categories.data();
    value_buffers[1] = value_offsets.data();
    texts = array_of(text_length, text_offset, 3, text_buffers);
    places = array_of(3, 0, 2, place_buffers);
    values = array_of(2, 0, 3, value_buffers);
    places.dictionary = has_categories ? &values : nullptr;
    stream = {schema, next, [](ArrowArrayStream*) -> const char* { return nullptr; },
              [](ArrowArrayStream* own) { own->release = nullptr; }, this};
  }

  static ArrowArray array_of(std::int64_t length, std::int64_t offset, std::int64_t buffers, const void** data) {
    ArrowArray array{};
    array.length = length;
    array.offset = offset;
    array.n_buffers = buffers;
    array.buffers = data;
    return array;
  }

  static int schema(ArrowArrayStream* stream, ArrowSchema* out) {
    *out = ArrowSchema{};
    out->format = "+s";
    out->n_children = 2;
    out->children = static_cast<Producer*>(stream->private_data)->schemas;
    return 0;
  }

  static int next(ArrowArrayStream* stream, ArrowArray* out) {
    auto& own = *static_cast<Producer*>(stream->private_data);
    *out = array_of(own.length, own.offset, 1, own.table_buffers);
    out->n_children = 2;
    out->children = own.arrays;
    if (!own.sent) out->release = [](ArrowArray* array) { array->release = nullptr; };
    own.sent = true;
    return 0;
  }
};

// What reading it says: "" where all is well.
std::string said_of(void (*spoil)(Producer&)) {
  Producer producer;
  spoil(producer);
  ArrowArrayStream stream{};
  producer.serve(stream);
  try {
    ArrowStream own(&stream);
    const std::vector<Column> columns = own.read({0, 1}, {});
    const bool right = columns[0].rows == 3 && columns[0].ids[2] == "c" && columns[1].codes[2] == 0;
    return right ? "" : "read wrongly";
  } catch (const ArrowError& e) {
    return e.what();
  }
}

void expect(const char* complaint, void (*spoil)(Producer&)) {
  const std::string said = said_of(spoil);
  if (*complaint ? said.find(complaint) != std::string::npos : said.empty()) return;
  ++failures;
  std::printf("FAILED: a stream should be told of by \"%s\", and is by \"%s\"\n", complaint, said.c_str());
}

}  // namespace

void check_streams() {
  expect("", [](Producer&) {});
  expect("no format", [](Producer& p) { p.text_format = nullptr; });
  expect("no format", [](Producer& p) { p.value_format = nullptr; });
  expect("length or an offset", [](Producer& p) { p.length = -1; });
  expect("length or an offset", [](Producer& p) { p.length = std::numeric_limits<std::int64_t>::max(); });
  expect("length or an offset", [](Producer& p) { p.offset = -4; });
  expect("length or an offset", [](Producer& p) { p.text_offset = -4; });
  expect("shorter than the batch", [](Producer& p) { p.text_length = 2; });
  expect("ends before it begins", [](Producer& p) { p.offsets[2] = 0; });
  expect("lacks its categories", [](Producer& p) { p.has_categories = false; });
  expect("category's number", [](Producer& p) { p.categories[1] = -1; });
  expect("category's number", [](Producer& p) { p.categories[1] = 2; });
  try {
    ArrowStream stream(nullptr);
    ++failures;
  } catch (const std::invalid_argument&) {
  }
}
