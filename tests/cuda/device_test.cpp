// The cuda backend on the fake driver: kernels by hand, copies, marks, builds, caches.
#include <bit>
#include <numeric>
#include <random>

#include "support/fake_gpu.hpp"

namespace {

using namespace busfare_tests;
using fake_cuda::order;

TEST_F(fake_gpu, facts_are_those_of_the_driver) {
  fake_cuda::settings s;
  s.devices = 2;
  s.capability = 86;
  s.multiprocessors = 7;
  start(s);
  const probe_result found = busfare_module_cuda()->probe(services_of_test());
  ASSERT_EQ(found.devices.size(), 2u);
  EXPECT_TRUE(found.unavailable.empty());
  EXPECT_NE(found.devices[0].fingerprint, found.devices[1].fingerprint);
  for (const char* name : {"cuda:0", "cuda:1"}) {
    const auto d = open(name);
    EXPECT_EQ(d->info().name, name);
    EXPECT_EQ(d->info().dialect, "cuda");
    EXPECT_EQ(d->info().compute_units, 7);
    EXPECT_EQ(d->info().capacity, s.memory);
    EXPECT_NE(d->info().fingerprint.find("sm_86"), std::string::npos);
    EXPECT_TRUE(d->info().exact_div_sqrt);
    EXPECT_TRUE(d->info().denormals);
    EXPECT_FALSE(d->info().shares_host_memory);
    EXPECT_NE(d->native(), nullptr);
    EXPECT_TRUE(d->health().empty());
  }
  EXPECT_EQ(compiler->other_bits(), 0u);
}

TEST_F(fake_gpu, what_cannot_work_is_unavailable_in_words) {
  const auto reason = [&](const fake_cuda::settings& s) {
    start(s);
    const probe_result found = busfare_module_cuda()->probe(services_of_test());
    EXPECT_TRUE(found.devices.empty());
    EXPECT_FALSE(found.remedy.empty());
    EXPECT_EQ(thrown_by([&] { open(); }), error_class::unavailable);
    return found.unavailable;
  };
  fake_cuda::settings s;
  s.devices = 0;
  EXPECT_NE(reason(s).find("no GPU"), std::string::npos);
  s = {};
  s.driver_version = 11040;
  EXPECT_NE(reason(s).find("CUDA 11.4"), std::string::npos);
  s = {};
  s.capability = 61;
  EXPECT_NE(reason(s).find("6.1"), std::string::npos);
  start({});
  for (const char* name : {"cuda:1", "cuda:", "cuda", "cpu", ""})
    EXPECT_EQ(thrown_by([&] { open(name); }), error_class::unavailable) << name;
}

// A GPU that the compiler does not know yet gets PTX, which the driver compiles.
TEST_F(fake_gpu, a_newer_gpu_is_given_text) {
  fake_cuda::settings s;
  s.capability = 130;
  start(s);
  const auto d = open();
  EXPECT_NE(d->info().fingerprint.find("compute_121"), std::string::npos) << d->info().fingerprint;
  EXPECT_FALSE(d->build(map_request())->build_log().data() == nullptr);
}

TEST_F(fake_gpu, map_kernel_takes_every_kind_of_argument) {
  const auto d = open();
  const auto q = d->open(engine::compute);
  const auto kernel = d->build(map_request());
  for (const std::size_t n : {std::size_t{1}, std::size_t{255}, std::size_t{1024}, std::size_t{5003}}) {
    for (const std::uint64_t table_size : {std::uint64_t{0}, std::uint64_t{3}}) {
      std::vector<float> x(n), out(n + 1, -1.0f);
      std::iota(x.begin(), x.end(), 0.0f);
      const float y = 0.5f, factor = 2.0f;
      const std::int32_t table[3] = {10, 20, 30};
      const block bx = d->allocate(n * 4, memory_kind::device), by = d->allocate(4, memory_kind::device),
                  bt = d->allocate(12, memory_kind::device),
                  bo = d->allocate((n + 1) * 4, memory_kind::device);
      q->copy(bx, pageable(x.data(), n * 4), n * 4);
      q->copy(by, pageable(&y, 4), 4);
      q->copy(bt, pageable(table, 12), 12);
      q->copy(bo, pageable(out.data(), (n + 1) * 4), (n + 1) * 4);
      argument a[5];
      a[0].memory = bx;
      a[1].memory = by;
      if (table_size != 0) a[2].memory = bt;
      a[2].size = table_size;
      a[3].number = std::bit_cast<std::uint32_t>(factor);
      a[4].memory = bo;
      launch how;
      how.arguments = a;
      how.shape[0] = 2;
      how.shape[1] = 3;
      how.shape[2] = 4;
      how.first = (std::uint64_t{1} << 32) + 1;  // 64-bit indices
      how.count = n;
      q->run(*kernel, how);
      q->copy(pageable(out.data(), (n + 1) * 4), bo, (n + 1) * 4);
      const auto e = q->mark();
      ASSERT_TRUE(e->wait(std::chrono::nanoseconds::max()));
      EXPECT_TRUE(e->done());
      for (std::size_t i = 0; i < n; ++i) {
        const float t = table_size != 0 ? static_cast<float>(table[(how.first + i) % 3]) : 0.0f;
        ASSERT_EQ(out[i], x[i] * factor + y + t + 9.0f) << i;
      }
      EXPECT_EQ(out[n], -1.0f);  // the guard holds
      how.arguments = std::span(a).first(4);
      EXPECT_EQ(thrown_by([&] { q->run(*kernel, how); }), error_class::invalid_argument);
      for (const block& b : {bx, by, bt, bo}) d->release(b);
    }
  }
}

TEST_F(fake_gpu, fold_kernel_gives_one_result_per_block) {
  const auto d = open();
  const auto q = d->open(engine::compute);
  const auto kernel = d->build(fold_request());
  for (const std::size_t n : {std::size_t{1}, std::size_t{4096}, std::size_t{3 * 4096 + 77}}) {
    const std::size_t blocks = (n + 4095) / 4096;
    std::vector<std::uint32_t> x(n), out(blocks);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<std::uint32_t>(i * 2654435761u);
    const block bx = d->allocate(n * 4, memory_kind::device),
                bo = d->allocate(blocks * 4, memory_kind::device);
    q->copy(bx, pageable(x.data(), n * 4), n * 4);
    argument a[2];
    a[0].memory = bx;
    a[1].memory = bo;
    launch how;
    how.arguments = a;
    how.count = n;
    q->run(*kernel, how);
    q->copy(pageable(out.data(), blocks * 4), bo, blocks * 4);
    for (std::size_t b = 0; b < blocks; ++b)
      EXPECT_EQ(out[b],
                std::accumulate(x.begin() + static_cast<std::ptrdiff_t>(b * 4096),
                                x.begin() + static_cast<std::ptrdiff_t>(std::min(n, b * 4096 + 4096)), 0u));
    finish(*q);
    d->release(bx);
    d->release(bo);
  }
  build_request r = fold_request();
  r.lanes = 128;  // more than the device runs in a group
  EXPECT_EQ(thrown_by([&] { d->build(r); }), error_class::kernel_build);
}

TEST_F(fake_gpu, copies_between_all_kinds_of_memory) {
  const auto d = open();
  const auto q = d->open(engine::upload);
  const memory_kind kinds[] = {memory_kind::device, memory_kind::pinned, memory_kind::pageable};
  std::vector<std::uint32_t> x(1000), y(1000);
  std::iota(x.begin(), x.end(), 7u);
  for (const memory_kind from : kinds)
    for (const memory_kind to : kinds) {
      const block a = d->allocate(4000, from), b = d->allocate(4000, to);
      q->copy(a, pageable(x.data(), 4000), 4000);
      block middle = a, half = b;  // with offsets
      middle.offset = 2000;
      half.offset = 1000;
      q->copy(b, a, 4000);
      q->copy(half, middle, 400);
      std::fill(y.begin(), y.end(), 0u);
      q->copy(pageable(y.data(), 4000), b, 4000);
      finish(*q);
      for (std::size_t i = 0; i < 1000; ++i)
        ASSERT_EQ(y[i], i >= 250 && i < 350 ? x[i + 250] : x[i])
            << i << " from " << static_cast<int>(from) << " to " << static_cast<int>(to);
      d->release(a);
      d->release(b);
    }
  const block small = d->allocate(16, memory_kind::device), empty = d->allocate(0, memory_kind::device);
  EXPECT_NE(empty.handle, nullptr);
  EXPECT_EQ(thrown_by([&] { q->copy(small, pageable(x.data(), 4000), 4000); }),
            error_class::invalid_argument);
  EXPECT_EQ(thrown_by([&] { d->allocate(16, memory_kind::mapped); }), error_class::invalid_argument);
  EXPECT_FALSE(d->adopt(x.data(), 4000).has_value());
  d->release(small);
  d->release(empty);
  d->release(block{});
}

// More than the slots hold, with a ragged end, in every order that a device may choose.
TEST_F(fake_gpu, pageable_memory_crosses_whole_in_any_order) {
  const std::uint64_t seed = std::random_device{}();
  for (const order when : {order::late, order::early, order::random}) {
    SCOPED_TRACE("order " + std::to_string(static_cast<int>(when)) + " seed " + std::to_string(seed));
    fake_cuda::settings s;
    s.when = when;
    s.seed = seed;
    start(s);
    const auto d = open();
    const auto up = d->open(engine::upload), down = d->open(engine::download);
    std::mt19937_64 random(seed);
    for (const std::size_t bytes : {std::size_t{3}, std::size_t{700001}, (std::size_t{40} << 20) + 5}) {
      std::vector<std::byte> x(bytes), y(bytes);
      for (std::byte& b : x) b = static_cast<std::byte>(random());
      std::vector<std::byte> sent = x;
      const block there = d->allocate(bytes, memory_kind::device);
      up->copy(there, pageable(sent.data(), bytes), bytes);
      std::fill(sent.begin(), sent.end(), std::byte{0});  // staged: the source is free again
      const auto uploaded = up->mark();
      down->wait_for(*uploaded);
      down->copy(pageable(y.data(), bytes), there, bytes);
      finish(*down);
      EXPECT_TRUE(x == y) << bytes;
      d->release(there);
    }
    // A row of small ones.
    std::vector<std::uint32_t> row(3000), back(3000);
    const block there = d->allocate(row.size() * 4, memory_kind::device);
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<std::uint32_t>(random());
      block at = there;
      at.offset = i * 4;
      const std::uint32_t value = row[i];
      up->copy(at, pageable(&value, 4), 4);
    }
    up->copy(pageable(back.data(), back.size() * 4), there, back.size() * 4);
    finish(*up);
    EXPECT_EQ(row, back);
    d->release(there);
  }
}

