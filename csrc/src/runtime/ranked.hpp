// The order of all ranked lists: the larger value first, ties to the lower index.
#pragma once

namespace coals {

// Values are not NaN.
template <class T, class Index>
constexpr bool better(T value, Index index, T other_value, Index other_index) {
  return value > other_value || (value == other_value && index < other_index);
}

template <class T, class Index>
struct Ranked {
  Index index;
  T value;
};

// The same for entries, as an object, which compilers see through where they would call a function.
struct Better {
  template <class T, class Index>
  constexpr bool operator()(const Ranked<T, Index>& a, const Ranked<T, Index>& b) const {
    return better(a.value, a.index, b.value, b.index);
  }
};

// The order of positions, in which lists are stored as rows of matrices.
struct LowerIndex {
  template <class T, class Index>
  constexpr bool operator()(const Ranked<T, Index>& a, const Ranked<T, Index>& b) const {
    return a.index < b.index;
  }
};

}  // namespace coals
