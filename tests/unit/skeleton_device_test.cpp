// The skeleton backend does what it says: it is unavailable, and what it leaves open throws with the cure.
#include <cstring>
#include <gtest/gtest.h>
#include <new>
#include <string>
#include <vector>

#include <busfare/error.hpp>

#include "skeleton/device.hpp"
#include "skeleton/executable.hpp"
#include "skeleton/module.hpp"

namespace {

using namespace busfare;

backend::services test_services() {
  backend::services s{};
  s.host_alloc = [](std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); };
  s.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  return s;
}

TEST(skeleton, is_unavailable_with_reason_and_remedy) {
  const backend::module* m = busfare_module_skeleton();
  EXPECT_STREQ(m->abi, BUSFARE_ABI);
  EXPECT_STREQ(m->name, "skeleton");
  const auto found = m->probe(test_services());
  EXPECT_TRUE(found.devices.empty());
  EXPECT_FALSE(found.unavailable.empty());
  EXPECT_FALSE(found.remedy.empty());
  try {
    m->open(test_services(), "skeleton:0");
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::unavailable);
    EXPECT_EQ(e.message(), found.unavailable);
    EXPECT_EQ(e.where().hint, found.remedy);
    EXPECT_EQ(e.where().device, "skeleton:0");
  }
}

TEST(skeleton, copies_and_marks_but_builds_nothing) {
  const backend::services core = test_services();
  backend::device_info info;
  info.name = "skeleton:0";
  skeleton::device d(core, info);
  const backend::block far = d.allocate(100, backend::memory_kind::device);
  std::vector<char> here(100, 'x'), back(100);
  const auto q = d.open(backend::engine::upload);
  q->copy(far, {here.data(), 0, 100, backend::memory_kind::pageable, nullptr}, 100);
  q->copy({back.data(), 0, 100, backend::memory_kind::pageable, nullptr}, far, 100);
  const auto e = q->mark();
  EXPECT_TRUE(e->wait(std::chrono::seconds(0)));
  EXPECT_TRUE(e->times().has_value());
  EXPECT_FALSE(q->mark()->times().has_value());
  EXPECT_EQ(back, here);
  q->wait_for(*e);
  d.release(far);
  EXPECT_FALSE(d.adopt(here.data(), here.size()).has_value());
  try {
    backend::build_request what;
    what.source = "text";
    d.build(what);
    FAIL();
  } catch (const error& e2) {
    EXPECT_EQ(e2.kind(), error_class::kernel_build);
    EXPECT_EQ(e2.where().source, "text");
  }
  skeleton::executable x("log");
  EXPECT_EQ(x.build_log(), "log");
  EXPECT_THROW(q->run(x, {}), error);
  EXPECT_TRUE(d.health().empty());
}

}  // namespace
