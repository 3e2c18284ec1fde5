// The opencl backend on every device found: kernels by hand, copies, fences, builds, caches, errors.
#include <bit>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include <busfare/error.hpp>

#if __has_include(<CL/cl.h>)
#include "core/host_memory.hpp"
#include "opencl/module.hpp"

namespace {

using namespace busfare;
using namespace busfare::backend;

struct fake_disk {
  std::mutex guard;
  std::map<std::string, std::vector<std::byte>, std::less<>> files;
  int puts = 0;
};
fake_disk& disk() {
  static fake_disk d;
  return d;
}

services test_services() {
  services s{};
  s.host_alloc = core::host_alloc;
  s.host_free = [](void* p) { core::host_free(p); };
  s.note = [](std::string_view) {};
  s.cache_get = [](std::string_view key, std::vector<std::byte>& out) {
    const std::lock_guard lock(disk().guard);
    const auto found = disk().files.find(key);
    if (found == disk().files.end()) return false;
    out = found->second;
    return true;
  };
  s.cache_put = [](std::string_view key, const std::byte* p, std::size_t n) {
    const std::lock_guard lock(disk().guard);
    disk().files[std::string(key)].assign(p, p + n);
    ++disk().puts;
  };
  return s;
}

const services& core_services() {
  static const services s = test_services();
  return s;
}

constexpr const char* map_source = R"(
#pragma OPENCL FP_CONTRACT OFF
__kernel void scale(__global const float* x, __global const float* y, __global const int* table, long size,
                    float factor, __global float* out, ulong first, ulong count, ulong n0, ulong n1, ulong n2) {
  const ulong i = get_global_id(0);
  if (i >= count) return;
  const ulong at = first + i;
  out[i] = x[i] * factor + y[0] + (float)(size > 0 ? table[at % (ulong)size] : 0) + (float)(n0 + n1 + n2);
}
)";

constexpr const char* fold_gpu_source = R"(
__kernel void total(__global const uint* x, __global uint* out, ulong first, ulong count, ulong n0, ulong n1,
                    ulong n2) {
  __local uint part[64];
  const ulong block = get_global_id(0) / 64;
  const uint lane = (uint)get_local_id(0);
  const ulong begin = block * 4096, end = min(begin + 4096, count);
  uint s = 0;
  for (ulong i = begin + lane; i < end; i += 64) s += x[i];
  part[lane] = s;
  for (uint h = 32; h > 0; h /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < h) part[lane] += part[lane + h];
  }
  if (lane == 0) out[block] = part[0];
}
)";

constexpr const char* fold_cpu_source = R"(
__kernel void total(__global const uint* x, __global uint* out, ulong first, ulong count, ulong n0, ulong n1,
                    ulong n2) {
  const ulong block = get_global_id(0);
  const ulong begin = block * 4096, end = min(begin + 4096, count);
  if (begin >= count) return;
  uint s = 0;
  for (ulong i = begin; i < end; ++i) s += x[i];
  out[block] = s;
}
)";

block pageable(void* p, std::size_t bytes) { return {p, 0, bytes, memory_kind::pageable, p}; }
block pageable(const void* p, std::size_t bytes) { return pageable(const_cast<void*>(p), bytes); }

class opencl_device : public ::testing::Test {
 protected:
  void SetUp() override {
    const probe_result found = busfare_module_opencl()->probe(core_services());
    if (found.devices.empty()) {
      ASSERT_FALSE(found.unavailable.empty());
      ASSERT_FALSE(found.remedy.empty());
      GTEST_SKIP() << found.unavailable;
    }
    for (const device_info& i : found.devices)
      devices.push_back(busfare_module_opencl()->open(core_services(), i.name));
  }
  std::vector<std::unique_ptr<device>> devices;
};

const parameter map_parameters[] = {{parameter_kind::element, type::f32},
                                    {parameter_kind::broadcast, type::f32},
                                    {parameter_kind::whole, type::i32},
                                    {parameter_kind::number, type::f32},
                                    {parameter_kind::result, type::f32}};
