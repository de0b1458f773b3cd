#include "intake/arrow_column.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace coals {

namespace {

constexpr std::int64_t stretch = 1 << 14;

bool valid(const ArrowArray& array, std::int64_t at) {
  const auto* bits = static_cast<const std::uint8_t*>(array.buffers[0]);
  return !bits || (bits[at >> 3] >> (at & 7) & 1);
}

template <class T>
const T* buffer(const ArrowArray& array, int which) {
  return static_cast<const T*>(array.buffers[which]);
}

bool is_decimal(std::string_view format) { return format.substr(0, 2) == "d:"; }

// Bytes of a decimal: "d:18,3" has 128 bits, as "d:18,3,128" says.
std::int64_t decimal_width(std::string_view format) {
  const bool named = std::count(format.begin(), format.end(), ',') == 2;
  return named ? std::atoll(format.data() + format.rfind(',') + 1) / 8 : 16;
}

// Width of a type of fixed size that is kept as bytes, -1 of others.
std::int64_t fixed_width(std::string_view format) {
  if (is_decimal(format)) return decimal_width(format);
  return format.size() > 2 && format.substr(0, 2) == "w:" ? std::atoll(format.data() + 2) : -1;
}

std::string_view string_between(const char* data, std::int64_t begin, std::int64_t end) {
  if (begin < 0 || end < begin) throw ArrowError("a text ends before it begins");
  return {data + begin, static_cast<std::size_t>(end - begin)};
}

// value(at) is the string of row `at`, for every way in which Arrow lays out strings.
template <class Body>
void with_strings(const ArrowArray& array, std::string_view format, Body body) {
  if (const std::int64_t width = fixed_width(format); width >= 0) {
    const char* data = buffer<char>(array, 1);
    body([=](std::int64_t at) { return std::string_view(data + at * width, static_cast<std::size_t>(width)); });
  } else if (format == "u" || format == "z") {
    const auto* begin = buffer<std::int32_t>(array, 1);
    const char* data = buffer<char>(array, 2);
    body([=](std::int64_t at) { return string_between(data, begin[at], begin[at + 1]); });
  } else if (format == "U" || format == "Z") {
    const auto* begin = buffer<std::int64_t>(array, 1);
    const char* data = buffer<char>(array, 2);
    body([=](std::int64_t at) { return string_between(data, begin[at], begin[at + 1]); });
  } else {  // views: size and 12 bytes, or size, first four bytes, buffer and place in it
    const char* views = buffer<char>(array, 1);
    body([=, &array](std::int64_t at) {
      std::int32_t view[4];
      std::memcpy(view, views + 16 * at, sizeof view);
      if (view[0] < 0) throw ArrowError("a text ends before it begins");
      const char* data = view[0] <= 12 ? views + 16 * at + 4 : buffer<char>(array, 2 + view[2]) + view[3];
      return std::string_view(data, static_cast<std::size_t>(view[0]));
    });
  }
}

bool holds_strings(const Column& column) {
  return column.kind == ColumnKind::text || column.kind == ColumnKind::bytes || column.kind == ColumnKind::decimals;
}

void note_missing(Column& column, std::int64_t row) {
  if (column.first_missing < 0) column.first_missing = column.rows + row;
}

void append_strings(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                    Column& column, const CancellationCheck& check_cancelled) {
  std::vector<std::string_view> values(static_cast<std::size_t>(std::min(length, stretch)));
  column.codes.resize(column.codes.size() + static_cast<std::size_t>(length));
  std::int32_t* codes = column.codes.data() + column.rows;
  with_strings(array, schema.format, [&](auto value) {
    for (std::int64_t begin = 0; begin < length; begin += stretch) {
      const std::int64_t size = std::min(stretch, length - begin);
      for (std::int64_t k = 0; k < size; ++k) {
        const std::int64_t at = offset + begin + k;
        const bool there = valid(array, at);
        values[k] = there ? value(at) : std::string_view();
        if (!there) note_missing(column, begin + k);
      }
      column.ids.encode(values.data(), size, codes + begin);
      check_cancelled();
    }
  });
}

// The number that IEEE 754 writes in 16 bits.
float half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 31
                         ? (fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity())
                     : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                     : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return bits >> 15 ? -size : size;
}

// Calls body(get), where get(at) is the number of row `at`; false for other types.
template <class Body>
bool with_numbers(const ArrowArray& array, std::string_view format, Body body) {
  const auto plain = [&](auto zero) {
    const auto* data = buffer<decltype(zero)>(array, 1);
    body([=](std::int64_t at) { return data[at]; });
    return true;
  };
  if (format == "c") return plain(std::int8_t{});
  if (format == "C") return plain(std::uint8_t{});
  if (format == "s") return plain(std::int16_t{});
  if (format == "S") return plain(std::uint16_t{});
  if (format == "i" || format == "tdD") return plain(std::int32_t{});
  if (format == "I") return plain(std::uint32_t{});
  if (format == "L") return plain(std::uint64_t{});
  if (format == "e") {
    const auto* data = buffer<std::uint16_t>(array, 1);
    body([=](std::int64_t at) { return half(data[at]); });
    return true;
  }
  if (format == "f") return plain(float{});
  if (format == "g") return plain(double{});
  if (format == "b") {
    const auto* bits = buffer<std::uint8_t>(array, 1);
    body([=](std::int64_t at) { return bits[at >> 3] >> (at & 7) & 1; });
    return true;
  }
  return plain(std::int64_t{});  // "l", "tdm", timestamps
}

