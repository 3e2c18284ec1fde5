// Waits for work that never ends: each ends with an error in words, and the device takes nothing more.
#include <functional>
#include <thread>

#include "support/fake_gpu.hpp"

namespace {

using namespace busfare_tests;
using fake_cuda::effect;
using fake_cuda::fault;

class waits : public fake_gpu {
 protected:
  void TearDown() override {
    if (control != nullptr) {
      control->release_hung();
      start({});  // a lost device keeps its handles
    }
    fake_gpu::TearDown();
  }
  std::unique_ptr<device> open_with(std::chrono::nanoseconds longest_wait) {
    services s = services_of_test();
    s.longest_wait = longest_wait;
    return busfare_module_cuda()->open(s, "cuda:0");
  }
  void hang(const char* function, std::uint64_t nth = 1) const {
    fault f;
    f.what = effect::hang;
    f.function = function;
    f.nth = nth;
    control->plan(&f);
  }
  /// A timeout that names device, call, bytes and cure; afterwards the device is lost.
  static void expect_timeout(device& d, const std::string& words, const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::timeout) << e.what();
      EXPECT_EQ(e.where().device, "cuda:0");
      EXPECT_NE(e.message().find(words), std::string::npos) << e.what();
      EXPECT_NE(e.where().hint.find("BUSFARE_WAIT"), std::string::npos) << e.what();
    }
    EXPECT_NE(d.health().find("waited longer than"), std::string::npos) << d.health();
    EXPECT_EQ(thrown_by([&] { d.allocate(16, memory_kind::device); }), error_class::device_lost);
  }
};

constexpr std::chrono::milliseconds soon{20};

TEST_F(waits, of_allocations_end) {
  const auto d = open_with(soon);
  hang("cuMemAllocAsync");
  expect_timeout(*d, "cuMemAllocAsync for 4096 bytes", [&] { d->allocate(4096, memory_kind::device); });
}

TEST_F(waits, for_events_end) {
  const auto d = open_with(soon);
  const auto q = d->open(engine::compute);
  const block x = d->allocate(4096, memory_kind::device), y = d->allocate(4096, memory_kind::device);
  hang("cuMemcpyDtoDAsync_v2");
  q->copy(x, y, 4096);
  const auto e = q->mark();
  EXPECT_FALSE(e->wait(std::chrono::milliseconds(1))) << "a deadline of the caller's is no loss";
  EXPECT_TRUE(d->health().empty());
  expect_timeout(*d, "cuEventSynchronize", [&] { e->wait(std::chrono::nanoseconds::max()); });
}

TEST_F(waits, of_downloads_and_uploads_end) {
  std::vector<std::byte> host(std::size_t{20} << 20);
  for (const bool up : {false, true}) {
    const auto d = open_with(soon);
    const auto q = d->open(engine::download);
    const block x = d->allocate(host.size(), memory_kind::device);
    hang(up ? "cuMemcpyHtoDAsync_v2" : "cuMemcpyDtoHAsync_v2");
    expect_timeout(*d, "cuEventSynchronize for ", [&] {
      if (up)
        q->copy(x, pageable(host.data(), host.size()), host.size());
      else
        q->copy(pageable(host.data(), host.size()), x, host.size());
    });
    control->release_hung();
    control->clear_plan();
  }
}

TEST_F(waits, of_copies_in_host_memory_end) {
  const auto d = open_with(soon);
  const auto q = d->open(engine::compute);
  const block x = d->allocate(4096, memory_kind::device), y = d->allocate(4096, memory_kind::device);
  hang("cuMemcpyDtoDAsync_v2");
  q->copy(x, y, 4096);
  char from[100] = {}, to[100] = {};
  expect_timeout(*d, "cuEventSynchronize for 100 bytes",
                 [&] { q->copy(pageable(to, 100), pageable(from, 100), 100); });
}

TEST_F(waits, that_are_slow_but_end_are_none) {
  const auto d = open_with(std::chrono::hours(1));
  const auto q = d->open(engine::compute);
  const block x = d->allocate(4096, memory_kind::device), y = d->allocate(4096, memory_kind::device);
  fault f;
  f.what = effect::late;
  f.queries = 30;
  f.function = "cuMemcpyDtoDAsync_v2";
  control->plan(&f);
  q->copy(x, y, 4096);
  EXPECT_TRUE(q->mark()->wait(std::chrono::nanoseconds::max()));
  EXPECT_TRUE(d->health().empty());
  d->release(x);
  d->release(y);
}

TEST_F(waits, without_a_limit_last_as_long_as_the_work) {
  const auto d = open();
  const auto q = d->open(engine::compute);
  const block x = d->allocate(4096, memory_kind::device), y = d->allocate(4096, memory_kind::device);
  hang("cuMemcpyDtoDAsync_v2");
  q->copy(x, y, 4096);
  const auto e = q->mark();
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    control->release_hung();
  });
  EXPECT_TRUE(e->wait(std::chrono::nanoseconds::max()));
  later.join();
  d->release(x);
  d->release(y);
}

}  // namespace
