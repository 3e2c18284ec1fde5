// The cuda module when its driver fails: every call in turn, in every way; nothing leaks and nothing is half
// done.
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <cuda.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <numeric>
#include <nvrtc.h>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <busfare/backend/module.hpp>
#include <busfare/error.hpp>

#include "cuda/module.hpp"
#include "fake_cuda/control.hpp"

namespace {

using namespace busfare;
using namespace busfare::backend;
using fake_cuda::effect;
using fake_cuda::fault;
using fake_cuda::order;

constexpr const char* scale_source = R"(
extern "C" __global__ void scale(const float* x, const float* y, const float factor, float* r,
                                 const unsigned long long first, const unsigned long long count,
                                 const unsigned long long, const unsigned long long, const unsigned long long) {
  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
  for (unsigned long long e = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; e < count; e += step)
    r[first + e] = x[first + e] * factor + y[first + e];
}
)";
constexpr const char* total_source = R"(
extern "C" __global__ __launch_bounds__(64) void total(const float* x, float* r, const unsigned long long,
                                                       const unsigned long long count, const unsigned long long,
                                                       const unsigned long long, const unsigned long long) {
  __shared__ float part[64];
  const unsigned j = threadIdx.x;
  const unsigned long long begin = blockIdx.x * 4096ull, end = begin + 4096 < count ? begin + 4096 : count;
  float s = 0;
  for (unsigned long long e = begin + j; e < end; e += 64) s += x[e];
  part[j] = s;
  __syncthreads();
  for (unsigned h = 32; h > 0; h /= 2) {
    if (j < h) part[j] += part[j + h];
    __syncthreads();
  }
  if (j == 0) r[blockIdx.x] = part[0];
}
)";

constexpr std::size_t n = 9000, blocks = 3, piece = 300000;
constexpr float untouched = -7.0f;

services test_services() {
  services s{};
  s.host_alloc = [](std::size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); };
  s.host_free = [](void* p) { std::free(p); };
  s.note = [](std::string_view) {};
  s.cache_get = [](std::string_view, std::vector<std::byte>&) { return false; };
  s.cache_put = [](std::string_view, const std::byte*, std::size_t) {};
  return s;
}
const services& core() {
  static const services s = test_services();
  return s;
}

block pageable(const void* p, std::size_t bytes) {
  return {const_cast<void*>(p), 0, bytes, memory_kind::pageable, const_cast<void*>(p)};
}

/// Gives its memory back whatever happens, as core does: after the queues are idle or the device is lost.
class held_blocks {
 public:
  explicit held_blocks(device& d) : device_(d) {}
  ~held_blocks() {
    for (const block& b : all_) device_.release(b);
  }
  held_blocks(const held_blocks&) = delete;
  held_blocks& operator=(const held_blocks&) = delete;
  block get(std::size_t bytes, memory_kind kind) {
    all_.reserve(all_.size() + 1);
    all_.push_back(device_.allocate(bytes, kind));
    return all_.back();
  }

 private:
  device& device_;
  std::vector<block> all_;
};

struct outputs {
  std::vector<float> scaled = std::vector<float>(n, untouched),
                     totals = std::vector<float>(blocks, untouched);
  std::vector<float> large = std::vector<float>(piece, untouched);
};

const parameter scale_parameters[] = {{parameter_kind::element, type::f32},
                                      {parameter_kind::element, type::f32},
                                      {parameter_kind::number, type::f32},
                                      {parameter_kind::result, type::f32}};
const parameter total_parameters[] = {{parameter_kind::element, type::f32},
                                      {parameter_kind::result, type::f32}};

