// Single kernels at a named instruction-set level, for the tests that hold them against NumPy. Inputs are plain arrays;
// padding is done here, as the algorithms do it.
#include <numeric>
#include <vector>

#include "../common.hpp"
#include "src/linalg/padding.hpp"
#include "src/runtime/dispatch.hpp"

namespace coals::bindings {

namespace {

template <class T>
Buffer<T> padded_square(const MatrixView<const T>& matrix, std::int64_t pad) {
  Buffer<T> square = padded_base<T>(padded(matrix.rows, pad), matrix, 1.0);
  const std::int64_t stride = padded(matrix.rows, pad);
  for (std::int64_t i = matrix.rows; i < stride; ++i) square[i * stride + i] = T(1);
  return square;
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
  kernels.gather({rows.data, rows.stride, index.data(), count, rows.columns, append_one, nullptr, nullptr},
                 panel.data(), stride);
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

// The panel of `rows` with its rows padded, and zero rows up to a multiple of `multiple`.
template <class T>
Buffer<T> padded_panel(const MatrixView<const T>& rows, std::int64_t stride, std::int64_t multiple) {
  const std::int64_t count = padded(rows.rows, multiple);
  Buffer<T> panel(count * stride);
  std::fill(panel.begin(), panel.end(), T(0));
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    std::copy(rows.row(r), rows.row(r) + rows.columns, panel.data() + r * stride);
  }
  return panel;
}

// panel panel^T, of which the elements [j][i], j <= i, are meant.
template <class T>
Array<T> panel_dots(const std::string& isa, const Array<T>& panel) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(panel, "panel");
  const std::int64_t stride = padded(rows.columns, kernels.pad), count = padded(rows.rows, 4);
  const Buffer<T> packed = padded_panel(rows, stride, 4);
  Buffer<T> out(count * count);
  std::fill(out.begin(), out.end(), T(0));
  kernels.panel_dots(packed.data(), stride, count, stride, out.data(), count);
  return unpadded(out, count, rows.rows);
}

// (sum_r (target_r - weight_r panel_r . x) panel_r, sum_r weight_r panel_r^2)
template <class T>
py::tuple add_remainder(const std::string& isa, const Array<T>& panel, const Array<T>& weight, const Array<T>& target,
                        const Array<T>& x) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(panel, "panel");
  const std::int64_t stride = padded(rows.columns, kernels.pad);
  const Buffer<T> packed = padded_panel(rows, stride, 1);
  Buffer<T> known(stride), sum(stride), squares(stride);
  for (Buffer<T>* buffer : {&known, &sum, &squares}) std::fill(buffer->begin(), buffer->end(), T(0));
  std::copy(vector_data(x, rows.columns, "x"), x.data() + rows.columns, known.data());
  vector_data(weight, rows.rows, "weight");
  vector_data(target, rows.rows, "target");
  kernels.add_remainder(packed.data(), stride, weight.data(), target.data(), rows.rows, stride, known.data(),
                        sum.data());
  kernels.add_squares(packed.data(), stride, weight.data(), rows.rows, stride, squares.data());
  return py::make_tuple(Array<T>(rows.columns, sum.data()), Array<T>(rows.columns, squares.data()));
}

// (solutions, mask of failures) of `lanes` systems at once: matrices (lanes, n, n), rhs (lanes, n).
template <class T>
py::tuple solve_lanes(const std::string& isa, const Array<T>& matrices, const Array<T>& rhs) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> right = matrix_view(rhs, "rhs");
  const std::int64_t lanes = kernels.lanes, size = right.columns, stride = padded(size, kernels.pad);
  require(matrices.ndim() == 3 && matrices.shape(0) == lanes && right.rows == lanes, "one system for each lane");
  require(matrices.shape(1) == size && matrices.shape(2) == size, "matrices must be square");
  Buffer<T> square(lanes * stride * stride), packed(size * (size + 1) / 2 * lanes), x(size * lanes);
  std::fill(square.begin(), square.end(), T(0));
  for (std::int64_t r = 0; r < lanes * size; ++r) {
    std::copy(matrices.data() + r * size, matrices.data() + (r + 1) * size,
              square.data() + (r / size * stride + r % size) * stride);
  }
  for (std::int64_t k = 0; k < size * lanes; ++k) x[k] = right.row(k % lanes)[k / lanes];
  kernels.pack_lanes(square.data(), stride * stride, stride, size, packed.data());
  const std::uint32_t failed = kernels.solve_lanes(packed.data(), size, x.data());
  Array<T> out({lanes, size});
  for (std::int64_t k = 0; k < size * lanes; ++k) out.mutable_data()[k % lanes * size + k / lanes] = x[k];
  return py::make_tuple(out, failed);
}