TEST_F(fake_gpu, queues_wait_for_each_other_and_marks_span_their_work) {
  const auto d = open();
  const auto up = d->open(engine::upload), down = d->open(engine::download);
  std::vector<std::uint32_t> x(1 << 18), y(1 << 18);
  std::iota(x.begin(), x.end(), 1u);
  const block b = d->allocate(x.size() * 4, memory_kind::device);
  up->copy(b, pageable(x.data(), x.size() * 4), x.size() * 4);
  const auto uploaded = up->mark();
  down->wait_for(*uploaded);
  down->copy(pageable(y.data(), y.size() * 4), b, y.size() * 4);
  const auto downloaded = down->mark();
  while (!downloaded->wait(std::chrono::milliseconds(50))) {
  }
  EXPECT_TRUE(uploaded->done());
  EXPECT_EQ(x, y);
  const auto u = uploaded->times(), v = downloaded->times();
  ASSERT_TRUE(u.has_value() && v.has_value());
  EXPECT_LE(u->start, u->end);
  EXPECT_LE(v->start, v->end);
  EXPECT_LE(u->end, v->end);
  const auto nothing = down->mark();
  EXPECT_TRUE(nothing->wait(std::chrono::nanoseconds::max()));
  EXPECT_FALSE(nothing->times().has_value());
  EXPECT_NE(up->native(), nullptr);
  d->release(b);
}