const parameter fold_parameters[] = {{parameter_kind::element, type::u32},
                                     {parameter_kind::result, type::u32}};

build_request map_request() {
  build_request r;
  r.parameters = map_parameters;
  r.source = map_source;
  r.entry = "scale";
  return r;
}

void finish(queue& q) {
  q.flush();
  EXPECT_TRUE(q.mark()->wait(std::chrono::nanoseconds::max()));
}

TEST_F(opencl_device, facts_are_sane) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const device_info& info = devices[i]->info();
    EXPECT_EQ(info.name, "opencl:" + std::to_string(i));
    EXPECT_TRUE(info.dialect == "opencl-cpu" || info.dialect == "opencl-gpu");
    EXPECT_EQ(info.core_group, info.dialect == "opencl-cpu" ? 0 : -1);
    EXPECT_EQ(info.fast_spellings, info.dialect == "opencl-gpu");
    EXPECT_GE(info.compute_units, 1);
    EXPECT_GE(info.capacity, std::uint64_t{16} << 20);
    EXPECT_FALSE(info.description.empty());
    EXPECT_FALSE(info.fingerprint.empty());
    EXPECT_TRUE(devices[i]->health().empty());
    RecordProperty(info.name, info.description + (info.exact_div_sqrt ? " exact" : " inexact") +
                                  (info.denormals ? " denormals" : " flushes"));
  }
}

TEST_F(opencl_device, map_kernel_takes_every_kind_of_argument) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
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
        if (const auto t = e->times()) {
          EXPECT_LE(t->start, t->end);
        }
        for (const block& b : {bx, by, bt, bo}) d->release(b);
      }
    }
  }
}

TEST_F(opencl_device, fold_kernel_gives_one_result_per_block) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const auto q = d->open(engine::compute);
    build_request r;
    r.work = work::fold;
    r.parameters = fold_parameters;
    r.source = d->info().dialect == "opencl-cpu" ? fold_cpu_source : fold_gpu_source;
    r.entry = "total";
    r.lanes = 64;
    const auto kernel = d->build(r);
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
      how.shape[0] = n;
      how.count = n;
      q->run(*kernel, how);
      q->copy(pageable(out.data(), blocks * 4), bo, blocks * 4);
      finish(*q);
      for (std::size_t b = 0; b < blocks; ++b) {
        std::uint32_t s = 0;
        for (std::size_t i = b * 4096; i < std::min(n, (b + 1) * 4096); ++i) s += x[i];
        EXPECT_EQ(out[b], s) << b;
      }
      d->release(bx);
      d->release(bo);
    }
  }
}

TEST_F(opencl_device, adopted_memory_is_used_in_place_and_fenced) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const std::size_t n = 5000, bytes = n * 4;
    auto* x = static_cast<float*>(core::host_alloc(bytes));
    auto* out = static_cast<float*>(core::host_alloc(bytes));
    const auto bx = d->adopt(x, bytes);
    EXPECT_EQ(bx.has_value(), d->info().shares_host_memory);
    if (bx) {
      EXPECT_EQ(bx->kind, memory_kind::mapped);
      EXPECT_EQ(bx->host, x);
      const auto bo = d->adopt(out, bytes);
      const block by = d->allocate(4, memory_kind::mapped);
      ASSERT_TRUE(bo && by.host != nullptr);
      const auto q = d->open(engine::compute);
      const auto kernel = d->build(map_request());
      for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i) + static_cast<float>(round);
        *static_cast<float*>(by.host) = 1.0f;
        q->copy(*bx, pageable(x, bytes), bytes);
        q->copy(by, pageable(by.host, 4), 4);
        argument a[5];
        a[0].memory = *bx;
        a[1].memory = by;
        a[3].number = std::bit_cast<std::uint32_t>(3.0f);
        a[4].memory = *bo;
        launch how;
        how.arguments = a;
        how.count = n;
        q->run(*kernel, how);
        q->copy(pageable(out, bytes), *bo, bytes);
        q->copy(pageable(x, bytes), *bx, bytes);
        q->copy(pageable(by.host, 4), by, 4);
        finish(*q);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], x[i] * 3.0f + 4.0f) << i;
      }
      d->release(*bx);
      d->release(*bo);
      d->release(by);
      EXPECT_EQ(out[1], x[1] * 3.0f + 4.0f);  // the memory itself stays
    }
    core::host_free(x);
    core::host_free(out);
  }
}

