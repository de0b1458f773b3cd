// The sparse matrix type that all other bindings take: copied in, checked once, then safe.
#include <algorithm>
#include <limits>

#include "../common.hpp"

namespace coals::bindings {

namespace {

template <class To, class From>
void copy_narrow(const From* from, To* to, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    // A value that does not fit becomes -1, which validate_csr refuses.
    const bool fits = from[i] >= 0 &&
                      static_cast<std::uint64_t>(from[i]) <= static_cast<std::uint64_t>(std::numeric_limits<To>::max());
    to[i] = fits ? static_cast<To>(from[i]) : To(-1);
  }
}

template <class To>
Buffer<To> copy_integers(const py::array& array, const char* name) {
  require(array.ndim() == 1, std::string(name) + " must be one-dimensional");
  Buffer<To> out(array.size());
  if (py::isinstance<Array<std::int32_t>>(array)) {
    copy_narrow(static_cast<const std::int32_t*>(array.data()), out.data(), out.size());
  } else if (py::isinstance<Array<std::int64_t>>(array)) {
    copy_narrow(static_cast<const std::int64_t*>(array.data()), out.data(), out.size());
  } else {
    throw py::type_error(std::string(name) + " must be a contiguous int32 or int64 array");
  }
  return out;
}

template <class To>
Buffer<To> copy_values(const py::object& values, std::int64_t entries) {
  if (values.is_none()) return Buffer<To>();
  const auto convert = [&](const auto& array) {
    require(array.ndim() == 1 && array.size() == entries, "values must have one element per index");
    Buffer<To> out(entries);
    std::transform(array.data(), array.data() + entries, out.data(), [](auto x) { return static_cast<To>(x); });
    return out;
  };
  if (py::isinstance<Array<float>>(values)) return convert(values.cast<Array<float>>());
  if (py::isinstance<Array<double>>(values)) return convert(values.cast<Array<double>>());
  if (std::is_same_v<To, std::int32_t> && py::isinstance<Array<std::int32_t>>(values)) {
    return convert(values.cast<Array<std::int32_t>>());
  }
  throw py::type_error("values must be a contiguous float32 or float64 array");
}

template <class T>
void check(CsrMatrix<T>& matrix, std::int64_t columns) {
  require(matrix.row_begin.size() >= 1, "indptr must have at least one element");
  matrix.rows = matrix.row_begin.size() - 1;
  matrix.columns = columns;
  const ReleasedGil released;
  validate_csr(matrix.view().structure(), matrix.column.size(), run_control(1));
}

template <class T>
Csr make(const py::array& row_begin, const py::array& column, const py::object& values, std::int64_t columns) {
  CsrMatrix<T> matrix;
  matrix.row_begin = copy_integers<std::int64_t>(row_begin, "indptr");
  matrix.column = copy_integers<std::int32_t>(column, "indices");
  matrix.value = copy_values<T>(values, matrix.column.size());
  check(matrix, columns);
  return {std::move(matrix)};
}

template <class T>
Buffer<T> borrowed(const py::object& array, const char* name) {
  if (!py::isinstance<Array<T>>(array)) throw py::type_error(std::string(name) + " has the wrong dtype to be borrowed");
  const auto given = array.cast<Array<T>>();
  require(given.ndim() == 1, std::string(name) + " must be one-dimensional");
  require(reinterpret_cast<std::uintptr_t>(given.data()) % alignof(T) == 0, std::string(name) + " must be aligned");
  return Buffer<T>::borrow(given.data(), given.size());
}

// The arrays themselves, which stay alive as long as the matrix. They must be of the dtypes of CsrMatrix<T>, and must
// not be changed any more.
template <class T>
Csr borrow(const py::object& row_begin, const py::object& column, const py::object& values, std::int64_t columns) {
  CsrMatrix<T> matrix;
  matrix.row_begin = borrowed<std::int64_t>(row_begin, "indptr");
  matrix.column = borrowed<std::int32_t>(column, "indices");
  if (!values.is_none()) {
    matrix.value = borrowed<T>(values, "values");
    require(matrix.value.size() == matrix.column.size(), "values must have one element per index");
  }
  check(matrix, columns);
  return {std::move(matrix), py::make_tuple(row_begin, column, values)};
}

Csr transposed(const Csr& self) {
  const ReleasedGil released;
  return std::visit([](const auto& m) { return Csr{transpose(m.view(), run_control(1))}; }, self.matrix);
}

// `values` on the entries of self, in the order of the transpose.
template <class T>
py::array transposed_values(const Csr& self, const Array<T>& values) {
  CsrView<void> structure = self.structure();
  const CsrView<T> view{structure.rows, structure.columns, structure.row_begin, structure.column,
                        vector_data(values, structure.entries(), "values")};
  Buffer<T> out;
  {
    const ReleasedGil released;
    out = transpose_values(view, run_control(1));
  }
  return Array<T>(out.size(), out.data());
}

// The structure of the given rows, without values.
Csr select_rows(const Csr& self, const Array<std::int64_t>& rows) {
  const CsrView<void> from = self.structure();
  const std::int64_t count = rows.size();
  const std::int64_t* row = vector_data(rows, count, "rows");
  CsrMatrix<float> out;
  out.rows = count;
  out.columns = from.columns;
  out.row_begin = Buffer<std::int64_t>(count + 1);
  out.row_begin[0] = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    require(row[i] >= 0 && row[i] < from.rows, "row " + std::to_string(row[i]) + " is out of range");
    out.row_begin[i + 1] = out.row_begin[i] + from.row_size(row[i]);
  }
  out.column = Buffer<std::int32_t>(out.row_begin[count]);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t* source = from.column + from.row_begin[row[i]];
    std::copy(source, source + from.row_size(row[i]), out.column.data() + out.row_begin[i]);
  }
  return {std::move(out)};
}

