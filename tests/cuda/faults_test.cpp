// Loss, shortage, deadlines and compilers that fail, one at a time. tests/fake_cuda fails every call in turn.
#include <functional>

#include "cuda/check.hpp"
#include "support/fake_gpu.hpp"

namespace {

using namespace busfare_tests;
using fake_cuda::effect;
using fake_cuda::fault;

using faults = fake_gpu;

fault of_code(CUresult code, effect what = effect::code) {
  fault f;
  f.what = what;
  f.code = code;
  return f;
}

TEST_F(faults, a_lost_device_refuses_everything_without_a_call) {
  const auto d = open();
  const auto q = d->open(engine::compute);
  const auto kernel = d->build(map_request());
  const block x = d->allocate(4096, memory_kind::device);
  const auto before = q->mark();
  fault f = of_code(CUDA_ERROR_ILLEGAL_ADDRESS, effect::sticky);
  f.function = "cuStreamWaitEvent";
  control->plan(&f);
  const auto other = d->open(engine::upload);
  EXPECT_EQ(thrown_by([&] { other->wait_for(*before); }), error_class::device_lost);
  EXPECT_NE(d->health().find("ILLEGAL_ADDRESS"), std::string::npos) << d->health();
  const std::uint64_t calls = control->calls();
  float host[16] = {};
  launch how;
  argument arguments[5];
  how.arguments = arguments;
  how.count = 1;
  const std::function<void()> refused[] = {
      [&] { d->allocate(16, memory_kind::device); },
      [&] { d->allocate(16, memory_kind::pinned); },
      [&] { d->build(map_request()); },
      [&] { d->open(engine::download); },
      [&] { q->copy(x, pageable(host, 64), 64); },
      [&] { q->run(*kernel, how); },
      [&] { q->mark(); },
      [&] { q->flush(); },
      [&] { q->wait_for(*before); },
      [&] { before->wait(std::chrono::seconds(1)); },
  };
  for (std::size_t i = 0; i < std::size(refused); ++i)
    EXPECT_EQ(thrown_by(refused[i]), error_class::device_lost) << i;
  EXPECT_FALSE(before->times().has_value());
  d->release(x);
  EXPECT_EQ(control->calls(), calls);
  start({});
}

TEST_F(faults, memory_in_the_pool_is_given_back_before_memory_runs_out) {
  fake_cuda::settings s;
  s.memory = std::size_t{96} << 20;
  start(s);
  const auto d = open();
  const block first = d->allocate(std::size_t{60} << 20, memory_kind::device);
  d->release(first);  // stays in the pool
  const block second = d->allocate(std::size_t{80} << 20, memory_kind::device);
  try {
    d->allocate(std::size_t{60} << 20, memory_kind::device);
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::out_of_memory);
    EXPECT_NE(std::string(e.what()).find("of the device's 100663296 are free"), std::string::npos)
        << e.what();
  }
  EXPECT_EQ(thrown_by([&] { d->allocate(std::size_t{97} << 20, memory_kind::device); }),
            error_class::out_of_memory);
  EXPECT_TRUE(d->health().empty());
  d->release(second);
}

TEST_F(faults, a_deadline_passes_while_work_hangs) {
  const auto d = open();
  const auto q = d->open(engine::compute);
  const block x = d->allocate(4096, memory_kind::device), y = d->allocate(4096, memory_kind::device);
  fault f;
  f.what = effect::hang;
  f.function = "cuMemcpyDtoDAsync_v2";
  control->plan(&f);
  q->copy(x, y, 4096);
  const auto e = q->mark();
  EXPECT_FALSE(e->done());
  EXPECT_FALSE(e->wait(std::chrono::milliseconds(5)));
  EXPECT_FALSE(e->times().has_value());
  control->release_hung();
  EXPECT_TRUE(e->wait(std::chrono::seconds(60)));
  d->release(x);
  d->release(y);
}

TEST_F(faults, a_compiler_that_fails_is_an_error_of_the_kernel_that_it_refused) {
  int thrown = 0;
  for (fault f = of_code(static_cast<CUresult>(11));; ++f.nth) {  // NVRTC_ERROR_INTERNAL_ERROR
    start({});
    build_request r = map_request();
    const std::string source = std::string(map_source) + "// " + std::to_string(f.nth) + "\n";
    r.source = source;
    {
      const auto d = open();
      const std::uint64_t before = compiler->calls();
      compiler->plan(&f);
      try {
        d->build(r);
      } catch (const error& e) {
        ++thrown;
        EXPECT_EQ(e.kind(), error_class::kernel_build) << e.what();
        EXPECT_EQ(e.where().source, source);
      }
      if (compiler->calls() < before + f.nth) break;
      compiler->clear_plan();
      EXPECT_NO_THROW(d->build(r)) << "what the compiler could not do is not what it refused";
    }
    expect_clean();
  }
  EXPECT_GE(thrown, 4);
}

}  // namespace