// No peer-to-peer copies: the host waits between them.
TEST_F(fake_gpu, two_gpus_hand_over_through_the_host) {
  fake_cuda::settings s;
  s.devices = 2;
  start(s);
  const auto a = open("cuda:0"), b = open("cuda:1");
  EXPECT_NE(a->native(), b->native());
  const auto down = a->open(engine::download), up = b->open(engine::upload);
  std::vector<std::uint32_t> x(100000), y(x.size());
  std::iota(x.begin(), x.end(), 3u);
  const std::size_t bytes = x.size() * 4;
  const block on_a = a->allocate(bytes, memory_kind::device), on_b = b->allocate(bytes, memory_kind::device);
  const block pinned = a->allocate(bytes, memory_kind::pinned);
  down->copy(on_a, pageable(x.data(), bytes), bytes);
  down->copy(pinned, on_a, bytes);
  const auto downloaded = down->mark();
  up->wait_for(*downloaded);
  up->copy(on_b, pinned, bytes);
  up->copy(pageable(y.data(), bytes), on_b, bytes);
  finish(*up);
  EXPECT_EQ(x, y);
  a->release(pinned);
  a->release(on_a);
  b->release(on_b);
}

TEST_F(fake_gpu, a_refused_kernel_carries_source_and_log_and_is_remembered) {
  const auto d = open();
  build_request r = map_request();
  const std::string bad = "extern \"C\" __global__ void scale(float* x) { this is no kernel }";
  r.source = bad;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t calls = compiler->calls();
    try {
      d->build(r);
      FAIL() << "built";
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::kernel_build);
      EXPECT_EQ(e.where().source, bad);
      EXPECT_FALSE(e.where().log.empty());
      EXPECT_EQ(e.where().device, "cuda:0");
    }
    EXPECT_EQ(compiler->calls() == calls, i == 1);
  }
  r = map_request();
  r.entry = "absent";
  EXPECT_EQ(thrown_by([&] { d->build(r); }), error_class::kernel_build);
  EXPECT_NO_THROW(d->build(map_request()));
  EXPECT_TRUE(d->health().empty());
}