template <class T>
void append_numbers(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                    std::vector<T>& numbers, Column& column, const CancellationCheck& check_cancelled) {
  numbers.resize(numbers.size() + static_cast<std::size_t>(length));
  T* out = numbers.data() + column.rows;
  with_numbers(array, schema.format, [&](auto get) {
    for (std::int64_t k = 0; k < length; ++k) {
      const bool there = valid(array, offset + k);
      out[k] = there ? static_cast<T>(get(offset + k)) : T{};
      if (!there) note_missing(column, k);
      if (k % stretch == 0) check_cancelled();
    }
  });
}

// A dictionary's values, of which rows hold the numbers. Only those that occur become ids.
void append_dictionary(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                       Column& column, const CancellationCheck& check_cancelled) {
  if (!array.dictionary || array.dictionary->length < 0) throw ArrowError("a column lacks its categories");
  const ArrowArray& dictionary = *array.dictionary;
  std::vector<std::int64_t> places(static_cast<std::size_t>(length), -1);
  std::vector<std::int32_t> code(static_cast<std::size_t>(dictionary.length), -1);
  with_numbers(array, schema.format, [&](auto get) {
    for (std::int64_t k = 0; k < length; ++k) {
      if (valid(array, offset + k)) {
        places[k] = static_cast<std::int64_t>(get(offset + k));
        if (places[k] < 0 || places[k] >= dictionary.length) throw ArrowError("a category's number is out of range");
      }
      if (places[k] >= 0 && !valid(dictionary, dictionary.offset + places[k])) places[k] = -1;
      if (places[k] < 0) note_missing(column, k);
    }
  });
  if (!holds_strings(column)) {
    Column values = Column{};
    values.kind = column.kind;
    append_arrow_rows(*schema.dictionary, dictionary, dictionary.offset, dictionary.length, values, check_cancelled);
    for (const std::int64_t place : places) {
      if (column.kind == ColumnKind::reals) column.reals.push_back(place < 0 ? 0 : values.reals[place]);
      if (column.kind != ColumnKind::reals) column.integers.push_back(place < 0 ? 0 : values.integers[place]);
    }
    return;
  }
  with_strings(dictionary, schema.dictionary->format, [&](auto value) {
    for (const std::int64_t place : places) {
      if (place >= 0 && code[place] < 0) {
        const std::string_view id = value(dictionary.offset + place);
        column.ids.encode(&id, 1, &code[place]);
      }
      column.codes.push_back(place < 0 ? -1 : code[place]);
    }
  });
}

std::optional<ColumnKind> kind_of(std::string_view format) {
  if (format == "u" || format == "U" || format == "vu") return ColumnKind::text;
  if (is_decimal(format)) return ColumnKind::decimals;
  if (format == "z" || format == "Z" || format == "vz" || fixed_width(format) >= 0) return ColumnKind::bytes;
  if (format.size() == 1 && std::strchr("csil", format[0])) return ColumnKind::integers;
  if (format.size() == 1 && std::strchr("CSIL", format[0])) return ColumnKind::unsigned_integers;
  if (format == "e" || format == "f" || format == "g") return ColumnKind::reals;
  if (format == "b") return ColumnKind::booleans;
  if (format == "n") return ColumnKind::missing;
  if (format == "tdD" || format == "tdm" || format.substr(0, 2) == "ts") return ColumnKind::times;
  return std::nullopt;
}

std::string unit_of(std::string_view format) {
  if (format == "f") return "f4";
  if (format == "tdD") return "D";
  if (format == "tdm") return "ms";
  if (is_decimal(format)) return std::to_string(std::atoi(format.data() + format.find(',') + 1));
  if (format.substr(0, 2) != "ts") return "f8";
  const std::string unit = format[2] == 's' ? "s" : std::string(1, format[2]) + "s";
  return format.size() > 4 ? unit + "+" : unit;
}

// The value of a key in a schema's metadata: numbers and texts with their sizes before them.
std::string metadata(const ArrowSchema& schema, std::string_view wanted) {
  const char* at = schema.metadata;
  const auto number = [&] {
    std::int32_t value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  const auto text = [&] {
    const std::int32_t size = number();
    at += size;
    return std::string_view(at - size, static_cast<std::size_t>(size));
  };
  for (std::int32_t left = at ? number() : 0; left > 0; --left) {
    const std::string_view key = text(), value = text();
    if (key == wanted) return std::string(value);
  }
  return "";
}

}  // namespace

bool describe_arrow_column(const ArrowSchema& schema, Column& column) {
  const ArrowSchema& values = schema.dictionary ? *schema.dictionary : schema;
  const std::optional<ColumnKind> kind = kind_of(values.format);
  if (!kind || (values.dictionary != nullptr)) return false;
  column.kind = *kind;
  column.unit = unit_of(values.format);
  column.extension = metadata(schema, "ARROW:extension:name");
  return true;
}

void append_arrow_rows(const ArrowSchema& schema, const ArrowArray& array, std::int64_t offset, std::int64_t length,
                       Column& column, const CancellationCheck& check_cancelled) {
  if (length == 0) return;
  if (column.kind == ColumnKind::missing) {
    note_missing(column, 0);
  } else if (schema.dictionary) {
    append_dictionary(schema, array, offset, length, column, check_cancelled);
  } else if (holds_strings(column)) {
    append_strings(schema, array, offset, length, column, check_cancelled);
  } else if (column.kind == ColumnKind::reals) {
    append_numbers(schema, array, offset, length, column.reals, column, check_cancelled);
  } else {
    append_numbers(schema, array, offset, length, column.integers, column, check_cancelled);
  }
  column.rows += length;
}

}  // namespace coals
