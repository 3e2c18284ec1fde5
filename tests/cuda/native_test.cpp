// A program's own driver calls beside the library: on held memory, with memory and streams of its own.
#include <functional>
#include <numeric>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "core/residency.hpp"
#include "cuda/driver.hpp"
#include "support/fake_gpu.hpp"

namespace {

using namespace busfare_tests;
namespace bf = busfare;
using fake_cuda::effect;
using fake_cuda::fault;
using fake_cuda::order;

constexpr const char* device_name = "cuda:0";

std::vector<float> counted(std::size_t n, float first = 0) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}

std::vector<float> values(const bf::array<float>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

struct twice {
  auto operator()(auto x) const { return x * 2.0f; }
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::invalid_argument) << e.what();
    EXPECT_FALSE(e.where().hint.empty()) << e.what();
    EXPECT_EQ(e.where().device, device_name) << e.what();
    EXPECT_NE(e.where().line.line, 0u) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// The whole library on the fake driver, and a program that calls the driver itself.
class native_gpu : public fake_gpu {
 protected:
  void SetUp() override {
    fake_gpu::SetUp();
    if (*compiler->compiler() == 0) GTEST_SKIP() << "no C++ compiler for the fake NVRTC";
    restart(order::late);
  }
  void TearDown() override {
    close();
    fake_gpu::TearDown();
  }

  void restart(order when) {
    fake_cuda::settings s;
    s.when = when;
    s.devices = 2;
    static const bool is_listed = [&] {  // once in a process: the fake must have both by then
      start(s);
      return !core::device_list::shared().slots().empty();
    }();
    ASSERT_TRUE(is_listed);
    close();
    start(s);
    context = static_cast<CUcontext>(bf::native_device_of(device_name).context);
  }
  /// Everything that the library keeps for the device goes, and the device is closed.
  static void close() {
    const std::scoped_lock hold(core::run_lock());
    bf::forget();
    for (const auto& slot : core::device_list::shared().slots()) {
      if (!slot->info.name.starts_with("cuda:") || !slot->device) continue;
      core::drain_released(*slot);
      bf::forget();
      slot->compute.reset();
      slot->upload.reset();
      slot->download.reset();
      slot->device.reset();
    }
  }

  /// A driver call of the program, in the shared context.
  template <class Call> void call(const Call& what) const {
    ASSERT_EQ(cu.cuCtxPushCurrent_v2(context), CUDA_SUCCESS);
    EXPECT_EQ(what(), CUDA_SUCCESS);
    CUcontext popped = nullptr;
    EXPECT_EQ(cu.cuCtxPopCurrent_v2(&popped), CUDA_SUCCESS);
    EXPECT_EQ(popped, context);
  }
  [[nodiscard]] CUdeviceptr memory(std::size_t bytes) const {
    CUdeviceptr at = 0;
    call([&] { return cu.cuMemAlloc_v2(&at, bytes); });
    return at;
  }
  void free(CUdeviceptr at) const {
    call([&] { return cu.cuMemFree_v2(at); });
  }
  [[nodiscard]] CUstream stream() const {
    CUstream s = nullptr;
    call([&] { return cu.cuStreamCreate(&s, CU_STREAM_NON_BLOCKING); });
    return s;
  }
  void destroy(CUstream s) const {
    call([&] { return cu.cuStreamDestroy_v2(s); });
  }
  void wait(CUstream s) const {
    call([&] { return cu.cuStreamSynchronize(s); });
  }
  /// What stands for a kernel of the program's: the fake driver runs it when somebody waits for it.
  void copy(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream s) const {
    call([&] { return cu.cuMemcpyDtoDAsync_v2(to, from, bytes, s); });
  }
  /// Memory of the program with these values; everything is complete.
  [[nodiscard]] CUdeviceptr filled(const std::vector<float>& from) const {
    const CUdeviceptr at = memory(from.size() * 4);
    const CUstream s = stream();
    call([&] { return cu.cuMemcpyHtoDAsync_v2(at, from.data(), from.size() * 4, s); });
    wait(s);
    destroy(s);
    return at;
  }
  [[nodiscard]] std::vector<float> read(CUdeviceptr at, std::size_t n, CUstream s) const {
    std::vector<float> v(n);
    call([&] { return cu.cuMemcpyDtoHAsync_v2(v.data(), at, n * 4, s); });
    wait(s);
    return v;
  }

  const cuda::driver& cu = *cuda::find_driver().table;
  CUcontext context = nullptr;
};

TEST_F(native_gpu, a_program_works_on_held_memory_and_waits_itself) {
  const CUdeviceptr fresh = filled(counted(9000, 100));
  const CUstream s = stream();
  {
    auto x = bf::map(bf::on(device_name), twice{}, bf::copy_of(counted(9000)));
    std::vector<float> want = counted(9000);
    for (float& v : want) v *= 2;
    EXPECT_EQ(read(bf::native(x, device_name).address(), 9000, s), want);
    for (const bool over : {true, false}) {
      {
        const auto hold = over ? bf::native_overwrite(x, device_name) : bf::native_write(x, device_name);
        EXPECT_EQ(hold.api(), "cuda");
        copy(hold.address(), fresh, hold.bytes(), s);
        wait(s);
      }
      EXPECT_EQ(values(bf::map(bf::on(device_name), twice{}, x)),
                values(bf::map(bf::on("cpu"), twice{}, bf::copy_of(counted(9000, 100)))));
      EXPECT_EQ(values(x), counted(9000, 100));
    }
  }
  destroy(s);
  free(fresh);
}

// In every order that a device may choose; the fake counts whatever is used or given back too early.
TEST_F(native_gpu, streams_of_the_program_are_in_order_with_the_library) {
  for (const order when : {order::late, order::random, order::early}) {
    SCOPED_TRACE(static_cast<int>(when));
    restart(when);
    const CUdeviceptr fresh = filled(counted(9000, 100)), out = memory(36000);
    const CUstream s = stream();
    const bf::native_stream on{s};
    {
      auto x = bf::copy_of(counted(9000));
      for (int round = 0; round < 3; ++round) {
        bf::prefetch(bf::copy_of(counted(70000)), device_name);  // an upload on its way
        {
          const auto hold = bf::native(x, device_name, on);
          copy(out, hold.address(), 36000, s);
        }
        const std::vector<float> before = values(x);
        {
          const auto hold = bf::native_write(x, device_name, on);
          copy(hold.address(), fresh, 20000, s);  // the first 5000 elements
        }
        std::vector<float> want = before;
        for (std::size_t i = 0; i < 5000; ++i) want[i] = static_cast<float>(i + 100);
        EXPECT_EQ(values(bf::map(bf::on(device_name), twice{}, x)),
                  values(bf::map(bf::on("cpu"), twice{}, bf::copy_of(want))));
        EXPECT_EQ(values(x), want);
        EXPECT_EQ(read(out, 9000, s), before);
        // Nobody has the array while the program's work on it is on its way.
        {
          auto gone = bf::copy_of(counted(9000));
          const auto hold = bf::native_write(gone, device_name, on);
          copy(hold.address(), fresh, 36000, s);
        }
        for (float& v : x.write()) v = static_cast<float>(round);
      }
    }
    wait(s);
    bf::forget();
    destroy(s);
    free(out);
    free(fresh);
  }
}

TEST_F(native_gpu, the_default_stream_is_one_of_them) {
  const CUdeviceptr fresh = filled(counted(500, 7));
  {
    auto x = bf::copy_of(counted(500));
    {
      const auto hold = bf::native_write(x, device_name, bf::native_stream{});
      copy(hold.address(), fresh, hold.bytes(), nullptr);
    }
    EXPECT_EQ(values(x), counted(500, 7));
  }
  bf::forget();
  free(fresh);
}

TEST_F(native_gpu, the_librarys_own_stream_may_be_used) {
  const CUdeviceptr fresh = filled(counted(500, 7));
  {
    auto x = bf::copy_of(counted(500));
    const auto s = static_cast<CUstream>(bf::native_device_of(device_name).compute);
    {
      const auto hold = bf::native_write(x, device_name, bf::native_stream{s});
      copy(hold.address(), fresh, hold.bytes(), s);
    }
    EXPECT_EQ(values(x), counted(500, 7));
  }
  bf::forget();
  free(fresh);
}

TEST_F(native_gpu, memory_of_the_program_is_adopted_and_given_back_when_nothing_uses_it) {
  for (const order when : {order::late, order::random}) {
    restart(when);
    const CUdeviceptr source = filled(counted(9000, 3)), mine = memory(36000);
    const CUstream s = stream();
    int freed = 0;
    {
      copy(mine, source, 36000, s);  // perhaps not begun
      const auto x = bf::adopt_native<float>(device_name,
                                             std::shared_ptr<void>(reinterpret_cast<void*>(mine),
                                                                   [&](void* p) {
                                                                     ++freed;
                                                                     free(reinterpret_cast<CUdeviceptr>(p));
                                                                   }),
                                             bf::extents(9000), bf::native_stream{s});
      const auto y = bf::map(bf::on(device_name), twice{}, x);
      EXPECT_EQ(bf::run(y).bytes_up, 0u);
      EXPECT_EQ(values(y), values(bf::map(bf::on("cpu"), twice{}, x)));
      EXPECT_EQ(values(x), counted(9000, 3));
      wait(s);
      EXPECT_EQ(freed, 0);
    }
    bf::forget();
    EXPECT_EQ(freed, 1);

    // A part, on loan, as elements that start inside of the memory.
    auto loan =
        bf::view_of_native<float>(device_name, reinterpret_cast<void*>(source + 4), bf::extents(8999));
    const auto kept = *loan;
    EXPECT_EQ(bf::sum(bf::on(device_name), *loan).value(), bf::sum(bf::copy_of(counted(8999, 4))).value());
    loan.end();
    free(source);
    EXPECT_EQ(values(kept), counted(8999, 4));
    destroy(s);
  }
}

TEST_F(native_gpu, what_cannot_be_adopted_is_refused_in_words) {
  restart(order::random);
  const CUdeviceptr mine = memory(4000);
  const auto lend = [&](std::uint64_t at, std::size_t n) {
    return refusal(
        [&] { (void)bf::view_of_native<float>(device_name, reinterpret_cast<void*>(at), bf::extents(n)); });
  };
  std::string text = lend(mine, 1001);
  EXPECT_NE(text.find("hold 4004 bytes has only 4000"), std::string::npos) << text;
  text = lend(mine + 2000, 501);
  EXPECT_NE(text.find("has only 2000"), std::string::npos) << text;
  text = lend(mine + 2, 10);
  EXPECT_NE(text.find("aligned to the 4 bytes"), std::string::npos) << text;
  text = lend(0, 10);
  EXPECT_NE(text.find("null"), std::string::npos) << text;
  float on_stack[10] = {};
  text = lend(reinterpret_cast<std::uint64_t>(on_stack), 10);
  EXPECT_NE(text.find("bf::view_of"), std::string::npos) << text;
  void* pinned = nullptr;
  call([&] { return cu.cuMemHostAlloc(&pinned, 4000, 0); });
  text = lend(reinterpret_cast<std::uint64_t>(pinned), 10);
  EXPECT_NE(text.find("is host memory"), std::string::npos) << text;
  call([&] { return cu.cuMemFreeHost(pinned); });
  const bf::native_device second = bf::native_device_of("cuda:1");
  EXPECT_EQ(second.ordinal, 1);
  text = refusal([&] { (void)bf::view_of_native<float>(device_name, nullptr, bf::extents(10)); });
  {
    auto x = bf::copy_of(counted(100));
    const auto hold = bf::native(x, "cuda:1");
    text = lend(hold.address(), 10);
    EXPECT_NE(text.find("GPU 1"), std::string::npos) << text;
  }
  free(mine);
  text = lend(mine, 10);
  EXPECT_NE(text.find("was freed"), std::string::npos) << text;
}

TEST_F(native_gpu, a_stream_of_another_context_is_refused) {
  restart(order::random);
  const bf::native_stream other{bf::native_device_of("cuda:1").compute};
  auto x = bf::copy_of(counted(100));
  const std::string text = refusal([&] { (void)bf::native(x, device_name, other); });
  EXPECT_NE(text.find("primary context"), std::string::npos) << text;
  refusal([&] { (void)bf::native_write(x, device_name, other); });
  EXPECT_EQ(values(x), counted(100)) << "the version of before is there";
  EXPECT_EQ(values(bf::map(bf::on(device_name), twice{}, x)), values(bf::map(bf::on("cpu"), twice{}, x)));
  close();
  start({});  // the fake has counted the foreign streams
}

// Every call of the driver fails once: contents are old or new, and nothing leaks.
TEST_F(native_gpu, each_call_in_turn_fails) {
  int thrown = 0;
  std::uint64_t call_number = 1;
  for (bool met = true; met; ++call_number) {
    restart(order::random);
    SCOPED_TRACE("call " + std::to_string(call_number));
    const CUdeviceptr fresh = filled(counted(2000, 100)), mine = filled(counted(2000, 50));
    const CUstream s = stream();
    {
      auto x = bf::copy_of(counted(2000));
      const auto copy_of_x = x;
      const fault f{.nth = call_number, .what = effect::code, .code = CUDA_ERROR_INVALID_VALUE};
      const std::uint64_t before = control->calls();
      control->plan(&f);
      bool changed = false;
      try {
        { (void)bf::native(x, device_name, bf::native_stream{s}); }
        auto hold = bf::native_write(x, device_name, bf::native_stream{s});
        changed = true;
        hold.end();
        auto loan = bf::view_of_native<float>(device_name, reinterpret_cast<void*>(mine), bf::extents(2000));
        EXPECT_EQ(values(*loan), counted(2000, 50));
      } catch (const error& e) {
        ++thrown;
        EXPECT_EQ(e.where().device, device_name) << e.what();
        EXPECT_TRUE(e.kind() == error_class::internal || e.kind() == error_class::invalid_argument)
            << e.what();
      }
      met = control->calls() >= before + call_number;
      control->clear_plan();
      EXPECT_EQ(values(x), counted(2000)) << changed;
      EXPECT_EQ(values(copy_of_x), counted(2000));
      EXPECT_EQ(values(bf::map(bf::on(device_name), twice{}, x)), values(bf::map(bf::on("cpu"), twice{}, x)));
    }
    wait(s);
    destroy(s);
    bf::forget();
    free(fresh);
    free(mine);
    close();
    expect_clean();
    if (HasFailure()) break;
  }
  EXPECT_GT(thrown, 10);
}

}  // namespace
