// prefetch, warm, and the rule that forbids crossings nobody spelled.
#include "core/prefetch.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busfare/runtime.hpp>

#include "core/executor.hpp"
#include "core/kernel_build.hpp"
#include "core/residency.hpp"
#include "core/trace_record.hpp"
#include "core/versions.hpp"

namespace busfare {
namespace core {
namespace {

std::atomic<implicit_transfers> rule{implicit_transfers::allow};

// Guarded by the run lock. Never destroyed: drivers may be gone when static destructors run.
std::vector<std::unique_ptr<run_log>>& pending() {
  static auto* const list = new std::vector<std::unique_ptr<run_log>>;
  return *list;
}

bool is_done(const run_log& log) {
  for (const run_log::mark& m : log.marks)
    if (!m.event->done()) return false;
  for (const auto& e : log.awaited)
    if (!e->done()) return false;
  return true;
}

}  // namespace

void settle_prefetches(bool all) noexcept {
  std::erase_if(pending(), [all](const std::unique_ptr<run_log>& log) {
    try {
      if (!all && !is_done(*log)) return false;
      busfare::trace of_log;
      log->settle(of_log);
      keep_trace(of_log, log->began);
      log->release();
    } catch (const std::exception& e) {
      const bool brings = !log->brought.empty();
      log->release();
      log->disown();
      try {
        note((brings ? "a prefetch failed and will be made again: "
                     : "what a stream of the program was to finish failed: ") +
             std::string(e.what()));
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory even to say so
      }
    }
    return true;
  });
}

void keep_until_done(std::unique_ptr<run_log> log) { pending().push_back(std::move(log)); }

void refuse_implied(std::span<const transfer> crossings) {
  std::string all;
  int count = 0;
  const transfer* first = nullptr;
  for (const transfer& t : crossings) {
    if (!t.implied || t.bytes == 0) continue;
    if (first == nullptr) first = &t;
    ++count;
    all += (count > 1 ? "; " : "") + t.cause + " (" + std::to_string(t.bytes) + " bytes " +
           (t.direction == direction::upload ? "up)" : "down)");
  }
  if (first == nullptr) return;
  error::details d;
  d.device = first->device;
  d.hint =
      "bring them with bf::prefetch, choose devices so that they need not cross, or allow implicit transfers";
  throw error(error_class::invalid_argument,
              "implicit transfers are forbidden, and this run needs " + std::to_string(count) + ": " + all,
              d);
}

}  // namespace core

namespace detail {

void prefetch_array(const array_handle& a, const std::string& device, source_line line) {
  using namespace core;
  std::scoped_lock hold(run_lock());
  device_slot& slot = device_list::shared().open_named(device, line);
  settle_prefetches(false);
  if (a->producer || a->open.load(std::memory_order_acquire))
    execute({&a, 1}, slot.is_host(), "prefetch at " + at_line(line));
  profile(slot);
  if (a->bytes == 0) return;
  auto log = std::make_unique<run_log>();
  try {
    bring_to(slot, a, described(*a) + ", prefetched at " + at_line(line) + ",", *log);
    if (!log->marks.empty()) {
      slot.upload->flush();
      pending().push_back(std::move(log));
    }
  } catch (...) {
    if (log) {
      log->release();
      log->disown();
    }
    throw;
  }
}

void warm_arrays(std::span<const array_handle> wanted, source_line line) {
  using namespace core;
  std::scoped_lock hold(run_lock());
  const cone c = collect_closed(wanted, "warm at " + at_line(line));
  if (c.nodes.empty()) return;
  keep_recent_kernels();
  bool reused = false, cached = true;
  double seconds = 0;
  const auto made = plan_for(c, reused, check_mode());
  for (std::size_t g = 0; g < made->groups.size(); ++g) {
    device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(made->device[g])];
    const kernel_form& form = made->forms[g];
    if (slot.built.find(form.key) == slot.built.end()) {
      build(slot, &c, &made->groups[g], form, seconds, cached);
      slot.warmed.insert(form.key);
      ++counts().built;
      if (cached) ++counts().build_cache_hits;
    }
    if (form.fold != nullptr && made->groups[g].shape.count() > tree_block)
      build(slot, nullptr, nullptr, level_form(form), seconds, cached);
  }
}

}  // namespace detail

void set_transfer_rule(implicit_transfers r) { core::rule.store(r, std::memory_order_relaxed); }
implicit_transfers transfer_rule() { return core::rule.load(std::memory_order_relaxed); }

}  // namespace busfare
