// What tests ask of the fake driver, and what it says when the process ends.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

using lock = std::lock_guard<std::mutex>;

void reset(const settings* s) {
  const lock guard(world_lock());
  replace_world(s);
  context_stack().clear();
}

census alive() {
  const lock guard(world_lock());
  const world& w = the_world();
  census c;
  c.contexts = w.contexts.size();
  c.streams = w.streams.size();
  c.events = w.events.size();
  c.modules = w.modules.size();
  for (const auto& [at, b] : w.memory.blocks()) {
    if (b->freed.number != 0) continue;  // its release is queued
    ++(b->kind == block_kind::device ? c.device_blocks
       : b->kind == block_kind::pool ? c.pool_blocks
                                     : c.pinned_blocks);
    c.bytes += b->bytes;
  }
  c.queued = w.schedule.queued();
  c.leaked = w.leaked;
  return c;
}

constexpr driver_control control = {
    reset,
    [](const fault* f) {
      const lock guard(world_lock());
      the_world().plan.add(*f);
    },
    [] {
      const lock guard(world_lock());
      the_world().plan.clear();
      the_world().next_work.reset();
    },
    [] {
      const lock guard(world_lock());
      return the_world().plan.calls();
    },
    [](std::uint64_t i) {
      const lock guard(world_lock());
      return the_world().plan.call_name(i);
    },
    alive,
    [] {
      const lock guard(world_lock());
      return the_world().plan.misuse_count();
    },
    [](std::uint64_t i) {
      const lock guard(world_lock());
      return the_world().plan.misuse(i);
    },
    [] {
      const lock guard(world_lock());
      return the_world().loss_at;
    },
    [] {
      const lock guard(world_lock());
      the_world().schedule.release_hung();
      world_changed().notify_all();
    },
    [] {
      const lock guard(world_lock());
      return the_world().launches;
    },
};

// A driver that is unloaded before the program's last calls answers them with an error. With
// FAKE_CUDA_STRICT=1 a process that misused the driver, or lost handles with a context, fails.
struct at_exit {
  at_exit() = default;
  at_exit(const at_exit&) = delete;
  at_exit& operator=(const at_exit&) = delete;
  ~at_exit() {
    const lock guard(world_lock());
    const world& w = the_world();
    shut_down = true;
    const char* strict = std::getenv("FAKE_CUDA_STRICT");
    if (strict == nullptr || std::strcmp(strict, "1") != 0) return;
    std::fprintf(
        stderr, "fake CUDA driver: seed %llu, %llu calls, %llu launches, %llu misuses, %llu handles lost\n",
        static_cast<unsigned long long>(w.set.seed), static_cast<unsigned long long>(w.plan.calls()),
        static_cast<unsigned long long>(w.launches), static_cast<unsigned long long>(w.plan.misuse_count()),
        static_cast<unsigned long long>(w.leaked));
    for (std::uint64_t i = 0; i < w.plan.misuse_count(); ++i)
      std::fprintf(stderr, "  misuse: %s\n", w.plan.misuse(i));
    std::fflush(nullptr);
    if (w.plan.misuse_count() != 0 || w.leaked != 0) _exit(3);
  }
};
const at_exit exit_report;

}  // namespace

FAKE_EXPORT const driver_control* fake_cuda_control() { return &control; }