TEST_F(opencl_device, copies_between_all_kinds_of_memory) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const auto q = d->open(engine::upload);
    std::vector<memory_kind> kinds{memory_kind::device, memory_kind::pinned, memory_kind::pageable};
    if (d->info().shares_host_memory) kinds.push_back(memory_kind::mapped);
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
    const block small = d->allocate(16, memory_kind::device);
    EXPECT_THROW(q->copy(small, pageable(x.data(), 4000), 4000), error);
    d->release(small);
    d->release(block{});
  }
}

TEST_F(opencl_device, queues_wait_for_each_other_and_marks_span_their_work) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const auto up = d->open(engine::upload), down = d->open(engine::download);
    std::vector<std::uint32_t> x(1 << 18), y(1 << 18);
    std::iota(x.begin(), x.end(), 1u);
    const block b = d->allocate(x.size() * 4, memory_kind::device);
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    up->copy(b, pageable(x.data(), x.size() * 4), x.size() * 4);
    const auto uploaded = up->mark();
    down->wait_for(*uploaded);
    down->copy(pageable(y.data(), y.size() * 4), b, y.size() * 4);
    const auto downloaded = down->mark();
    while (!downloaded->wait(std::chrono::milliseconds(50))) {
    }
    const auto after = std::chrono::steady_clock::now().time_since_epoch();
    EXPECT_TRUE(uploaded->done());
    EXPECT_EQ(x, y);
    const auto u = uploaded->times(), v = downloaded->times();
    EXPECT_EQ(u.has_value(), v.has_value());
    if (u && v) {
      const std::int64_t slack = 50'000'000;  // of the two clocks against each other
      EXPECT_GE(u->start, before.count() - slack);
      EXPECT_LE(v->end, after.count() + slack);
      EXPECT_LE(u->start, u->end);
      EXPECT_LE(v->start, v->end);
    }
    const auto nothing = down->mark();
    EXPECT_TRUE(nothing->wait(std::chrono::nanoseconds::max()));
    EXPECT_FALSE(nothing->times().has_value());
    d->release(b);
  }
}

TEST_F(opencl_device, a_refused_kernel_carries_source_and_log_and_is_remembered) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    build_request r = map_request();
    const std::string bad =
        "__kernel void scale(__global float* x) { this is no kernel " + d->info().name + " }";
    r.source = bad;
    for (int i = 0; i < 2; ++i) {
      try {
        d->build(r);
        FAIL() << "built";
      } catch (const error& e) {
        EXPECT_EQ(e.kind(), error_class::kernel_build);
        EXPECT_EQ(e.where().source, bad);
        EXPECT_FALSE(e.where().log.empty());
        EXPECT_EQ(e.where().device, d->info().name);
      }
    }
    r = map_request();
    r.entry = "absent";
    EXPECT_THROW(d->build(r), error);
    r = map_request();
    r.parameters = r.parameters.first(3);
    EXPECT_THROW(d->build(r), error);
    EXPECT_NO_THROW(d->build(map_request()));
    EXPECT_TRUE(d->health().empty());
  }
}

