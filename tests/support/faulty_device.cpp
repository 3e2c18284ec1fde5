// The cpu behind the seam, far away and wrong on purpose.
#include "support/faulty_device.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <utility>
#include <vector>

#include <busfare/backend/module.hpp>

#include "cpu/module.hpp"

namespace conformance {

namespace {

using namespace busfare;
using backend::block;
using snapshots = std::map<void*, std::vector<std::byte>>;

// Another value: one bit apart, or a number where a NaN would stay one.
template <class T> void spoil_number(std::byte* at) {
  T x;
  std::memcpy(&x, at, sizeof x);
  if (x != x) x = T(1);
  std::memcpy(at, &x, sizeof x);
  *at ^= std::byte{1};
}
void spoil(std::byte* at, type t) {
  if (t == type::f32)
    spoil_number<float>(at);
  else if (t == type::f64)
    spoil_number<double>(at);
  else
    *at ^= std::byte{1};
}

class executable final : public backend::executable {
 public:
  executable(std::unique_ptr<backend::executable> inner, const backend::build_request& what)
      : inner_(std::move(inner)),
        work(what.work),
        parameters(what.parameters.begin(), what.parameters.end()) {}
  [[nodiscard]] std::string_view build_log() const override { return inner_->build_log(); }
  [[nodiscard]] bool from_cache() const override { return inner_->from_cache(); }
  [[nodiscard]] backend::executable& inner() const { return *inner_; }

 private:
  std::unique_ptr<backend::executable> inner_;

 public:
  backend::work work;
  std::vector<backend::parameter> parameters;
};

class queue final : public backend::queue {
 public:
  queue(std::unique_ptr<backend::queue> inner, fault f, snapshots& before)
      : inner_(std::move(inner)), fault_(f), before_(before) {}

  void copy(const block& to, const block& from, std::size_t bytes) override {
    inner_->copy(to, from, bytes);
    const auto old = before_.find(from.handle);
    if (fault_ == fault::stale_replica && old != before_.end()) {
      void* const target =
          to.kind != backend::memory_kind::pageable && to.host != nullptr ? to.host : to.handle;
      std::memcpy(static_cast<std::byte*>(target) + to.offset, old->second.data() + from.offset,
                  std::min(bytes, old->second.size() - from.offset));
    }
  }

  void run(backend::executable& what, const backend::launch& how) override {
    executable& e = static_cast<executable&>(what);
    for (std::size_t k = 0; k < e.parameters.size(); ++k) {
      if (e.parameters[k].kind != backend::parameter_kind::result) continue;
      // Not what the memory really held: a pooled block may hold the very same results from an earlier case.
      const block& memory = how.arguments[k].memory;
      before_[memory.handle].assign(memory.bytes, std::byte{0xa5});
    }
    backend::launch changed = how;
    const bool folds = e.work == backend::work::fold;
    if (fault_ == fault::lost_tail && folds && how.count > 1) changed.count = how.count - 1;
    inner_->run(e.inner(), changed);
    if (how.count == 0) return;
    for (std::size_t k = 0; k < e.parameters.size(); ++k) {
      if (e.parameters[k].kind != backend::parameter_kind::result) continue;
      auto* data = static_cast<std::byte*>(how.arguments[k].memory.handle);
      const std::size_t size = size_of(e.parameters[k].type);
      const std::uint64_t blocks = (how.count - 1) / tree_block + 1;
      const std::uint64_t written = folds ? blocks : how.count;
      const std::uint64_t first = folds ? how.first / tree_block : how.first;
      if (fault_ == fault::wrong_row) spoil(data + (first + written / 2) * size, e.parameters[k].type);
      if (fault_ == fault::lost_tail && !folds) {
        const std::size_t at = (first + written - 1) * size;
        std::memcpy(data + at, before_[data].data() + at, size);
      }
    }
  }
  void wait_for(backend::event& e) override { inner_->wait_for(e); }
  std::unique_ptr<backend::event> mark() override { return inner_->mark(); }
  void flush() override { inner_->flush(); }
  void* native() override { return nullptr; }

 private:
  std::unique_ptr<backend::queue> inner_;
  fault fault_;
  snapshots& before_;
};

class device final : public backend::device {
 public:
  explicit device(fault f) : fault_(f) {
    services_.host_alloc = [](std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); };
    services_.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
    inner_ = busfare_module_cpu()->open(services_, "cpu");
    info_ = inner_->info();
    info_.name = std::string("faulty:") + name_of(f);
    info_.description = "the cpu with a planted error";
    info_.fingerprint = info_.name;
    info_.shares_host_memory = false;
  }
  [[nodiscard]] const backend::device_info& info() const override { return info_; }
  block allocate(std::size_t bytes, backend::memory_kind kind) override {
    block b = inner_->allocate(bytes, kind);
    std::memset(b.handle, 0xa5, bytes);
    return b;
  }
  void release(const block& memory) noexcept override {
    before_.erase(memory.handle);
    inner_->release(memory);
  }
  std::optional<block> adopt(void*, std::size_t) override { return std::nullopt; }
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override {
    return std::make_unique<executable>(inner_->build(what), what);
  }
  std::unique_ptr<backend::queue> open(backend::engine which) override {
    return std::make_unique<queue>(inner_->open(which), fault_, before_);
  }
  std::string health() override { return {}; }
  void* native() override { return nullptr; }

 private:
  fault fault_;
  backend::services services_{};
  snapshots before_;
  std::unique_ptr<backend::device> inner_;
  backend::device_info info_;
};

}  // namespace

std::unique_ptr<backend::device> make_faulty_device(fault f) { return std::make_unique<device>(f); }

}  // namespace conformance
