#include "coals/csv.hpp"

#include "../common.hpp"
#include "../enums.hpp"

namespace coals::bindings {

namespace {

char quote_of(const std::string& quote) {
  require(quote.size() <= 1, "quote must be one byte, or none");
  return quote.empty() ? '\0' : quote[0];
}

CsvReader make_reader(const std::string& delimiter, const std::string& quote, std::int64_t fields,
                      const std::vector<std::int64_t>& places, const std::vector<std::string>& roles,
                      std::int64_t first_line) {
  CsvOptions options{delimiter, quote_of(quote), fields, places, {}, first_line};
  for (const std::string& role : roles) options.roles.push_back(named<CsvRole>(role));
  return CsvReader(std::move(options));
}

std::string_view text_of(const py::buffer_info& info) {
  require(info.itemsize == 1 && info.ndim == 1, "a block must be bytes");
  return {static_cast<const char*>(info.ptr), static_cast<std::size_t>(info.size)};
}

py::list finish(CsvReader& reader, int num_threads) {
  std::vector<Column> columns;
  {
    const ReleasedGil released;
    columns = reader.finish(run_control(num_threads));
  }
  py::list out;
  for (Column& column : columns) out.append(std::move(column));
  return out;
}

py::tuple first_record(const py::buffer& text, const std::string& delimiter, const std::string& quote, bool last) {
  const py::buffer_info info = text.request();
  const CsvRecord record = first_csv_record(text_of(info), delimiter, quote_of(quote), last);
  py::list fields;
  for (const std::string& field : record.fields) fields.append(py::bytes(field));
  return py::make_tuple(fields, record.bytes, record.lines);
}

}  // namespace

void bind_csv(py::module_& module) {
  py::class_<CsvReader>(module, "CsvReader")
      .def(py::init(&make_reader), py::arg("delimiter"), py::arg("quote"), py::arg("fields"), py::arg("places"),
           py::arg("roles"), py::arg("first_line"))
      .def(
          "feed",
          [](CsvReader& reader, const py::buffer& block, int num_threads) {
            const py::buffer_info info = block.request();
            const std::string_view text = text_of(info);
            const ReleasedGil released;
            reader.feed(text, run_control(num_threads));
          },
          py::arg("block"), py::arg("num_threads"))
      .def("finish", &finish, py::arg("num_threads"))
      .def_property_readonly("encoding_seconds", &CsvReader::encoding_seconds);
  module.def("first_csv_record", &first_record, py::arg("text"), py::arg("delimiter"), py::arg("quote"),
             py::arg("last"));
  static const py::handle error = py::exception<CsvError>(module, "CsvError", PyExc_ValueError).release();
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const CsvError& e) {
      // The text quotes fields, which may be no UTF-8, or be cut within a letter.
      const std::string text = e.what();
      PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
      PyErr_SetObject(error.ptr(), py::make_tuple(e.line, e.place, py::reinterpret_steal<py::object>(decoded)).ptr());
    }
  });
}

}  // namespace coals::bindings
