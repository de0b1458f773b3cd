#include "coals/linalg.hpp"

#include "../common.hpp"

namespace coals::bindings {

namespace {

template <class T>
Array<T> item_gram_of(const CsrMatrix<T>& matrix, double diagonal, int num_threads) {
  const CsrView<T> by_user = matrix.view();
  Array<T> out({by_user.columns, by_user.columns});
  const MatrixView<T> target = mutable_matrix_view(out, "out");
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    const CsrMatrix<T> by_item = transpose(by_user, control);
    item_gram(by_user, by_item.view(), diagonal, target, control);
  }
  return out;
}

py::array gram(const Csr& matrix, double diagonal, int num_threads) {
  if (const auto* held = std::get_if<CsrMatrix<double>>(&matrix.matrix))
    return item_gram_of(*held, diagonal, num_threads);
  const auto* held = std::get_if<CsrMatrix<float>>(&matrix.matrix);
  require(held != nullptr, "sparse matrices of int32 are for counts alone");
  return item_gram_of(*held, diagonal, num_threads);
}

template <class T>
void invert(Array<T>& matrix, int num_threads) {
  const MatrixView<T> view = mutable_matrix_view(matrix, "matrix");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  invert_definite(view, control);
}

template <class T>
void low_rank(const Array<T>& left, const Array<T>& right, Array<T>& matrix, int num_threads) {
  const MatrixView<const T> a = matrix_view(left, "left"), b = matrix_view(right, "right");
  const MatrixView<T> target = mutable_matrix_view(matrix, "matrix");
  const RunControl control = run_control(num_threads);
  const ReleasedGil released;
  add_low_rank(a, b, target, control);
}

template <class T>
void bind_linalg_of(py::module_& module) {
  module.def("invert_definite", &invert<T>, py::arg("matrix").noconvert(), py::arg("num_threads"));
  module.def("add_low_rank", &low_rank<T>, py::arg("left").noconvert(), py::arg("right").noconvert(),
             py::arg("matrix").noconvert(), py::arg("num_threads"));
}

}  // namespace

void bind_linalg(py::module_& module) {
  module.def("item_gram", &gram, py::arg("matrix"), py::arg("diagonal"), py::arg("num_threads"));
  bind_linalg_of<float>(module);
  bind_linalg_of<double>(module);
}

}  // namespace coals::bindings
