// Single kernels at a named instruction-set level, for the tests that hold them against NumPy. Inputs are plain arrays;
// padding is done here, as the algorithms do it.
#include <numeric>
#include <vector>

#include "../src/dispatch.hpp"
#include "../src/padding.hpp"
#include "common.hpp"

namespace coals::bindings {

namespace {

template <class T>
Buffer<T> padded_square(const MatrixView<const T>& matrix, std::int64_t pad) {
  return padded_base<T>(matrix.rows, pad, matrix, T(1));
}

template <class T>
Array<T> unpadded(const Buffer<T>& matrix, std::int64_t stride, std::int64_t size) {
  Array<T> out({size, size});
  for (std::int64_t i = 0; i < size; ++i) {
    std::copy(matrix.data() + i * stride, matrix.data() + i * stride + size, out.mutable_data() + i * size);
  }
  return out;
}

// (upper triangle of sum_r weight_r y_r y_r^T, sum_r coefficient_r y_r) over y_r = source[index[r]] (and a 1).
template <class T>
py::tuple gathered_gram(const std::string& isa, const Array<T>& source, const Array<std::int32_t>& index,
                        const Array<T>& weight, const Array<T>& coefficient, bool append_one) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(source, "source");
  const std::int64_t count = index.size(), size = rows.columns + (append_one ? 1 : 0);
  for (std::int64_t r = 0; r < count; ++r) {
    require(index.data()[r] >= 0 && index.data()[r] < rows.rows, "index is out of range");
  }
  vector_data(weight, count, "weight");
  vector_data(coefficient, count, "coefficient");
  const std::int64_t stride = padded(size, kernels.pad);
  Buffer<T> panel(count * stride), weighted(count * stride), matrix(stride * stride), sum(stride);
  std::fill(matrix.begin(), matrix.end(), T(0));
  std::fill(sum.begin(), sum.end(), T(0));
  kernels.gather(rows.data, rows.stride, index.data(), count, rows.columns, append_one, panel.data(), stride);
  kernels.scale_rows(panel.data(), weight.data(), count, stride, weighted.data());
  kernels.add_rows(panel.data(), stride, coefficient.data(), count, stride, sum.data());
  kernels.gram_update(weighted.data(), panel.data(), stride, count, stride, matrix.data(), stride);
  return py::make_tuple(unpadded(matrix, stride, size), Array<T>(size, sum.data()));
}

// (U, x, failed pivot or -1) for U^T U = matrix and matrix x = rhs.
template <class T>
py::tuple cholesky(const std::string& isa, const Array<T>& matrix, const Array<T>& rhs, T tolerance) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> view = matrix_view(matrix, "matrix");
  require(view.rows == view.columns, "matrix must be square");
  const std::int64_t size = view.rows, stride = padded(size, kernels.pad);
  Buffer<T> upper = padded_square(view, kernels.pad), inverse(stride), right(stride), x(stride);
  std::fill(right.begin(), right.end(), T(0));
  std::copy(vector_data(rhs, size, "rhs"), rhs.data() + size, right.data());
  const std::int64_t failed = kernels.cholesky_factor(upper.data(), stride, stride, tolerance, inverse.data());
  if (failed < 0) kernels.cholesky_solve(upper.data(), stride, stride, inverse.data(), right.data(), x.data());
  return py::make_tuple(unpadded(upper, stride, size), Array<T>(size, x.data()), failed);
}

template <class T>
Array<T> dot_rows(const std::string& isa, const Array<T>& x, const Array<T>& source) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(source, "source");
  std::vector<std::int32_t> index(static_cast<std::size_t>(rows.rows));
  std::iota(index.begin(), index.end(), 0);
  Array<T> out(rows.rows);
  kernels.dot_rows(vector_data(x, rows.columns, "x"), rows.data, rows.stride, index.data(), rows.rows, rows.columns,
                   out.mutable_data());
  return out;
}

// (scores, bit mask of rows with a score above the bound) of one block: queries (K x score_rows) by items
// (K x score_width).
template <class T>
py::tuple score_block(const std::string& isa, const Array<T>& queries, const Array<T>& items, const Array<T>& bound) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> q = matrix_view(queries, "queries"), j = matrix_view(items, "items");
  require(q.columns == kernels.score_rows && j.columns == kernels.score_width && q.rows == j.rows, "not one block");
  Array<T> scores({kernels.score_rows, kernels.score_width});
  const std::uint32_t above =
      kernels.score_block(q.data, j.data, q.rows, vector_data(bound, q.columns, "bound"), scores.mutable_data());
  return py::make_tuple(scores, above);
}

template <class T>
py::tuple block_shape(const std::string& isa) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  return py::make_tuple(kernels.score_rows, kernels.score_width);
}

template <class T>
void bind_for(py::module_& module, const char* suffix) {
  const auto named = [&](const char* name) { return std::string(name) + suffix; };
  module.def("gathered_gram", &gathered_gram<T>, py::arg("isa"), py::arg("source").noconvert(),
             py::arg("index").noconvert(), py::arg("weight").noconvert(), py::arg("coefficient").noconvert(),
             py::arg("append_one"));
  module.def("cholesky", &cholesky<T>, py::arg("isa"), py::arg("matrix").noconvert(), py::arg("rhs").noconvert(),
             py::arg("tolerance"));
  module.def("dot_rows", &dot_rows<T>, py::arg("isa"), py::arg("x").noconvert(), py::arg("source").noconvert());
  module.def("score_block", &score_block<T>, py::arg("isa"), py::arg("queries").noconvert(),
             py::arg("items").noconvert(), py::arg("bound").noconvert());
  module.def(named("block_shape_").c_str(), &block_shape<T>, py::arg("isa"));
}

}  // namespace

void bind_kernels(py::module_& module) {
  py::module_ kernels = module.def_submodule("kernels", "Single kernels, for tests.");
  bind_for<float>(kernels, "float32");
  bind_for<double>(kernels, "float64");
  bind_eigen(kernels);
}

}  // namespace coals::bindings
