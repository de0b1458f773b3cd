// Arguments that make no sense, one at a time: a call that is sound but for one of them must be a std::invalid_argument
// that names it, and the sound call must work.
#pragma once

#include <cstdio>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "coals/csr.hpp"

extern int failures;

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr std::int64_t users = 5, items = 4, factors = 3;

// users x items with a value for each entry, and its transpose.
struct Sparse {
  std::vector<std::int64_t> row_begin{0, 2, 3, 3, 6, 8};
  std::vector<std::int32_t> column{0, 2, 1, 0, 1, 3, 2, 3};
  std::vector<double> value{1, 2, 3, 4, 5, 1, 2, 3};
  std::vector<std::int64_t> t_row_begin{0, 2, 4, 6, 8};
  std::vector<std::int32_t> t_column{0, 3, 1, 3, 0, 4, 3, 4};
  std::vector<double> t_value{1, 4, 3, 5, 2, 2, 1, 3};

  coals::CsrView<double> view() const { return {users, items, row_begin.data(), column.data(), value.data()}; }
  coals::CsrView<double> transposed() const {
    return {items, users, t_row_begin.data(), t_column.data(), t_value.data()};
  }
};
const Sparse& sparse();

// `rows` x `columns` numbers, different and small, which live until the program ends.
coals::MatrixView<double> matrix(std::int64_t rows, std::int64_t columns);
coals::MatrixView<const double> constant(coals::MatrixView<double> view);

template <class Arguments>
struct Spoilt {
  const char* named;  // what the message must hold
  std::function<void(Arguments&)> spoil;
};

template <class Arguments>
void refuses(const char* function, const Arguments& sound, const std::function<void(Arguments&)>& call,
             const std::vector<Spoilt<Arguments>>& all) {
  Arguments given = sound;
  try {
    call(given);
  } catch (const std::exception& e) {
    ++failures;
    std::printf("FAILED: %s refuses what is sound: %s\n", function, e.what());
  }
  for (const Spoilt<Arguments>& one : all) {
    given = sound;
    one.spoil(given);
    std::string said = "nothing";
    try {
      call(given);
    } catch (const std::invalid_argument& e) {
      said = e.what();
      if (said.find(one.named) != std::string::npos) continue;
    } catch (const std::exception& e) {
      said = std::string("something else: ") + e.what();
    }
    ++failures;
    std::printf("FAILED: %s should complain of %s, and says: %s\n", function, one.named, said.c_str());
  }
}

void check_als();
void check_fits();
void check_dense();
void check_steps();
void check_linear();
void check_lists();
void check_more_lists();
void check_pairs();
void check_columns();
void check_streams();