TEST_F(fake_gpu, a_fast_kernel_is_another_kernel_with_options_of_its_own) {
  const std::string source = std::string(map_source) + "// fast test\n";
  build_request r = map_request();
  r.source = source;
  const auto d = open();
  EXPECT_TRUE(d->info().fast_spellings);
  const auto options_are = [&](const char* part) {
    const std::string options = compiler->last_options();
    EXPECT_NE(options.find(part), std::string::npos) << options;
  };
  EXPECT_FALSE(d->build(r)->from_cache());
  options_are(" --fmad=false --prec-div=true --prec-sqrt=true --ftz=false ");
  EXPECT_EQ(compiler->other_bits(), 0u);
  r.fast = true;
  EXPECT_FALSE(d->build(r)->from_cache());
  options_are(" --fmad=true --prec-div=false --prec-sqrt=false --ftz=false ");
  EXPECT_EQ(compiler->other_bits(), 1u);
  EXPECT_TRUE(d->build(r)->from_cache());
  const auto again = open();
  EXPECT_TRUE(again->build(r)->from_cache());
  r.fast = false;
  EXPECT_TRUE(again->build(r)->from_cache());
  int kept = 0;
  for (const auto& [key, payload] : disk().files) kept += key.ends_with(source) ? 1 : 0;
  EXPECT_EQ(kept, 2);
}

TEST_F(fake_gpu, builds_come_from_memory_then_from_disk_and_survive_a_bad_entry) {
  const std::string source = std::string(map_source) + "// cache test\n";
  build_request r = map_request();
  r.source = source;
  {
    const auto d = open();
    const int puts = disk().puts;
    EXPECT_FALSE(d->build(r)->from_cache());
    EXPECT_TRUE(d->build(r)->from_cache());
    EXPECT_EQ(disk().puts, puts + 1);
  }
  const int puts = disk().puts;
  EXPECT_TRUE(open()->build(r)->from_cache());
  EXPECT_EQ(disk().puts, puts);
  int found = 0;
  for (auto& [key, payload] : disk().files)
    if (key.ends_with(source)) payload.assign(100, std::byte{0x5a}), ++found;
  EXPECT_EQ(found, 1);
  EXPECT_FALSE(open()->build(r)->from_cache());
  EXPECT_EQ(disk().puts, puts + 1);
  // Another architecture is another kernel.
  fake_cuda::settings s;
  s.capability = 80;
  start(s);
  EXPECT_FALSE(open()->build(r)->from_cache());
}

}  // namespace
