// The cpu's module, device, queue, event and choice of the instruction set.
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <busfare/backend/module.hpp>
#include <busfare/error.hpp>

#include "cpu/module.hpp"
#include "cpu/processor.hpp"

namespace {

using namespace busfare;
using backend::block;
using backend::memory_kind;

int live = 0;  // allocations of the device under test

backend::services test_services() {
  backend::services s{};
  s.host_alloc = [](std::size_t bytes) {
    ++live;
    return ::operator new (bytes, std::align_val_t{64});
  };
  s.host_free = [](void* p) {
    if (p != nullptr) --live;
    ::operator delete (p, std::align_val_t{64});
  };
  return s;
}

std::unique_ptr<backend::device> open_cpu() { return busfare_module_cpu()->open(test_services(), "cpu"); }

class isa_variable {
 public:
  explicit isa_variable(const char* value) {
    if (const char* before = std::getenv("BUSFARE_ISA")) before_ = before;
    setenv("BUSFARE_ISA", value, 1);
  }
  ~isa_variable() {
    if (before_)
      setenv("BUSFARE_ISA", before_->c_str(), 1);
    else
      unsetenv("BUSFARE_ISA");
  }
  isa_variable(const isa_variable&) = delete;
  isa_variable& operator=(const isa_variable&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST(cpu_module, reports_one_device_with_facts) {
  const backend::module* m = busfare_module_cpu();
  EXPECT_STREQ(m->abi, BUSFARE_ABI);
  EXPECT_STREQ(m->name, "cpu");
  const auto found = m->probe(test_services());
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_TRUE(found.unavailable.empty());
  const backend::device_info& i = found.devices[0];
  EXPECT_EQ(i.name, "cpu");
  EXPECT_EQ(i.dialect, "host");
  EXPECT_EQ(i.core_group, 0);
  EXPECT_TRUE(i.shares_host_memory);
  EXPECT_FALSE(i.virtual_clock);
  EXPECT_GT(i.capacity, 0u);
  EXPECT_GE(i.compute_units, 1);
  EXPECT_NE(i.description.find(std::to_string(i.compute_units) + " thread"), std::string::npos);
  EXPECT_NE(i.fingerprint.find(cpu::this_processor().model), std::string::npos);
  const auto device = open_cpu();
  EXPECT_EQ(device->info().fingerprint, i.fingerprint);
  EXPECT_TRUE(device->health().empty());
  EXPECT_EQ(device->native(), nullptr);
}

TEST(cpu_module, refuses_other_names) {
  try {
    busfare_module_cpu()->open(test_services(), "cpu:1");
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::unavailable);
  }
}

TEST(cpu_module, busfare_isa_chooses_or_says_what_there_is) {
  for (const isa i : {isa::base, isa::avx2, isa::avx512}) {
    const isa_variable v(name_of(i));
    if (cpu::supports(i)) {
      EXPECT_EQ(cpu::choose_isa(), i);
      EXPECT_NE(open_cpu()->info().fingerprint.find(name_of(i)), std::string::npos);
    } else {
      EXPECT_THROW(cpu::choose_isa(), error);
    }
  }
  for (const char* bad : {"", "sse", "AVX2", "avx2 ", "avx512f"}) {
    const isa_variable v(bad);
    try {
      open_cpu();
      ADD_FAILURE() << "accepted \"" << bad << '"';
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::invalid_argument);
      const std::string text = e.what();
      for (const char* choice : {"base", "avx2", "avx512"})
        EXPECT_NE(text.find(choice), std::string::npos) << text;
    }
    const auto found = busfare_module_cpu()->probe(test_services());
    EXPECT_TRUE(found.devices.empty());
    EXPECT_NE(found.unavailable.find("BUSFARE_ISA"), std::string::npos);
    EXPECT_FALSE(found.remedy.empty());
  }
}

TEST(cpu_device, allocates_and_releases_through_the_services) {
  live = 0;
  {
    const auto device = open_cpu();
    const block a = device->allocate(1000, memory_kind::device);
    const block b = device->allocate(0, memory_kind::pinned);
    const block left = device->allocate(10, memory_kind::mapped);
    EXPECT_EQ(live, 3);
    EXPECT_NE(a.handle, nullptr);
    EXPECT_EQ(a.host, a.handle);
    EXPECT_EQ(a.bytes, 1000u);
    EXPECT_EQ(b.kind, memory_kind::pinned);
    EXPECT_NE(b.handle, nullptr);
    device->release(a);
    device->release(b);
    EXPECT_EQ(live, 1);
    (void)left;  // the device gives back what nobody released
  }
  EXPECT_EQ(live, 0);
}

TEST(cpu_device, adopts_in_place_and_leaves_the_memory_alone) {
  live = 0;
  const auto device = open_cpu();
  alignas(64) float mine[16] = {1, 2, 3};
  const auto b = device->adopt(mine, sizeof mine);
  ASSERT_TRUE(b);
  EXPECT_EQ(b->handle, mine);
  EXPECT_EQ(b->host, mine);
  EXPECT_EQ(b->kind, memory_kind::mapped);
  EXPECT_EQ(b->bytes, sizeof mine);
  device->release(*b);
  EXPECT_EQ(live, 0);
  EXPECT_EQ(mine[2], 3);
}

TEST(cpu_queue, copies_small_large_overlapping_and_in_place) {
  const auto device = open_cpu();
  const auto queue = device->open(backend::engine::upload);
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{4096}, std::size_t{5000001}, std::size_t{64} << 20}) {
    std::vector<unsigned char> from(bytes), to(bytes + 1, 7);
    for (std::size_t i = 0; i < bytes; ++i) from[i] = static_cast<unsigned char>(i * 31 + (i >> 12));
    const block s{from.data(), 0, bytes, memory_kind::pageable, nullptr};
    const block t{to.data(), 0, bytes, memory_kind::device, to.data()};
    queue->copy(t, s, bytes);
    EXPECT_EQ(std::memcmp(from.data(), to.data(), bytes), 0);
    EXPECT_EQ(to[bytes], 7);
    ASSERT_TRUE(queue->mark()->times());
    queue->copy(s, s, bytes);  // a fence: nothing to do
    EXPECT_FALSE(queue->mark()->times());
  }
  std::vector<int> v(1 << 20);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<int>(i);
  const std::size_t bytes = (v.size() - 1) * sizeof(int);
  queue->copy({v.data(), sizeof(int), bytes, memory_kind::pageable, nullptr},
              {v.data(), 0, bytes, memory_kind::pageable, nullptr}, bytes);
  EXPECT_EQ(v[0], 0);
  for (std::size_t i = 1; i < v.size(); ++i) ASSERT_EQ(v[i], static_cast<int>(i) - 1);
  // Memory that another device pinned is found at its host address.
  int foreign = 5, here = 0, token = 0;
  queue->copy({&here, 0, sizeof here, memory_kind::pageable, nullptr},
              {&token, 0, sizeof foreign, memory_kind::pinned, &foreign}, sizeof here);
  EXPECT_EQ(here, 5);
  EXPECT_THROW(queue->copy({}, {&here, 0, 4, memory_kind::pageable, nullptr}, 4), error);
}

TEST(cpu_queue, marks_are_done_and_carry_the_span_since_the_last_mark) {
  const auto device = open_cpu();
  const auto queue = device->open(backend::engine::compute);
  std::vector<char> a(100000), b(100000);
  const auto copy = [&] {
    queue->copy({a.data(), 0, a.size(), memory_kind::pageable, nullptr},
                {b.data(), 0, b.size(), memory_kind::pageable, nullptr}, a.size());
  };
  EXPECT_FALSE(queue->mark()->times());
  copy();
  copy();
  const auto first = queue->mark();
  copy();
  const auto second = queue->mark();
  queue->wait_for(*first);
  queue->flush();
  EXPECT_TRUE(first->done());
  EXPECT_TRUE(second->wait(std::chrono::nanoseconds(0)));
  ASSERT_TRUE(first->times() && second->times());
  EXPECT_LE(first->times()->start, first->times()->end);
  EXPECT_LE(first->times()->end, second->times()->start);
  EXPECT_LE(second->times()->start, second->times()->end);
  EXPECT_FALSE(queue->mark()->times());
}

}  // namespace
