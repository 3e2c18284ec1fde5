// Profiles on the engine: submission cost, pageable copies, duplex, shared cores; and the trace's sums.
#include <gtest/gtest.h>
#include <vector>

#include <busfare/error.hpp>
#include <busfare/trace.hpp>

#include "model/shipped.hpp"
#include "model/timeline.hpp"

namespace {

using namespace busfare;
using namespace busfare::model;

constexpr std::uint64_t mib = 1 << 20;

TEST(model_timeline, a_copy_costs_submission_and_transfer) {
  timeline t;
  const device_profile p = shipped_profile("h200-pcie5");
  const int d = t.add_device(p, -1);
  const task_id copy = t.copy(d, direction::upload, "pinned", 64 * mib);
  const link_curve* link = p.find("pinned", direction::upload);
  EXPECT_EQ(t.events().finish(copy).start, to_nanoseconds(link->submit_seconds));
  EXPECT_EQ(t.events().finish(copy).end,
            to_nanoseconds(link->submit_seconds) + to_nanoseconds(link->predict(64 * mib)));
  EXPECT_THROW(t.copy(d, direction::upload, "mapped", 1), error);
  EXPECT_THROW(t.copy(7, direction::upload, "pinned", 1), error);
}

TEST(model_timeline, a_pageable_copy_keeps_the_host) {
  timeline t;
  const int d = t.add_device(shipped_profile("a100-pcie4"), -1);
  const task_id up = t.copy(d, direction::upload, "pageable", 64 * mib);
  const task_id down = t.copy(d, direction::download, "pageable", 64 * mib);
  t.events().run();
  EXPECT_GE(t.events().ended(down)->start, t.events().ended(up)->end);
  timeline pinned;
  const int e = pinned.add_device(shipped_profile("a100-pcie4"), -1);
  const task_id u = pinned.copy(e, direction::upload, "pinned", 64 * mib);
  const task_id v = pinned.copy(e, direction::download, "pinned", 64 * mib);
  pinned.events().run();
  EXPECT_LT(pinned.events().ended(v)->start, pinned.events().ended(u)->end);
  EXPECT_GT(pinned.events().ended(u)->end, to_nanoseconds(64.0 * mib / 26e9 * 1.3));  // slowed by the other
}

TEST(model_timeline, devices_of_one_core_group_share_cores) {
  timeline t;
  const device_profile p = shipped_profile("p100-pcie3");
  const int a = t.add_device(p, 0), b = t.add_device(p, 0), c = t.add_device(p, -1);
  t.kernel(a, 1);
  const task_id second = t.kernel(b, 1), alone = t.kernel(c, 1);
  t.events().run();
  EXPECT_EQ(t.events().ended(second)->end, 2000000000);
  EXPECT_EQ(t.events().ended(alone)->end, 1000000000);
}

TEST(model_timeline, trace_sums_per_lane_and_clock) {
  trace a;
  EXPECT_EQ(a.wall(span_clock::measured), 0);
  a.add({lane::upload, "cuda:0", "x", {}, 1, 3, 100, span_clock::measured});
  a.add({lane::upload, "opencl:0", "x", {}, 2, 5, 100, span_clock::measured});
  a.add({lane::upload, "cuda:0", "x", {}, 0, 9, 100, span_clock::predicted});
  EXPECT_EQ(a.total(lane::upload, span_clock::measured), 5);
  EXPECT_EQ(a.total(lane::upload, span_clock::measured, "cuda:0"), 2);
  EXPECT_EQ(a.wall(span_clock::measured), 4);
  a.merge(a, 10);
  EXPECT_EQ(a.spans().size(), 6u);
  EXPECT_EQ(a.wall(span_clock::measured), 14);
}

}  // namespace