template <class T>
Array<T> multiply_rows(const std::string& isa, const Array<T>& rows, const Array<T>& matrix) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> left = matrix_view(rows, "rows"), right = matrix_view(matrix, "matrix");
  require(left.columns == right.rows, "rows and matrix do not fit");
  const std::int64_t count = padded(left.rows, kernels.score_rows), columns = padded(right.columns, kernels.pad);
  const Buffer<T> a = padded_panel(left, left.columns, kernels.score_rows), b = padded_panel(right, columns, 1);
  Buffer<T> product(count * columns);
  kernels.multiply_rows(a.data(), left.columns, count, left.columns, b.data(), columns, columns, product.data(),
                        columns);
  Array<T> out({left.rows, right.columns});
  for (std::int64_t r = 0; r < left.rows; ++r) {
    std::copy(product.data() + r * columns, product.data() + r * columns + right.columns,
              out.mutable_data() + r * right.columns);
  }
  return out;
}

template <class T>
Array<T> combine_rows(const std::string& isa, const Array<T>& source, const Array<std::int32_t>& index,
                      const std::optional<Array<T>>& coefficient) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(source, "source");
  const std::int64_t count = index.size(), stride = padded(rows.columns, kernels.lanes);
  for (std::int64_t r = 0; r < count; ++r) {
    require(index.data()[r] >= 0 && index.data()[r] < rows.rows, "index is out of range");
  }
  const T* factor = coefficient ? vector_data(*coefficient, count, "coefficient") : nullptr;
  const Buffer<T> panel = padded_panel(rows, stride, 1);
  Buffer<T> out(stride);
  kernels.combine_rows(panel.data(), stride, index.data(), factor, count, stride, out.data());
  return Array<T>(rows.columns, out.data());
}

// (target + a^T b, target - a^T b)
template <class T>
py::tuple update_product(const std::string& isa, const Array<T>& a, const Array<T>& b, const Array<T>& target) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> left = matrix_view(a, "a"), right = matrix_view(b, "b"), to = matrix_view(target, "target");
  require(left.rows == right.rows && to.rows == left.columns && to.columns == right.columns, "shapes do not fit");
  const std::int64_t rows = padded(to.rows, kernels.score_rows), columns = padded(to.columns, kernels.lanes);
  const Buffer<T> packed = padded_panel(left, rows, 1), other = padded_panel(right, columns, 1);
  Buffer<T> sum = padded_panel(to, columns, kernels.score_rows), rest = padded_panel(to, columns, kernels.score_rows);
  kernels.add_product(packed.data(), rows, rows, other.data(), columns, columns, left.rows, sum.data(), columns);
  kernels.subtract_product(packed.data(), rows, rows, other.data(), columns, columns, left.rows, rest.data(), columns);
  Array<T> plus({to.rows, to.columns}), minus({to.rows, to.columns});
  for (std::int64_t r = 0; r < to.rows; ++r) {
    std::copy(sum.data() + r * columns, sum.data() + r * columns + to.columns, plus.mutable_data() + r * to.columns);
    std::copy(rest.data() + r * columns, rest.data() + r * columns + to.columns, minus.mutable_data() + r * to.columns);
  }
  return py::make_tuple(plus, minus);
}