/// A job over three queues: uploads from pageable and pinned memory, two kernels, downloads. False: the
/// deadline passed first. Throws the module's error.
bool run_job(device& d, outputs& out, std::chrono::nanoseconds deadline, float factor) {
  std::vector<float> x(n), large(piece);
  std::iota(x.begin(), x.end(), 0.0f);
  std::iota(large.begin(), large.end(), factor);
  held_blocks memory(d);
  const auto up = d.open(engine::upload), compute = d.open(engine::compute), down = d.open(engine::download);
  build_request r;
  r.parameters = scale_parameters;
  r.source = scale_source;
  r.entry = "scale";
  const auto scale = d.build(r);
  r = {};
  r.work = work::fold;
  r.parameters = total_parameters;
  r.source = total_source;
  r.entry = "total";
  r.lanes = 64;
  const auto total = d.build(r);

  const block bx = memory.get(n * 4, memory_kind::device), by = memory.get(n * 4, memory_kind::device),
              bs = memory.get(n * 4, memory_kind::device), bt = memory.get(blocks * 4, memory_kind::device),
              bl = memory.get(piece * 4, memory_kind::device), pin = memory.get(n * 4, memory_kind::pinned);
  std::fill_n(static_cast<float*>(pin.host), n, 0.5f);
  std::vector<std::unique_ptr<event>> marks;
  // As core does after a failure: nothing is given back while a queue may still use it.
  struct settled {
    std::vector<std::unique_ptr<event>>& marks;
    ~settled() {
      for (const auto& m : marks) {
        try {
          m->wait(std::chrono::seconds(30));
        } catch (...) {  // the first error is on its way already
        }
      }
    }
  } const wait_at_the_end{marks};

  up->copy(bx, pageable(x.data(), n * 4), n * 4);
  up->copy(by, pin, n * 4);
  up->copy(bl, pageable(large.data(), piece * 4), piece * 4);
  marks.push_back(up->mark());
  compute->wait_for(*marks.back());
  argument a[4];
  a[0].memory = bx;
  a[1].memory = by;
  std::memcpy(&a[2].number, &factor, sizeof factor);
  a[3].memory = bs;
  launch how;
  how.arguments = a;
  how.shape[0] = how.count = n;
  compute->run(*scale, how);
  argument b[2];
  b[0].memory = bs;
  b[1].memory = bt;
  how.arguments = b;
  compute->run(*total, how);
  marks.push_back(compute->mark());
  compute->flush();
  down->wait_for(*marks.back());
  outputs got;
  down->copy(pageable(got.scaled.data(), n * 4), bs, n * 4);
  down->copy(pageable(got.totals.data(), blocks * 4), bt, blocks * 4);
  down->copy(pageable(got.large.data(), piece * 4), bl, piece * 4);
  marks.push_back(down->mark());
  down->flush();
  if (!marks.back()->wait(deadline)) return false;
  for (const auto& m : marks) m->times();
  out = std::move(got);
  return true;
}

void expect_complete(const outputs& out, float factor) {
  std::vector<float> sums(blocks, 0.0f);
  for (std::size_t b = 0; b < blocks; ++b) {
    float part[64] = {};
    for (std::size_t i = b * 4096; i < std::min(n, (b + 1) * 4096); ++i) {
      const float product = static_cast<float>(i) * factor;
      part[(i - b * 4096) % 64] += product + 0.5f;
    }
    for (unsigned h = 32; h > 0; h /= 2)
      for (unsigned j = 0; j < h; ++j) part[j] += part[j + h];
    sums[b] = part[0];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const float product = static_cast<float>(i) * factor;
    ASSERT_EQ(out.scaled[i], product + 0.5f) << i;
  }
  ASSERT_EQ(out.totals, sums);
  for (std::size_t i = 0; i < piece; ++i) ASSERT_EQ(out.large[i], static_cast<float>(i) + factor) << i;
}

