// What can be done for a row whose matrix is singular: a copy of its system, kept while Cholesky overwrites it.
#pragma once

#include <algorithm>

#include "coals/als.hpp"
#include "coals/buffer.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class KeptSystem {
 public:
  void keep(const T* matrix, std::int64_t stride, std::int64_t size) {
    if (!copy_.size()) copy_ = Buffer<T>(stride * stride);
    std::copy(matrix, matrix + stride * stride, copy_.data());
    stride_ = stride;
    size_ = size;
  }

  // The system with 10^attempt millionths of its mean diagonal added to the diagonal.
  void restore(T* matrix, int attempt) const {
    double jitter = 1e-6;
    for (int k = 0; k < attempt; ++k) jitter *= 10;
    double mean = 0;
    for (std::int64_t k = 0; k < size_; ++k) mean += copy_[k * stride_ + k] / static_cast<double>(size_);
    std::copy(copy_.data(), copy_.data() + copy_.size(), matrix);
    for (std::int64_t k = 0; k < size_; ++k) matrix[k * stride_ + k] += static_cast<T>(jitter * (mean > 0 ? mean : 1));
  }

  // The shortest x among those that minimise |matrix x - rhs|: by eigenvectors, without those whose eigenvalue rounding
  // could have made. Cost about 10 size^3.
  void minimum_norm(const T* rhs, T* x, const CancellationCheck& check_cancelled) const {
    Buffer<double> matrix(size_ * size_), axes(size_ * size_), eigenvalues(size_);
    for (std::int64_t i = 0; i < size_; ++i) {
      for (std::int64_t j = 0; j < size_; ++j) {
        matrix[i * size_ + j] = copy_[std::min(i, j) * stride_ + std::max(i, j)];
      }
    }
    RunControl alone;
    alone.num_threads = 1;
    alone.poll = [&check_cancelled] { check_cancelled(); };
    principal_axes({matrix.data(), size_, size_, size_}, eigenvalues.data(), {axes.data(), size_, size_, size_}, alone);
    const double least = 8.0 * std::numeric_limits<T>::epsilon() * static_cast<double>(size_) * eigenvalues[0];
    Buffer<double> sum(size_);
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::int64_t k = 0; k < size_ && eigenvalues[k] > least; ++k) {
      double share = 0;
      for (std::int64_t i = 0; i < size_; ++i) share += axes[i * size_ + k] * rhs[i];
      for (std::int64_t i = 0; i < size_; ++i) sum[i] += axes[i * size_ + k] * share / eigenvalues[k];
    }
    for (std::int64_t i = 0; i < size_; ++i) x[i] = static_cast<T>(sum[i]);
  }

 private:
  Buffer<T> copy_;
  std::int64_t stride_ = 0, size_ = 0;
};

}  // namespace coals