// (scores, bit mask of rows with a score above the bound) of one block: queries (K x score_rows) by items
// (K x score_width).
template <class T>
py::tuple score_block(const std::string& isa, const Array<T>& queries, const Array<T>& items, const Array<T>& bound,
                      bool distance) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> q = matrix_view(queries, "queries"), j = matrix_view(items, "items");
  require(q.columns == kernels.score_rows && j.columns == kernels.score_width && q.rows == j.rows, "not one block");
  Array<T> scores({kernels.score_rows, kernels.score_width});
  const auto score = distance ? kernels.distance_block : kernels.score_block;
  const std::uint32_t above =
      score(q.data, j.data, q.rows, vector_data(bound, q.columns, "bound"), scores.mutable_data());
  return py::make_tuple(scores, above);
}

template <class T>
Array<T> chain_rows(const std::string& isa, const Array<T>& x, const Array<T>& source, bool distance) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  const MatrixView<const T> rows = matrix_view(source, "source");
  std::vector<std::int32_t> index(static_cast<std::size_t>(rows.rows));
  std::iota(index.begin(), index.end(), 0);
  Array<T> out(rows.rows);
  kernels.chain_rows(vector_data(x, rows.columns, "x"), rows.data, rows.stride, index.data(), rows.rows, rows.columns,
                     distance, out.mutable_data());
  return out;
}

template <class T>
py::tuple block_shape(const std::string& isa) {
  const Kernels<T>& kernels = kernels_of<T>(table_by_name(isa));
  return py::make_tuple(kernels.score_rows, kernels.score_width);
}

template <class T>
void bind_kernels_of(py::module_& module, const char* suffix) {
  const auto named = [&](const char* name) { return std::string(name) + suffix; };
  module.def("gathered_gram", &gathered_gram<T>, py::arg("isa"), py::arg("source").noconvert(),
             py::arg("index").noconvert(), py::arg("weight").noconvert(), py::arg("coefficient").noconvert(),
             py::arg("append_one"));
  module.def("cholesky", &cholesky<T>, py::arg("isa"), py::arg("matrix").noconvert(), py::arg("rhs").noconvert(),
             py::arg("tolerance"));
  module.def("dot_rows", &dot_rows<T>, py::arg("isa"), py::arg("x").noconvert(), py::arg("source").noconvert());
  module.def("score_block", &score_block<T>, py::arg("isa"), py::arg("queries").noconvert(),
             py::arg("items").noconvert(), py::arg("bound").noconvert(), py::arg("distance"));
  module.def("chain_rows", &chain_rows<T>, py::arg("isa"), py::arg("x").noconvert(), py::arg("source").noconvert(),
             py::arg("distance"));
  module.def("panel_dots", &panel_dots<T>, py::arg("isa"), py::arg("panel").noconvert());
  module.def("add_remainder", &add_remainder<T>, py::arg("isa"), py::arg("panel").noconvert(),
             py::arg("weight").noconvert(), py::arg("target").noconvert(), py::arg("x").noconvert());
  module.def("solve_lanes", &solve_lanes<T>, py::arg("isa"), py::arg("matrices").noconvert(),
             py::arg("rhs").noconvert());
  module.def("multiply_rows", &multiply_rows<T>, py::arg("isa"), py::arg("rows").noconvert(),
             py::arg("matrix").noconvert());
  module.def("combine_rows", &combine_rows<T>, py::arg("isa"), py::arg("source").noconvert(),
             py::arg("index").noconvert(), py::arg("coefficient").noconvert());
  module.def("update_product", &update_product<T>, py::arg("isa"), py::arg("a").noconvert(), py::arg("b").noconvert(),
             py::arg("target").noconvert());
  module.def(named("block_shape_").c_str(), &block_shape<T>, py::arg("isa"));
  module.def(
      named("lanes_").c_str(), [](const std::string& isa) { return kernels_of<T>(table_by_name(isa)).lanes; },
      py::arg("isa"));
}

}  // namespace

void bind_kernels(py::module_& module) {
  py::module_ kernels = module.def_submodule("kernels", "Single kernels, for tests.");
  bind_kernels_of<float>(kernels, "float32");
  bind_kernels_of<double>(kernels, "float64");
  bind_eigen(kernels);
}

}  // namespace coals::bindings