/// Lets work that hangs go on, when the job has had its time: a wait that nobody can end would end the test.
class releaser {
 public:
  explicit releaser(const fake_cuda::driver_control& driver)
      : thread_([this, &driver] {
          std::unique_lock lock(guard_);
          while (!changed_.wait_for(lock, std::chrono::milliseconds(20), [this] { return over_; })) {
            ++rounds;
            driver.release_hung();
          }
        }) {}
  ~releaser() {
    {
      const std::lock_guard lock(guard_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  releaser(const releaser&) = delete;
  releaser& operator=(const releaser&) = delete;
  std::atomic<int> rounds{0};

 private:
  std::mutex guard_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

struct way_to_fail {
  const char* name;
  effect what;
  int code;
  std::set<error_class> expected;
};

void PrintTo(const way_to_fail& w, std::ostream* to) { *to << w.name; }

const way_to_fail ways[] = {
    {"out_of_memory", effect::code, CUDA_ERROR_OUT_OF_MEMORY, {error_class::out_of_memory}},
    {"refused", effect::code, CUDA_ERROR_INVALID_VALUE, {error_class::internal}},
    {"launch_failed", effect::late_error, CUDA_ERROR_LAUNCH_FAILED, {error_class::device_lost}},
    {"sticky", effect::sticky, CUDA_ERROR_ILLEGAL_ADDRESS, {error_class::device_lost}},
    {"gone", effect::gone, CUDA_ERROR_DEVICE_UNAVAILABLE, {error_class::device_lost}},
    {"late", effect::late, 0, {}},
    {"hang", effect::hang, 0, {}},
};

class cuda_faults : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(driver, nullptr);
    ASSERT_NE(compiler, nullptr);
    // Which driver and which NVRTC, the module decides once in a process: here, before anything fails.
    ASSERT_FALSE(busfare_module_cuda()->probe(core()).devices.empty());
    if (*compiler->compiler() == 0) GTEST_SKIP() << "no C++ compiler for the fake NVRTC";
  }
  void new_world(std::uint64_t seed) {
    fake_cuda::settings s;
    s.when = order::late;
    s.seed = seed;
    driver->reset(&s);
    compiler->reset();
  }
  /// Nothing may be alive, and nothing may have been done that one must not do.
  void expect_clean(bool lost) {
    for (std::uint64_t i = 0; i < driver->misuse_count(); ++i) ADD_FAILURE() << driver->misuse(i);
    for (std::uint64_t i = 0; i < compiler->misuse_count(); ++i) ADD_FAILURE() << compiler->misuse(i);
    EXPECT_EQ(compiler->programs(), 0u);
    const fake_cuda::census c = driver->alive();
    EXPECT_EQ(c.leaked, 0u);
    if (lost) return;  // a lost context is not called any more
    EXPECT_EQ(c.handles(), 0u) << c.contexts << " contexts, " << c.streams << " streams, " << c.events
                               << " events, " << c.modules << " modules, " << c.device_blocks + c.pool_blocks
                               << " blocks, " << c.pinned_blocks << " pinned";
  }
  /// After the loss only the thread's own stack of contexts is put in order.
  void expect_silence_after_loss() {
    for (std::uint64_t i = driver->calls_at_loss(); i < driver->calls(); ++i)
      EXPECT_STREQ(driver->call_name(i), "cuCtxPopCurrent_v2") << "call " << i;
  }

  const fake_cuda::driver_control* driver = fake_cuda::loaded_driver();
  const fake_cuda::compiler_control* compiler = fake_cuda::loaded_compiler();
};

class cuda_calls : public cuda_faults, public ::testing::WithParamInterface<way_to_fail> {};

/// What came of one job with one planned failure.
struct verdict {
  bool met = false, opened = false, complete = false, in_time = true, lost = false;
  std::string text, function;
  error_class kind = error_class::internal;
};

TEST_P(cuda_calls, every_call_of_the_driver_in_turn) {
  const way_to_fail& way = GetParam();
  std::map<std::string, int> seen;
  std::uint64_t call = 1;
  for (;; ++call) {
    new_world(call);
    const fault f{.nth = call, .what = way.what, .code = way.code, .queries = 3};
    driver->plan(&f);
    SCOPED_TRACE(std::string(way.name) + " at call " + std::to_string(call));
    verdict v;
    outputs out;
    {
      std::unique_ptr<releaser> help;
      if (way.what == effect::hang) help = std::make_unique<releaser>(*driver);
      std::unique_ptr<device> d;
      try {
        d = busfare_module_cuda()->open(core(), "cuda:0");
        v.opened = true;
        v.in_time = run_job(*d, out, std::chrono::milliseconds(way.what == effect::hang ? 5 : 10000), 2.0f);
        v.complete = v.in_time;
      } catch (const error& e) {
        v.kind = e.kind();
        v.text = e.what();
        EXPECT_EQ(e.where().device, "cuda:0");
      }
      v.met = driver->calls() >= call;
      v.lost = d != nullptr && !d->health().empty();
      v.function = driver->call_name(call - 1);
      SCOPED_TRACE(v.function + ": " + v.text);
      if (v.complete) {
        expect_complete(out, 2.0f);
      } else if (v.in_time) {
        // What cannot be opened is unavailable, whatever the driver said of it.
        const bool fits = way.expected.contains(v.kind) || (!v.opened && v.kind == error_class::unavailable);
        EXPECT_TRUE(fits) << v.text;
        EXPECT_EQ(out.scaled, std::vector<float>(n, untouched));
      }
      // Waits inside the module's own calls have no deadline; they are counted apart.
      if (help != nullptr && help->rounds > 0 && v.complete) ++seen["(of these released by the test)"];
      ++seen[v.complete ? "complete" : !v.in_time ? "timeout" : v.opened ? name_of(v.kind) : "not opened"];
      // A device that is not lost goes on.
      driver->clear_plan();
      driver->release_hung();
      if (d != nullptr && !v.lost) {
        outputs again;
        try {
          EXPECT_TRUE(run_job(*d, again, std::chrono::seconds(30), 3.0f));
          expect_complete(again, 3.0f);
        } catch (const error& e) {
          v.lost = !d->health().empty();
          if (!v.lost || way.expected.count(error_class::device_lost) == 0) ADD_FAILURE() << e.what();
        }
      }
    }
    SCOPED_TRACE(v.function + ": " + v.text);
    // An error that comes with giving the thread back is remembered, not thrown: the call around it goes on.
    if (driver->calls_at_loss() != UINT64_MAX && v.function != "cuCtxPopCurrent_v2")
      expect_silence_after_loss();
    const bool lost = v.lost || driver->calls_at_loss() != UINT64_MAX;
    // A device that was lost while it was opened is not there to be asked.
    expect_clean(lost || (!v.opened && v.kind == error_class::device_lost));
    if (!v.met || HasFatalFailure()) break;
    if (::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count() > 400) break;
  }
  std::string summary;
  for (const auto& [what, count] : seen) summary += what + " " + std::to_string(count) + ", ";
  std::printf("%s: %llu calls: %s\n", way.name, static_cast<unsigned long long>(call - 1), summary.c_str());
  RecordProperty("seen", summary);
  EXPECT_GT(call, 100u);  // the job has that many calls
  if (!way.expected.empty()) {
    EXPECT_LT(seen["complete"], static_cast<int>(call) - 30);  // failures do show
  }
}

INSTANTIATE_TEST_SUITE_P(each, cuda_calls, ::testing::ValuesIn(ways),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(cuda_faults, every_call_of_the_compiler_in_turn) {
  for (const int code : {NVRTC_ERROR_OUT_OF_MEMORY, NVRTC_ERROR_INTERNAL_ERROR, NVRTC_ERROR_COMPILATION}) {
    for (std::uint64_t call = 1;; ++call) {
      new_world(call);
      const fault f{.nth = call, .code = code};
      compiler->plan(&f);
      SCOPED_TRACE(std::to_string(code) + " at call " + std::to_string(call));
      {
        std::unique_ptr<device> d;
        outputs out;
        try {
          d = busfare_module_cuda()->open(core(), "cuda:0");
          run_job(*d, out, std::chrono::seconds(10), 2.0f);
          expect_complete(out, 2.0f);
        } catch (const error& e) {
          const bool fits = e.kind() == error_class::unavailable || e.kind() == error_class::kernel_build ||
                            (e.kind() == error_class::out_of_memory && code == NVRTC_ERROR_OUT_OF_MEMORY);
          EXPECT_TRUE(fits) << e.what();
          EXPECT_TRUE(e.kind() != error_class::kernel_build || !e.where().source.empty()) << e.what();
        }
        compiler->clear_plan();
        if (d != nullptr) {
          EXPECT_TRUE(d->health().empty());
          outputs again;
          try {
            run_job(*d, again, std::chrono::seconds(10), 3.0f);
            expect_complete(again, 3.0f);
          } catch (const error& e) {  // a text that was refused stays refused
            EXPECT_EQ(code, NVRTC_ERROR_COMPILATION) << e.what();
            EXPECT_EQ(e.kind(), error_class::kernel_build);
          }
        }
      }
      expect_clean(false);
      if (compiler->calls() < call) break;
      ASSERT_LT(call, 1000u);
    }
  }
}

TEST_F(cuda_faults, memory_that_runs_out_above_any_amount_is_said_and_given_back) {
  for (const std::uint64_t limit : {std::uint64_t{1}, std::uint64_t{100000}, std::uint64_t{4} << 20,
                                    std::uint64_t{5} << 20, std::uint64_t{10} << 20}) {
    new_world(limit);
    SCOPED_TRACE(limit);
    {
      const fault f{.every = 1, .code = CUDA_ERROR_OUT_OF_MEMORY, .above_bytes = limit};
      driver->plan(&f);
      std::unique_ptr<device> d;
      try {
        d = busfare_module_cuda()->open(core(), "cuda:0");
        outputs out;
        run_job(*d, out, std::chrono::seconds(10), 2.0f);
        expect_complete(out, 2.0f);
      } catch (const error& e) {
        EXPECT_EQ(e.kind(), error_class::out_of_memory) << e.what();
      }
      driver->clear_plan();
      if (d != nullptr) {
        outputs again;
        EXPECT_TRUE(run_job(*d, again, std::chrono::seconds(10), 3.0f));
        expect_complete(again, 3.0f);
      }
    }
    expect_clean(false);
  }
}

// Every tenth call fails: the module says so each time and never comes apart.
TEST_F(cuda_faults, calls_that_fail_again_and_again) {
  for (std::uint64_t every = 2; every < 60; every += 3) {
    new_world(every);
    SCOPED_TRACE(every);
    const fault f{.nth = every, .every = every, .code = CUDA_ERROR_OUT_OF_MEMORY};
    driver->plan(&f);
    {
      std::unique_ptr<device> d;
      try {
        d = busfare_module_cuda()->open(core(), "cuda:0");
        outputs out;
        run_job(*d, out, std::chrono::seconds(10), 2.0f);
        expect_complete(out, 2.0f);
      } catch (const error& e) {
        const bool fits =
            e.kind() == error_class::out_of_memory || (d == nullptr && e.kind() == error_class::unavailable);
        EXPECT_TRUE(fits) << e.what();
      }
    }
    expect_clean(false);
  }
}

}  // namespace