Array<std::int64_t> row_sizes(const Csr& self) {
  const CsrView<void> matrix = self.structure();
  Array<std::int64_t> sizes(matrix.rows);
  for (std::int64_t i = 0; i < matrix.rows; ++i) sizes.mutable_data()[i] = matrix.row_size(i);
  return sizes;
}

template <class T>
py::array copy_out(const Buffer<T>& buffer) {
  return Array<T>(buffer.size(), buffer.data());
}

// An array over a buffer of `owner`, which it keeps alive. Read-only: what was checked must not change.
template <class T>
py::array view_of(const Buffer<T>& buffer, const py::object& owner) {
  py::array array = Array<T>(buffer.size(), buffer.data(), owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

// (indptr, indices, values), as scipy.sparse takes them, without a copy.
py::tuple to_arrays(const py::object& self) {
  return std::visit(
      [&](const auto& m) {
        return py::make_tuple(view_of(m.row_begin, self), view_of(m.column, self), view_of(m.value, self));
      },
      self.cast<const Csr&>().matrix);
}

Csr make_csr(const py::array& indptr, const py::array& indices, const py::object& values, std::int64_t columns,
             const std::string& dtype) {
  require(dtype == "float32" || dtype == "float64" || dtype == "int32", "dtype must be float32, float64 or int32");
  if (dtype == "int32") return make<std::int32_t>(indptr, indices, values, columns);
  return dtype == "float32" ? make<float>(indptr, indices, values, columns)
                            : make<double>(indptr, indices, values, columns);
}

Csr borrow_csr(const py::object& indptr, const py::object& indices, const py::object& values, std::int64_t columns,
               const std::string& dtype) {
  require(dtype == "float32" || dtype == "float64" || dtype == "int32", "dtype must be float32, float64 or int32");
  if (dtype == "int32") return borrow<std::int32_t>(indptr, indices, values, columns);
  return dtype == "float32" ? borrow<float>(indptr, indices, values, columns)
                            : borrow<double>(indptr, indices, values, columns);
}

// What make_csr takes; values are None where there are none.
py::tuple state_of(const Csr& self) {
  return std::visit(
      [](const auto& m) {
        const bool has_values = m.value.data() != nullptr;
        using T = std::remove_const_t<std::remove_pointer_t<decltype(m.view().value)>>;
        const char* dtype = std::is_same_v<T, float> ? "float32" : std::is_same_v<T, double> ? "float64" : "int32";
        return py::make_tuple(copy_out(m.row_begin), copy_out(m.column),
                              has_values ? py::object(copy_out(m.value)) : py::none(), m.columns, dtype);
      },
      self.matrix);
}

}  // namespace

void bind_csr(py::module_& module) {
  py::class_<Csr>(module, "Csr", "A checked sparse matrix in native memory.")
      .def(py::init(&make_csr), py::arg("indptr"), py::arg("indices"), py::arg("values"), py::arg("columns"),
           py::arg("dtype"))
      .def_property_readonly("rows", [](const Csr& self) { return self.structure().rows; })
      .def_property_readonly("columns", [](const Csr& self) { return self.structure().columns; })
      .def_property_readonly("entries", [](const Csr& self) { return self.structure().entries(); })
      .def("transpose", &transposed)
      .def("transpose_values", &transposed_values<float>, py::arg("values").noconvert())
      .def("transpose_values", &transposed_values<double>, py::arg("values").noconvert())
      .def("select_rows", &select_rows, py::arg("rows"))
      .def("row_sizes", &row_sizes)
      .def("to_arrays", &to_arrays)
      .def(py::pickle(&state_of, [](const py::tuple& state) {
        require(state.size() == 5, "not the state of a Csr");
        // Through the same checks as any other matrix.
        return make_csr(state[0].cast<py::array>(), state[1].cast<py::array>(), state[2], state[3].cast<std::int64_t>(),
                        state[4].cast<std::string>());
      }));
  module.def("borrow_csr", &borrow_csr, py::arg("indptr"), py::arg("indices"), py::arg("values"), py::arg("columns"),
             py::arg("dtype"));
}

}  // namespace coals::bindings
