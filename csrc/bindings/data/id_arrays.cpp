#include "id_arrays.hpp"

#include <algorithm>
#include <string_view>

namespace coals::bindings {

namespace {

constexpr std::int64_t tolerated_waste = 1 << 24;  // bytes, as in data/id_arrays.py

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Code points of valid UTF-8: all bytes but those that continue one.
std::int64_t code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

py::object decoded(std::string_view text) {
  PyObject* string = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  if (!string) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(string);
}

template <class Make>
py::array object_array(const IdEncoder& ids, const std::vector<std::int32_t>& order, Make make) {
  py::list list(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) list[k] = make(ids[order[k]]);
  const py::module_ numpy = py::module_::import("numpy");
  return numpy.attr("fromiter")(list, "O", list.size()).cast<py::array>();
}

}  // namespace

py::array text_array(const IdEncoder& ids, const std::vector<std::int32_t>& order) {
  std::int64_t widest = 1, total = 0;
  bool has_nul = false;
  for (std::int64_t k = 0; k < ids.size(); ++k) {
    const std::string_view text = ids[k];
    const std::int64_t points = code_points(text);
    widest = std::max(widest, points);
    total += points;
    has_nul = has_nul || text.find('\0') != std::string_view::npos;
  }
  if (has_nul || 4 * widest * ids.size() > std::max(16 * total, tolerated_waste)) {
    return object_array(ids, order, decoded);
  }
  py::array out(py::dtype("U" + std::to_string(widest)),
                std::vector<py::ssize_t>{static_cast<py::ssize_t>(order.size())});
  auto* row = static_cast<Py_UCS4*>(out.mutable_data());
  for (std::size_t k = 0; k < order.size(); ++k, row += widest) {
    const std::string_view text = ids[order[k]];
    if (is_ascii(text)) {
      std::copy(text.begin(), text.end(), row);
      std::fill(row + text.size(), row + widest, Py_UCS4{0});
      continue;
    }
    std::fill(row, row + widest, Py_UCS4{0});
    if (!PyUnicode_AsUCS4(decoded(text).ptr(), row, widest, 0)) throw py::error_already_set();
  }
  return out;
}

py::array bytes_array(const IdEncoder& ids, const std::vector<std::int32_t>& order) {
  return object_array(ids, order, [](std::string_view id) { return py::bytes(id.data(), id.size()); });
}

}  // namespace coals::bindings
