// A call of the C interface under hooks of its caller, of which some cancel, end a fit or have no memory.
#pragma once

#include <thread>

#include "../cpp/allocations/failing_new.hpp"
#include "api_checks.hpp"

constexpr std::size_t largest_allocation = std::size_t{1} << 24;

// What the hooks of a coals_control know.
struct Hooks {
  bool cancels = false, cancelled = false, refused = false;
  std::int64_t last_sweep = 0, held = 0, fails_at = 0;

  static Hooks& of(void* context) { return *static_cast<Hooks*>(context); }

  static int poll(void* context) {
    of(context).cancelled |= of(context).cancels;
    return of(context).cancels;
  }

  static int on_sweep(void* context, std::int64_t sweep, double) { return sweep == of(context).last_sweep; }

  static void* allocate(std::size_t bytes, void* context) {
    if (bytes > largest_allocation || --of(context).fails_at == 0) {
      of(context).refused = true;
      return nullptr;
    }
    ++of(context).held;
    return std::aligned_alloc(64, (bytes / 64 + 1) * 64);
  }

  static void release(void* data, std::size_t, void* context) {
    --of(context).held;
    std::free(data);
  }

  // A control with some of them.
  coals_control control(Bytes& bytes) {
    coals_control own{sizeof own, 1, 0, this, poll, nullptr, nullptr, nullptr};
    const std::uint8_t choice = bytes.byte();
    if (choice & 1) {
      last_sweep = 1 + bytes.upto(3);
      own.on_sweep = on_sweep;
    }
    if (choice & 2) {
      fails_at = bytes.byte();
      own.allocate = allocate;
      own.release = release;
    }
    cancels = choice >= 228 && choice < 244;
    if (choice >= 244 && choice < 248) own.release = nullptr;
    if (choice >= 248) own.num_threads = choice == 255 ? 2 : -1 - bytes.byte();
    return own;
  }
};

// call(control, error), now and then with an allocation that fails.
template <class Call>
coals_status run(Bytes& bytes, Hooks& hooks, Call call) {
  const Given<coals_control> control(hooks.control(bytes), bytes);
  coals_error blank{};
  std::memset(&blank, 'x', sizeof blank);
  const Given<coals_error> error(blank, bytes);
  const std::int64_t fails = bytes.one_in(16) ? 1 + bytes.byte() : 0;
  coals_status status = COALS_OK;
  const auto go = [&] {
    failing_new::arm(fails, largest_allocation);
    status = call(control.get(), error.get());
    failing_new::disarm();
  };
  // A thread polls at once the first time, and from then on by the clock.
  hooks.cancels ? std::thread(go).join() : go();
  check_status(status, error);
  // Other allocations may fail without harm: sorting then goes without a buffer.
  if (hooks.refused) require(status == COALS_OUT_OF_MEMORY);
  if (status == COALS_CANCELLED) require(hooks.cancelled);
  return status;
}

// Calls that need no model.
void call_top_k(Bytes& bytes, const coals_api& api);
void call_item_pairs(Bytes& bytes, const coals_api& api);
void call_ranking_metrics(Bytes& bytes, const coals_api& api);
void call_get_api(Bytes& bytes);
