// Waits for OpenCL work that never ends: each ends with an error in words, and the device takes nothing more.
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include <busfare/error.hpp>

#if __has_include(<CL/cl.h>)
#include "core/host_memory.hpp"
#include "opencl/handle.hpp"
#include "opencl/module.hpp"

namespace {

using namespace busfare;
using namespace busfare::backend;

services services_with(std::chrono::nanoseconds longest_wait) {
  services s{};
  s.host_alloc = core::host_alloc;
  s.host_free = [](void* p) { core::host_free(p); };
  s.note = [](std::string_view) {};
  s.longest_wait = longest_wait;
  return s;
}

/// What is queued behind it starts when it goes.
class gate {
 public:
  gate(device& d, queue& q) {
    cl_int code = CL_SUCCESS;
    closed_ = opencl::event_handle(clCreateUserEvent(static_cast<cl_context>(d.native()), &code));
    EXPECT_EQ(code, CL_SUCCESS);
    const cl_event e = closed_.get();
    EXPECT_EQ(clEnqueueBarrierWithWaitList(static_cast<cl_command_queue>(q.native()), 1, &e, nullptr),
              CL_SUCCESS);
  }
  ~gate() { clSetUserEventStatus(closed_.get(), CL_COMPLETE); }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

 private:
  opencl::event_handle closed_;
};

void expect_timeout(device& d, const std::string& words, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::timeout) << e.what();
    EXPECT_EQ(e.where().device, d.info().name);
    EXPECT_NE(e.message().find(words), std::string::npos) << e.what();
    EXPECT_NE(e.where().hint.find("BUSFARE_WAIT"), std::string::npos) << e.what();
  }
  EXPECT_NE(d.health().find("waited longer than"), std::string::npos) << d.health();
  EXPECT_THROW(d.allocate(16, memory_kind::device), error);
}

constexpr std::chrono::milliseconds soon{50};

TEST(opencl_waits, for_events_end) {
  for (const device_info& each : busfare_module_opencl()->probe(services_with({})).devices) {
    SCOPED_TRACE(each.name);
    const auto d = busfare_module_opencl()->open(services_with(soon), each.name);
    const auto q = d->open(engine::compute);
    const gate g(*d, *q);
    const auto e = q->mark();
    EXPECT_FALSE(e->wait(std::chrono::milliseconds(1))) << "a deadline of the caller's is no loss";
    EXPECT_TRUE(d->health().empty());
    expect_timeout(*d, "clWaitForEvents", [&] { e->wait(std::chrono::nanoseconds::max()); });
  }
}

TEST(opencl_waits, of_copies_in_host_memory_end) {
  for (const device_info& each : busfare_module_opencl()->probe(services_with({})).devices) {
    SCOPED_TRACE(each.name);
    const auto d = busfare_module_opencl()->open(services_with(soon), each.name);
    const auto q = d->open(engine::compute);
    const gate g(*d, *q);
    char from[100] = {}, to[100] = {};
    const block a{from, 0, 100, memory_kind::pageable, from}, b{to, 0, 100, memory_kind::pageable, to};
    expect_timeout(*d, "clFinish for 100 bytes", [&] { q->copy(b, a, 100); });
  }
}

TEST(opencl_waits, of_work_that_ends_are_as_before) {
  for (const device_info& each : busfare_module_opencl()->probe(services_with({})).devices) {
    SCOPED_TRACE(each.name);
    const auto d = busfare_module_opencl()->open(services_with(std::chrono::hours(1)), each.name);
    const auto q = d->open(engine::compute);
    char from[100] = "what is copied", to[100] = {};
    const block a{from, 0, 100, memory_kind::pageable, from}, b{to, 0, 100, memory_kind::pageable, to};
    const block there = d->allocate(100, memory_kind::device);
    for (int round = 0; round < 50; ++round) {
      q->copy(there, a, 100);
      q->copy(b, there, 100);
      EXPECT_TRUE(q->mark()->wait(std::chrono::nanoseconds::max()));
      EXPECT_STREQ(to, from);
      from[0] = static_cast<char>('a' + round % 26);
    }
    q->copy(b, a, 100);
    EXPECT_TRUE(d->health().empty());
    d->release(there);
  }
}

}  // namespace
#endif
