// The diagonal D of a row's base plus ridge, and the scaling that turns it into ones.
//
// With x = D^-1/2 t and z_e = D^-1/2 y_e a row's system becomes (I + sum w z z^T) t = sum d z + u, where u is what the
// prior contributes. The dual solve and conjugate gradients work in t: that is preconditioning by the Gram matrix.
#pragma once

#include <limits>

#include "als/row_systems.hpp"

namespace coals {

template <class T>
class RowScale {
 public:
  RowScale(const RowSystems<T>& systems, std::int64_t stride)
      : systems_(systems), inverse_(stride), root_(stride), diagonal_(stride) {}

  // Cheap where the ridge is that of the row before. Elements without any weight on them stay unscaled, D = 0.
  void set(T ridge) {
    if (ridge == ridge_) return;
    ridge_ = ridge;
    const std::int64_t size = systems_.size();
    for (std::int64_t k = 0; k < inverse_.size(); ++k) {
      // Rounding may leave an eigenvalue of nothing just below zero.
      const double shared = systems_.gram.rows && k < size ? std::max(systems_.gram.data[k], 0.0) : 0.0;
      const double d = k < size ? systems_.gram_scale * shared + ridge : 0.0;
      diagonal_[k] = static_cast<T>(d);
      root_[k] = d > 0 ? static_cast<T>(std::sqrt(d)) : T(1);
      inverse_[k] = d > 0 ? static_cast<T>(1 / std::sqrt(d)) : T(1);
    }
  }

  const T* inverse() const { return inverse_.data(); }  // D^-1/2
  const T* root() const { return root_.data(); }        // D^1/2
  const T* diagonal() const { return diagonal_.data(); }

  // u = D^-1/2 ridge * prior, `stride` elements.
  void prior_share(std::int64_t i, T* u) const {
    std::fill(u, u + inverse_.size(), T(0));
    if (!systems_.has_prior()) return;
    systems_.add_prior(i, ridge_, u);
    for (std::int64_t k = 0; k < systems_.size(); ++k) u[k] *= inverse_[k];
  }

 private:
  const RowSystems<T>& systems_;
  T ridge_ = std::numeric_limits<T>::quiet_NaN();
  Buffer<T> inverse_, root_, diagonal_;
};

}  // namespace coals
