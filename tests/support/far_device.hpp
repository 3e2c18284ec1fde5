// The cpu behind the seam with a link of its own, for tests of prices: what it is and what it knows is told.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <busfare/backend/module.hpp>
#include <busfare/profile.hpp>

#include "core/devices.hpp"
#include "cpu/module.hpp"

namespace far_device {

namespace backend = busfare::backend;

/// What a test may change while the device lives.
struct behaviour {
  bool cached = false;                                          ///< what is_cached answers
  std::function<void(backend::device_info&)> describe;          ///< once, before the device is in the list
  std::function<void(const backend::build_request&)> at_build;  ///< called with what is to be built
  std::function<void()> at_run;                                 ///< called at each launch
  std::function<void(backend::engine)> at_copy;                 ///< called before each copy
  std::function<void(backend::engine)> at_end;  ///< called when an event of that engine is asked; may throw
};

inline backend::services memory_services() {
  backend::services core{};
  core.host_alloc = [](std::size_t bytes) -> void* { return ::operator new (bytes, std::align_val_t{64}); };
  core.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  return core;
}

class event final : public backend::event {
 public:
  event(std::unique_ptr<backend::event> inner, backend::engine which, std::shared_ptr<behaviour> how)
      : inner_(std::move(inner)), which_(which), how_(std::move(how)) {}
  bool done() override {
    if (how_->at_end) how_->at_end(which_);
    return inner_->done();
  }
  bool wait(std::chrono::nanoseconds deadline) override {
    if (how_->at_end) how_->at_end(which_);
    return inner_->wait(deadline);
  }
  std::optional<backend::span_ns> times() override { return inner_->times(); }
  backend::event& inner() { return *inner_; }

 private:
  std::unique_ptr<backend::event> inner_;
  backend::engine which_;
  std::shared_ptr<behaviour> how_;
};

class queue final : public backend::queue {
 public:
  queue(std::unique_ptr<backend::queue> inner, backend::engine which, std::shared_ptr<behaviour> how)
      : inner_(std::move(inner)), which_(which), how_(std::move(how)) {}
  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override {
    if (how_->at_copy) how_->at_copy(which_);
    inner_->copy(to, from, bytes);
  }
  void run(backend::executable& what, const backend::launch& l) override {
    if (how_->at_run) how_->at_run();
    if (&what != nothing) inner_->run(what, l);
  }
  void wait_for(backend::event& e) override { inner_->wait_for(dynamic_cast<event&>(e).inner()); }
  std::unique_ptr<backend::event> mark() override {
    return std::make_unique<event>(inner_->mark(), which_, how_);
  }
  void flush() override {}
  void* native() override { return nullptr; }

  static inline backend::executable* nothing = nullptr;  ///< a kernel that no code stands behind

 private:
  std::unique_ptr<backend::queue> inner_;
  backend::engine which_;
  std::shared_ptr<behaviour> how_;
};

class empty_kernel final : public backend::executable {
 public:
  empty_kernel() { queue::nothing = this; }
  [[nodiscard]] std::string_view build_log() const override { return {}; }
  [[nodiscard]] bool from_cache() const override { return false; }
};

/// Dialect "host" computes; with another one kernels do nothing.
class device final : public backend::device {
 public:
  device(const std::string& name, const std::string& dialect, std::shared_ptr<behaviour> how)
      : inner_(busfare_module_cpu()->open(memory_services(), "cpu")), how_(std::move(how)) {
    info_ = inner_->info();
    info_.name = info_.fingerprint = name;
    info_.dialect = dialect;
    info_.shares_host_memory = false;
    if (how_->describe) how_->describe(info_);
  }
  [[nodiscard]] const backend::device_info& info() const override { return info_; }
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override {
    return inner_->allocate(bytes, kind);
  }
  void release(const backend::block& memory) noexcept override { inner_->release(memory); }
  std::optional<backend::block> adopt(void*, std::size_t) override { return std::nullopt; }
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override {
    if (how_->at_build) how_->at_build(what);
    if (info_.dialect == "host") return inner_->build(what);
    return std::make_unique<empty_kernel>();
  }
  bool is_cached(const backend::build_request&) override { return how_->cached; }
  std::unique_ptr<backend::queue> open(backend::engine which) override {
    return std::make_unique<queue>(inner_->open(which), which, how_);
  }
  std::string health() override { return {}; }
  void* native() override { return nullptr; }

 private:
  std::unique_ptr<backend::device> inner_;
  std::shared_ptr<behaviour> how_;
  backend::device_info info_;
};

/// Round figures: 100 us a run, 10 us a launch, 7 us a copy on the host; 1 us a launch, 5 us and 1 GB/s a
/// copy on the engines.
inline busfare::device_profile profile() {
  using namespace busfare;
  device_profile p;
  for (const direction way : {direction::upload, direction::download}) {
    link_curve link;
    link.way = way;
    link.submit_seconds = 7e-6;
    link.segments = {{UINT64_MAX, 5e-6, 1e-9}};
    p.links.push_back(link);
  }
  p.rates.run_seconds = 100e-6;
  p.rates.submit_seconds = 10e-6;
  p.rates.launch_seconds = 1e-6;
  p.rates.build_seconds = 0.25;
  p.rates.build_seconds_per_operation = 0.01;
  p.rates.cached_build_seconds = 0.002;
  p.rates.bytes_per_second = 1e9;
  p.rates.flops_per_second_f32 = 1e12;
  return p;
}

/// Puts one into the list, with `profile()`. The slot lives as long as the process.
inline busfare::core::device_slot& add(const std::string& name, const std::string& dialect,
                                       const std::shared_ptr<behaviour>& how) {
  busfare::core::add_device(std::make_unique<device>(name, dialect, how));
  busfare::core::device_slot& slot = busfare::core::device_list::shared().find(name);
  slot.profile = profile();
  return slot;
}

}  // namespace far_device
