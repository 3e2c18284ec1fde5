// The list of loans behind lent_memory.hpp: few at a time, so that looking through it costs nothing.
#include "core/lent_memory.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <busfare/error.hpp>

#include "core/devices.hpp"
#include "core/residency.hpp"

namespace busfare::core {
namespace {

struct loan {
  const void* by;
  std::uintptr_t from, to;
  source_line line;
  std::thread::id lender;
};

struct loan_list {
  std::mutex lock;
  std::condition_variable ended;
  std::vector<loan> all;

  const loan* holding(std::uintptr_t from, std::uintptr_t to) const {
    for (const loan& each : all)
      if (each.from < to && from < each.to) return &each;
    return nullptr;
  }
};
loan_list& loans() {
  static auto* const l = new loan_list;  // leases may end while the process does
  return *l;
}

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

}  // namespace

void lend(const void* by, const void* from, std::size_t bytes, source_line line) {
  if (bytes == 0) return;
  const std::scoped_lock hold(loans().lock);
  loans().all.push_back({by, address(from), address(from) + bytes, line, std::this_thread::get_id()});
}

void take_back(const void* by) noexcept {
  {
    const std::scoped_lock hold(loans().lock);
    std::erase_if(loans().all, [by](const loan& each) { return each.by == by; });
  }
  loans().ended.notify_all();
}

void await_taken_back(const void* to, std::size_t bytes, const std::string& cause) {
  if (bytes == 0) return;
  const std::uintptr_t first = address(to), last = first + bytes;
  std::optional<std::chrono::steady_clock::time_point> end;  // of the wait, should there be one
  std::unique_lock hold(loans().lock);
  while (const loan* const held = loans().holding(first, last)) {
    if (held->lender == std::this_thread::get_id()) {
      error::details d;
      d.line = held->line;
      d.hint = "end the lease first, or copy to other memory; other threads would wait for its end";
      throw error(error_class::invalid_argument,
                  cause + " would write " + std::to_string(bytes) +
                      " bytes over memory that this thread lent to the array of " + at_line(held->line),
                  d);
    }
    if (!end) {
      const std::chrono::nanoseconds limit = longest_wait();
      using clock = std::chrono::steady_clock;
      end = limit.count() == 0 ? clock::time_point::max() : clock::now() + limit;
    }
    const source_line lent_at = held->line;  // the list changes while nobody holds its lock
    if (*end == std::chrono::steady_clock::time_point::max()) {
      loans().ended.wait(hold);
    } else if (loans().ended.wait_until(hold, *end) == std::cv_status::timeout) {
      error::details d;
      d.line = lent_at;
      d.hint = "end the lease; BUSFARE_WAIT says how long is waited";
      throw error(error_class::timeout,
                  cause + " waited for memory of " + std::to_string(bytes) +
                      " bytes that another thread lent to the array of " + at_line(lent_at),
                  d);
    }
  }
}

}  // namespace busfare::core
