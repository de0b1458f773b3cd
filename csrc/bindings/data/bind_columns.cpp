#include "coals/columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "../common.hpp"
#include "../enums.hpp"
#include "coals/arrow_stream.hpp"
#include "coals/pair_order.hpp"
#include "id_arrays.hpp"

namespace coals::bindings {

namespace {

// A whole number in two's complement, little end first, divided by 10^scale: to the nearest double or the next one.
double decimal(std::string_view bytes, int scale) {
  const bool negative = !bytes.empty() && (bytes.back() & 0x80);
  double value = 0;
  unsigned carry = negative ? 1 : 0;
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    const auto byte = static_cast<unsigned char>(bytes[k]);
    const unsigned digit = (negative ? static_cast<unsigned char>(~byte) : byte) + carry;
    carry = digit >> 8;
    value += std::ldexp(static_cast<double>(digit & 0xff), static_cast<int>(8 * k));
  }
  return (negative ? -value : value) / std::pow(10.0, scale);
}

py::array decimal_numbers(const Column& column) {
  std::vector<double> different(static_cast<std::size_t>(column.ids.size()));
  const int scale = std::atoi(column.unit.c_str());
  for (std::int64_t k = 0; k < column.ids.size(); ++k) different[k] = decimal(column.ids[k], scale);
  std::vector<double> numbers(column.codes.size());
  for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k] = column.codes[k] < 0 ? 0 : different[column.codes[k]];
  return owned_array(std::move(numbers));
}

py::array numbers(Column& column) {
  if (column.kind == ColumnKind::decimals) return decimal_numbers(column);
  if (column.kind == ColumnKind::reals) return owned_array(std::move(column.reals));
  py::array integers = owned_array(std::move(column.integers));
  return column.kind == ColumnKind::unsigned_integers ? integers.attr("view")("uint64").cast<py::array>() : integers;
}

// Order of the ids and, with it, the codes: those of the sorted ids.
void sort_codes(Column& column, const std::vector<std::int32_t>& order, int num_threads) {
  std::vector<std::int32_t> rank(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) rank[order[k]] = static_cast<std::int32_t>(k);
  replace_codes(column.codes.data(), static_cast<std::int64_t>(column.codes.size()), rank, run_control(num_threads));
}

// What the ids are as numbers, if every one of them is a number; else shorter than the ids.
std::vector<std::int64_t> integers_of(const IdEncoder& ids) {
  std::vector<std::int64_t> integers;
  std::int64_t value = 0;
  for (std::int64_t k = 0; k < ids.size() && written_integer(ids[k], value); ++k) integers.push_back(value);
  return integers;
}

py::tuple sorted_ids_of(Column& column, bool detect_integers, int num_threads) {
  std::vector<std::int64_t> integers;
  std::vector<std::int32_t> order;
  {
    const ReleasedGil released;
    if (detect_integers) integers = integers_of(column.ids);
    if (detect_integers && static_cast<std::int64_t>(integers.size()) == column.ids.size()) {
      order.resize(integers.size());
      for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<std::int32_t>(k);
      std::sort(order.begin(), order.end(), [&](auto a, auto b) { return integers[a] < integers[b]; });
      std::sort(integers.begin(), integers.end());
    } else {
      integers.clear();
      order = sorted_ids(column.ids);
    }
    sort_codes(column, order, num_threads);
  }
  const bool are_numbers = !integers.empty();
  py::array ids = are_numbers                       ? py::array(owned_array(std::move(integers)))
                  : column.kind == ColumnKind::text ? text_array(column.ids, order)
                                                    : bytes_array(column.ids, order);
  return py::make_tuple(ids, owned_array(std::move(column.codes)));
}

