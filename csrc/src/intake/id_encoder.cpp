#include "coals/id_encoder.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "checks/arguments.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

#if defined(__BYTE_ORDER__)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "short ids are put together for little-endian processors");
#endif

constexpr std::int64_t block = 64;
constexpr std::uint32_t inline_size = 12;

std::uint64_t load64(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint32_t load32(const char* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Up to 8 bytes, zeros behind them.
std::uint64_t load_up_to_8(const char* from, std::uint32_t size) {
  if (size >= 8) return load64(from);
  if (size >= 4) {
    const std::uint64_t last = load32(from + size - 4);
    return load32(from) | (last >> (8 * (8 - size))) << 32;
  }
  std::uint64_t word = 0;
  for (std::uint32_t k = 0; k < size; ++k) word |= std::uint64_t{static_cast<unsigned char>(from[k])} << (8 * k);
  return word;
}

// Both halves of the product of two words: every bit of either reaches the middle of it.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t odd_a = 0x9e3779b97f4a7c15, odd_b = 0xd6e8feb86659fd93;

std::uint32_t hash_of(std::uint64_t first, std::uint64_t last) {
  const std::uint64_t hash = mixed(first ^ odd_a, last ^ odd_b);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

std::uint32_t hash_long(std::string_view value) {
  std::uint64_t state = value.size();
  const char* at = value.data();
  std::size_t left = value.size();
  for (; left > 16; left -= 16, at += 16) state = mixed(load64(at) ^ state ^ odd_a, load64(at + 8) ^ odd_b);
  if (value.size() < 16) return hash_of(load64(at) ^ state, load64(at + left - 8));
  const char* end = at + left;  // the last 16 bytes, some of them perhaps a second time
  return hash_of(load64(end - 16) ^ state, load64(end - 8));
}

// How much all ids begin with ("user_"): it says nothing about their order.
std::size_t shared_size(const IdEncoder& ids) {
  std::size_t shared = ids.size() > 0 ? ids[0].size() : 0;
  for (std::int64_t code = 1; code < ids.size(); ++code) {
    const std::string_view a = ids[0], b = ids[code];
    shared = std::min(shared, b.size());
    shared = static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + shared, b.begin()).first - a.begin());
  }
  return shared;
}

// Eight bytes of an id as a number that is in their order.
std::uint64_t sort_word(std::string_view id, std::size_t from) {
  if (id.size() <= from) return 0;
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(8, id.size() - from));
  return __builtin_bswap64(load_up_to_8(id.data() + from, size));
}

}  // namespace

IdEncoder::IdEncoder() : slots_(1024, 0) {}

std::string_view IdEncoder::operator[](std::int64_t code) const {
  if (code < 0 || code >= size()) refuse("code", "there is no such id");
  const Id& id = ids_[code];
  if (id.size > inline_size) return {long_ids_.data() + id.tail, id.size};
  return {reinterpret_cast<const char*>(&id.head), id.size};
}

bool IdEncoder::equal(const Id& known, const Id& id, std::string_view value) const {
  if (known.size != id.size || known.head != id.head) return false;
  if (id.size <= inline_size) return known.tail == id.tail;
  return std::memcmp(long_ids_.data() + known.tail, value.data(), id.size) == 0;
}

std::int32_t IdEncoder::find_or_add(std::string_view value, const Id& id, std::uint32_t hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot == 0) {
      if (ids_.size() >= std::size_t{std::numeric_limits<std::int32_t>::max()}) {
        throw std::length_error("there are more than 2147483647 different ids");
      }
      ids_.push_back(id);
      if (id.size > inline_size) {
        ids_.back().tail = long_ids_.size();
        long_ids_.insert(long_ids_.end(), value.begin(), value.end());
      }
      slots_[at] = Slot{hash} << 32 | ids_.size();
      return static_cast<std::int32_t>(ids_.size() - 1);
    }
    const auto code = static_cast<std::uint32_t>(slot) - 1;
    if (slot >> 32 == hash && equal(ids_[code], id, value)) return static_cast<std::int32_t>(code);
  }
}

