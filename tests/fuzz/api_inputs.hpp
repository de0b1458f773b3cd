// Bytes become what a caller of the C interface may hand over, right or wrong: numbers, structs of any size, matrices.
//
// Arrays and structs have exactly the length that they claim, so that AddressSanitizer sees one step too far. What the
// header asks of the caller alone is kept to: an array is never shorter than its struct says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "coals/c_api.h"

class Bytes {
 public:
  Bytes(const std::uint8_t* begin, std::size_t size) : at_(begin), end_(begin + size) {}

  bool left() const { return at_ < end_; }
  // 0 after the end: the plain choice everywhere.
  std::uint8_t byte() { return left() ? *at_++ : 0; }
  bool one_in(int n) { return byte() % n == n - 1; }
  std::int64_t upto(std::int64_t most) { return byte() % (most + 1); }

  std::int64_t wild() {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = -(least + 1);
    constexpr std::int64_t values[] = {-1,       least, most, std::int64_t{1} << 31, (std::int64_t{1} << 32) + 1,
                                       most / 8, 4097,  -2};
    return values[byte() % 8];
  }

  // From 0 to `most`, now and then anything.
  std::int64_t count(std::int64_t most) {
    const std::uint8_t first = byte();
    return first < 248 ? first % (most + 1) : wild();
  }

  // One of an enum's values, now and then none of them.
  std::int32_t choice(std::int32_t most) { return static_cast<std::int32_t>(count(most)); }

  double number() {
    constexpr double values[] = {1,    0.5,  2,     3,     -1,    0,     0.1,    10,   -0.25, 1.5,
                                 4,    5,    0.01,  1e-6,  1e-30, 1e6,   1e15,   1e18, 1e19,  1e30,
                                 1e38, 1e39, 1e-45, 1e200, -1e30, 1e308, 5e-324, -0.0, 0.3,   0.7};
    const std::uint8_t first = byte();
    if (first == 255) return std::numeric_limits<double>::quiet_NaN();
    if (first == 254) return one_in(2) ? HUGE : -HUGE;
    return first < 192 ? values[first % 13] : values[first % (sizeof(values) / sizeof(double))];
  }

 private:
  static constexpr double HUGE = std::numeric_limits<double>::infinity();

  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

// A struct in memory of its own that is as long as `size` says: mostly that of this header, else of another version.
template <class S>
class Given {
 public:
  Given(S own, Bytes& bytes) {
    constexpr std::size_t sizes[] = {0, 7, 8, 24, sizeof(S) - 8, sizeof(S) + 8, 65536, 65537};
    const std::uint8_t choice = bytes.byte();
    size_ = choice < 240 ? sizeof(S) : sizes[choice % 8];
    null_ = choice == 239;
    own.size = size_;
    const std::size_t length = size_ > 65536 ? 8 : std::max<std::size_t>(size_, 8);
    memory_.reset(new unsigned char[length]);
    std::fill(memory_.get(), memory_.get() + length, std::uint8_t{0xA5});
    std::memcpy(memory_.get(), &own, std::min(length, sizeof(S)));
  }

  S* get() const { return null_ ? nullptr : reinterpret_cast<S*>(memory_.get()); }
  bool whole() const { return size_ >= sizeof(S); }
  bool sound() const { return !null_ && size_ >= 8 && size_ <= 65536; }

  // As the library is to read it, which it can do if `sound`.
  S known() const {
    S own;
    std::memset(&own, 0, sizeof(S));
    if (sound()) std::memcpy(&own, memory_.get(), std::min(size_, sizeof(S)));
    return own;
  }

 private:
  std::unique_ptr<unsigned char[]> memory_;
  std::size_t size_ = 0;
  bool null_ = false;
};

inline std::size_t width_of(std::int32_t dtype) { return dtype == COALS_FLOAT32 ? 4 : 8; }

// `count` numbers of the dtype.
inline std::vector<char> numbers(Bytes& bytes, std::int64_t count, std::int32_t dtype) {
  std::vector<char> out(static_cast<std::size_t>(count) * width_of(dtype));
  for (std::int64_t k = 0; k < count; ++k) {
    const double value = bytes.number();
    const bool fits = !(std::abs(value) > std::numeric_limits<float>::max());
    const float narrow = fits ? static_cast<float>(value) : std::numeric_limits<float>::infinity();
    if (width_of(dtype) == 4) {
      std::memcpy(out.data() + k * 4, &narrow, 4);
    } else {
      std::memcpy(out.data() + k * 8, &value, 8);
    }
  }
  return out;
}

inline double number_at(const void* data, std::int32_t dtype, std::int64_t k) {
  return dtype == COALS_FLOAT32 ? static_cast<double>(static_cast<const float*>(data)[k])
                                : static_cast<const double*>(data)[k];
}

// A sparse matrix with its memory; at most one thing about it is wrong.
struct Sparse {
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> column;
  std::vector<char> value;
  coals_csr csr{};
  bool wrong = false;

  Sparse(Bytes& bytes, std::int64_t rows, std::int64_t columns, std::int32_t dtype) {
    for (std::int64_t i = 0; i < rows; ++i) {
      std::int64_t next = bytes.upto(3);
      for (std::int64_t left = bytes.upto(3); left > 0 && next < columns; --left) {
        column.push_back(static_cast<std::int32_t>(next));
        next += 1 + bytes.upto(3);
      }
      begin.push_back(static_cast<std::int64_t>(column.size()));
    }
    column.shrink_to_fit();
    begin.shrink_to_fit();
    value = numbers(bytes, begin.back(), dtype);
    csr = {sizeof csr, rows, columns, begin.back(), begin.data(), column.data(), value.data(), dtype, 0};
    spoil(bytes);
  }

  std::int64_t stored() const { return static_cast<std::int64_t>(column.size()); }

  bool has(std::int64_t row, std::int64_t item) const {
    return std::binary_search(column.begin() + begin[row], column.begin() + begin[row + 1], item);
  }

 private:
  void spoil(Bytes& bytes) {
    const std::uint8_t choice = bytes.byte();
    wrong = choice >= 228;
    if (choice >= 252) begin[bytes.byte() % begin.size()] = bytes.wild();
    if (choice >= 248 && choice < 252 && !column.empty()) {
      column[bytes.byte() % column.size()] = static_cast<std::int32_t>(bytes.wild());
    }
    if (choice >= 244 && choice < 248) csr.columns = bytes.wild();
    if (choice >= 240 && choice < 244) csr.entries = bytes.wild();
    if (choice >= 238 && choice < 240) csr.rows = std::min<std::int64_t>(bytes.wild(), -1);
    if (choice == 237) csr.row_begin = nullptr;
    if (choice == 236) csr.column = nullptr;
    if (choice == 235) csr.dtype = 2 + bytes.byte();
    if (choice >= 228 && choice < 235) csr.value = nullptr;
  }
};