TEST_F(opencl_device, builds_come_from_memory_then_from_disk_and_survive_a_bad_entry) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const std::string source = std::string(map_source) + "// " + d->info().name + " cache test\n";
    build_request r = map_request();
    r.source = source;
    const int puts = disk().puts;
    EXPECT_FALSE(d->is_cached(r));
    EXPECT_FALSE(d->build(r)->from_cache());
    EXPECT_TRUE(d->is_cached(r));
    EXPECT_TRUE(d->build(r)->from_cache());
    EXPECT_EQ(disk().puts, puts + 1);
    // PoCL reads a binary out of its cache, where other processes may be at work: it is not asked for one.
    if (d->info().description.find("Portable Computing Language") != std::string::npos) {
      for (const auto& [key, payload] : disk().files) {
        if (key.ends_with(source)) {
          EXPECT_LT(payload.size(), 64u);
        }
      }
    }
    const auto again = busfare_module_opencl()->open(core_services(), d->info().name);
    EXPECT_TRUE(again->is_cached(r));
    EXPECT_TRUE(again->build(r)->from_cache());
    EXPECT_EQ(disk().puts, puts + 1);
    for (auto& [key, payload] : disk().files)
      if (key.ends_with(source)) payload.assign(100, std::byte{0x5a});
    const auto third = busfare_module_opencl()->open(core_services(), d->info().name);
    EXPECT_FALSE(third->build(r)->from_cache());
    EXPECT_EQ(disk().puts, puts + 2);
  }
}

// NaN and infinities keep their meaning: no option says that there are none.
TEST_F(opencl_device, a_fast_kernel_is_another_kernel_with_options_of_its_own) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    const std::string source = std::string(map_source) + "// " + d->info().name + " fast test\n";
    build_request r = map_request();
    r.source = source;
    r.fast = true;
    EXPECT_FALSE(d->is_cached(r));
    EXPECT_FALSE(d->build(r)->from_cache());
    EXPECT_TRUE(d->is_cached(r));
    EXPECT_TRUE(d->build(r)->from_cache());
    int relaxed = 0, exact = 0;
    const auto count = [&] {
      relaxed = exact = 0;
      for (const auto& [key, payload] : disk().files) {
        if (!key.ends_with(source)) continue;
        const bool rounds = key.find("-cl-fp32-correctly-rounded-divide-sqrt\n") != std::string::npos;
        ++(rounds ? exact : relaxed);
        for (const char* never : {"finite", "relaxed", "unsafe", "denorms", "mad"})
          EXPECT_EQ(key.find(std::string("-cl-") + never), std::string::npos) << key;
      }
    };
    count();
    EXPECT_EQ(relaxed, 1);
    EXPECT_EQ(exact, 0);
    r.fast = false;
    const bool differs = !d->is_cached(r);
    d->build(r);
    count();
    EXPECT_EQ(relaxed, 1);
    EXPECT_EQ(exact, differs ? 1 : 0);
  }
}

TEST_F(opencl_device, too_much_memory_is_out_of_memory_and_the_device_stays_well) {
  for (const auto& d : devices) {
    SCOPED_TRACE(d->info().description);
    for (const std::size_t bytes :
         {SIZE_MAX, SIZE_MAX / 2, static_cast<std::size_t>(d->info().capacity) + 1}) {
      try {
        d->allocate(bytes, memory_kind::device);
        ADD_FAILURE() << bytes;
      } catch (const error& e) {
        EXPECT_EQ(e.kind(), error_class::out_of_memory) << e.what();
      }
    }
    const block empty = d->allocate(0, memory_kind::device);
    EXPECT_NE(empty.handle, nullptr);
    d->release(empty);
    EXPECT_TRUE(d->health().empty());
  }
}

TEST(opencl_module, names_that_are_not_there_are_unavailable) {
  const backend::module* m = busfare_module_opencl();
  EXPECT_STREQ(m->abi, BUSFARE_ABI);
  EXPECT_STREQ(m->name, "opencl");
  for (const char* name : {"opencl:9999", "opencl:", "opencl", "cpu", ""}) {
    try {
      m->open(core_services(), name);
      ADD_FAILURE() << name;
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::unavailable);
      EXPECT_FALSE(e.where().hint.empty());
    }
  }
}

}  // namespace
#endif