py::object encode_texts(const py::list& values, int num_threads) {
  Column column;
  std::vector<std::int64_t> firsts;
  const RunControl control = run_control(num_threads);
  const std::int64_t size = static_cast<std::int64_t>(values.size());
  constexpr std::int64_t stretch = 1 << 14;
  column.codes.resize(static_cast<std::size_t>(size));
  std::vector<std::string_view> texts(static_cast<std::size_t>(std::min(size, stretch)));
  // Under the GIL: the list keeps its strings alive, but only if no thread changes it meanwhile.
  for (std::int64_t begin = 0; begin < size; begin += stretch) {
    const std::int64_t count = std::min(stretch, size - begin);
    for (std::int64_t k = 0; k < count; ++k) {
      PyObject* value = PyList_GET_ITEM(values.ptr(), begin + k);
      Py_ssize_t length = 0;
      const char* text = PyUnicode_CheckExact(value) ? PyUnicode_AsUTF8AndSize(value, &length) : nullptr;
      if (!text) {
        PyErr_Clear();  // a lone surrogate
        return py::none();
      }
      texts[k] = {text, static_cast<std::size_t>(length)};
    }
    column.ids.encode(texts.data(), count, column.codes.data() + begin);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
  for (std::int64_t k = 0; k < size; ++k) {
    if (column.codes[k] == static_cast<std::int64_t>(firsts.size())) firsts.push_back(k);
  }
  const std::vector<std::int32_t> order = sorted_ids(column.ids);
  sort_codes(column, order, num_threads);
  std::vector<std::int64_t> sorted_firsts(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) sorted_firsts[k] = firsts[order[k]];
  return py::make_tuple(owned_array(std::move(column.codes)), owned_array(std::move(sorted_firsts)));
}

py::tuple encode_fixed(const Array<std::uint8_t>& values) {
  const MatrixView<const std::uint8_t> rows = matrix_view(values, "values");
  Column column;
  std::vector<std::int64_t> firsts;
  {
    const ReleasedGil released;
    const RunControl control = run_control(1);
    constexpr std::int64_t stretch = 1 << 14;
    column.codes.resize(static_cast<std::size_t>(rows.rows));
    std::vector<std::string_view> texts(stretch);
    for (std::int64_t begin = 0; begin < rows.rows; begin += stretch) {
      const std::int64_t count = std::min(stretch, rows.rows - begin);
      for (std::int64_t k = 0; k < count; ++k) {
        const auto* value = reinterpret_cast<const char*>(rows.data + (begin + k) * rows.columns);
        texts[k] = {value, static_cast<std::size_t>(rows.columns)};
      }
      std::int32_t* codes = column.codes.data() + begin;
      column.ids.encode(texts.data(), count, codes);
      for (std::int64_t k = 0; k < count; ++k) {
        if (codes[k] == static_cast<std::int64_t>(firsts.size())) firsts.push_back(begin + k);
      }
      if (control.poll) control.poll();
    }
  }
  return py::make_tuple(owned_array(std::move(column.codes)), owned_array(std::move(firsts)));
}

template <class Index>
py::array ordered(const std::int32_t* rows, const std::int32_t* columns, std::int64_t entries, std::int64_t n_rows,
                  std::vector<std::int64_t>& row_begin, int num_threads) {
  std::vector<Index> order(static_cast<std::size_t>(entries));
  {
    const ReleasedGil released;
    order_pairs(rows, columns, entries, n_rows, order.data(), row_begin.data(), run_control(num_threads));
  }
  return owned_array(std::move(order));
}

py::tuple order_of_pairs(const Array<std::int32_t>& rows, const Array<std::int32_t>& columns, std::int64_t n_rows,
                         int num_threads) {
  require(n_rows >= 0, "n_rows must not be negative");
  const std::int64_t entries = rows.size();
  const std::int32_t* row = vector_data(rows, entries, "rows");
  const std::int32_t* column = vector_data(columns, entries, "columns");
  std::vector<std::int64_t> begin(static_cast<std::size_t>(n_rows) + 1);
  const bool narrow = entries <= std::numeric_limits<std::int32_t>::max();
  py::array order = narrow ? ordered<std::int32_t>(row, column, entries, n_rows, begin, num_threads)
                           : ordered<std::int64_t>(row, column, entries, n_rows, begin, num_threads);
  return py::make_tuple(order, owned_array(std::move(begin)));
}

std::unique_ptr<ArrowStream> open_stream(const py::capsule& capsule) {
  if (capsule.name() == nullptr || std::strcmp(capsule.name(), "arrow_array_stream") != 0) {
    throw ArrowError("not a capsule of an Arrow stream");
  }
  return std::make_unique<ArrowStream>(capsule.get_pointer<ArrowArrayStream>());
}

py::list read(ArrowStream& stream, const std::vector<std::int64_t>& places, int num_threads) {
  std::vector<Column> columns;
  {
    const ReleasedGil released;
    columns = stream.read(places, run_control(num_threads));
  }
  py::list out;
  for (Column& column : columns) out.append(std::move(column));
  return out;
}

}  // namespace

void bind_columns(py::module_& module) {
  py::class_<Column>(module, "Column")
      .def_property_readonly("kind", [](const Column& c) { return name_of(c.kind); })
      .def_property_readonly("unit", [](const Column& c) { return c.unit; })
      .def_property_readonly("extension", [](const Column& c) { return c.extension; })
      .def_property_readonly("rows", [](const Column& c) { return c.rows; })
      .def_property_readonly("first_missing", [](const Column& c) { return c.first_missing; })
      .def("numbers", &numbers)
      .def("sorted_ids", &sorted_ids_of, py::arg("detect_integers"), py::arg("num_threads"));
  py::class_<ArrowStream>(module, "ArrowStream")
      .def(py::init(&open_stream), py::arg("capsule"))
      .def_property_readonly("names", &ArrowStream::names)
      .def("read", &read, py::arg("places"), py::arg("num_threads"));
  module.def("encode_texts", &encode_texts, py::arg("values"), py::arg("num_threads"));
  module.def("encode_fixed", &encode_fixed, py::arg("values").noconvert());
  module.def("order_of_pairs", &order_of_pairs, py::arg("rows").noconvert(), py::arg("columns").noconvert(),
             py::arg("n_rows"), py::arg("num_threads"));
  static const py::handle type_error =
      py::exception<ArrowTypeError>(module, "ArrowTypeError", PyExc_TypeError).release();
  static const py::handle error = py::exception<ArrowError>(module, "ArrowError", PyExc_ValueError).release();
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const ArrowTypeError& e) {
      PyErr_SetObject(type_error.ptr(), py::make_tuple(e.column, e.what()).ptr());
    } catch (const ArrowError& e) {
      PyErr_SetString(error.ptr(), e.what());
    }
  });
}

}  // namespace coals::bindings