// Makes room for this many more ids with half of the slots free.
void IdEncoder::grow(std::int64_t more) {
  const std::size_t needed = 2 * (ids_.size() + static_cast<std::size_t>(more));
  if (needed <= slots_.size()) return;
  std::size_t size = slots_.size();
  while (size < needed) size *= 2;
  std::vector<Slot> wider(size, 0);
  for (const Slot slot : slots_) {
    if (slot == 0) continue;
    std::size_t at = slot >> 32 & (size - 1);
    while (wider[at] != 0) at = (at + 1) & (size - 1);
    wider[at] = slot;
  }
  slots_.swap(wider);
}

std::uint32_t IdEncoder::describe(std::string_view value, Id& id) {
  if (value.size() > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("an id has 4 GB or more");
  id.size = static_cast<std::uint32_t>(value.size());
  id.tail = 0;
  if (id.size > inline_size) {
    id.head = load32(value.data());
    return hash_long(value);
  }
  id.head = static_cast<std::uint32_t>(load_up_to_8(value.data(), std::min(id.size, 4u)));
  if (id.size > 4) id.tail = load_up_to_8(value.data() + 4, id.size - 4);
  return hash_of(std::uint64_t{id.size} << 32 | id.head, id.tail);
}

void IdEncoder::encode(const std::string_view* values, std::int64_t count, std::int32_t* codes) {
  check_count(count, "count");
  check_pointer(values, count, "values");
  check_pointer(codes, count, "codes");
  Id ids[block];
  std::uint32_t hashes[block];
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const std::int64_t size = std::min(block, count - begin);
    grow(size);
    const std::size_t mask = slots_.size() - 1;
    for (std::int64_t k = 0; k < size; ++k) {
      hashes[k] = describe(values[begin + k], ids[k]);
      __builtin_prefetch(&slots_[hashes[k] & mask]);
    }
    for (std::int64_t k = 0; k < size; ++k) {
      const auto likely = static_cast<std::uint32_t>(slots_[hashes[k] & mask]);
      if (likely != 0) __builtin_prefetch(&ids_[likely - 1]);
    }
    for (std::int64_t k = 0; k < size; ++k) {
      const auto likely = static_cast<std::uint32_t>(slots_[hashes[k] & mask]);
      if (likely == 0 || ids[k].size <= inline_size) continue;
      const Id& known = ids_[likely - 1];
      if (known.size > inline_size) __builtin_prefetch(long_ids_.data() + known.tail);
    }
    for (std::int64_t k = 0; k < size; ++k) codes[begin + k] = find_or_add(values[begin + k], ids[k], hashes[k]);
  }
}

std::vector<std::int32_t> sorted_ids(const IdEncoder& ids) {
  struct Key {
    std::uint64_t first, second;
    std::int32_t code;
  };
  const std::size_t shared = shared_size(ids);
  std::vector<Key> keys(static_cast<std::size_t>(ids.size()));
  for (std::int64_t code = 0; code < ids.size(); ++code) {
    const std::string_view id = ids[code];
    keys[code] = {sort_word(id, shared), sort_word(id, shared + 8), static_cast<std::int32_t>(code)};
  }
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second != b.second) return a.second < b.second;
    return ids[a.code] < ids[b.code];
  });
  std::vector<std::int32_t> order(keys.size());
  std::transform(keys.begin(), keys.end(), order.begin(), [](const Key& key) { return key.code; });
  return order;
}

void replace_codes(std::int32_t* codes, std::int64_t count, const std::vector<std::int32_t>& new_code,
                   const RunControl& control) {
  constexpr std::int64_t stretch = 1 << 18;
  const auto known = static_cast<std::int64_t>(new_code.size());
  check_count(count, "count");
  check_pointer(codes, count, "codes");
  parallel_for((count + stretch - 1) / stretch, control, [&](std::int64_t task) {
    const std::int64_t end = std::min(count, (task + 1) * stretch);
    for (std::int64_t k = task * stretch; k < end; ++k) {
      if (codes[k] >= known) refuse("codes", "number " + std::to_string(k) + " has no new code");
      if (codes[k] >= 0) codes[k] = new_code[codes[k]];
    }
  });
}

bool written_integer(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > 19 || (digits[0] == '0' && text.size() > 1)) return false;
  std::uint64_t magnitude = 0;  // 19 digits fit
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return false;
    magnitude = 10 * magnitude + static_cast<std::uint64_t>(digit - '0');
  }
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  if (magnitude > largest + (negative ? 1 : 0)) return false;
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

}  // namespace coals
