// A named device is obeyed, and values that wander between devices stay the same.
#include <algorithm>
#include <string>

#include "conformance/largest.hpp"
#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

struct step_here {
  auto operator()(auto x) const { return x * 1.5f + 1.0f; }
};
struct step_there {
  auto operator()(auto x, auto y) const { return x / (bf::abs(y) + 1.0f); }
};

BUSFARE_CASE(a_named_device_is_obeyed) {
  const auto x = bf::copy_of(busfare_test::random_values<float>(seed(), 2049));
  const auto y = bf::map(t.how, step_here{}, x);
  const bf::receipt r = bf::run(y);
  t.check("one launch, not " + std::to_string(r.launches), r.launches == 1);
  t.check("ran on " + r.plan.device + " instead of " + t.how.device, r.plan.device == t.how.device);
  for (const auto& s : r.plan.steps) t.check("a step on " + s.device, s.device == t.how.device);
  t.check("the cause of the run", r.cause.find("places.cpp") != std::string::npos);
  std::vector<float> want;
  for (float v : x.host()) want.push_back(scalar_of<step_here>(v));
  t.same("result", y, want);
}

// Device, cpu, device, and the device's first result again.
BUSFARE_CASE(values_wander_between_devices) {
  for (std::size_t n : {1, 1000, 70001}) {
    if (n > largest()) continue;
    const auto x = bf::copy_of(busfare_test::random_values<float>(seed() + n, n));
    const auto a = bf::map(t.how, step_here{}, x);
    const auto b = bf::map(bf::on("cpu"), step_there{}, a, x);
    const auto c = bf::map(t.how, step_there{}, b, a);
    std::vector<float> first, second, third;
    for (float v : x.host()) {
      first.push_back(scalar_of<step_here>(v));
      second.push_back(scalar_of<step_there>(first.back(), v));
      third.push_back(scalar_of<step_there>(second.back(), first.back()));
    }
    const bf::receipt r = bf::run(c);
    for (const bf::transfer& each : r.plan.transfers)
      t.check("a transfer without a cause", !each.cause.empty());
    t.same("third", c, third);
    t.same("second", b, second);
    t.same("first", a, first);
  }
}

// A device that has a version must not be asked for the next one's values.
BUSFARE_CASE(a_write_between_maps_is_seen) {
  const std::size_t n = std::min<std::size_t>(40001, largest());
  auto x = bf::copy_of(busfare_test::random_values<float>(seed(), n));
  for (int round = 0; round < 3; ++round) {
    const auto y = bf::map(t.how, step_here{}, x);
    if (round == 1) bf::run(y);  // else it runs when x has its next version
    std::vector<float> want;
    for (float v : x.host()) want.push_back(scalar_of<step_here>(v));
    if (round == 0) {
      auto w = x.overwrite();
      for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<float>(i);
    } else {
      for (float& v : x.write()) v = 3 - v;
    }
    t.same("the version before write " + std::to_string(round + 1), y, want);
    want.clear();
    for (float v : x.host()) want.push_back(scalar_of<step_here>(v));
    t.same("the version after it", bf::map(t.how, step_here{}, x), want);
  }
}

// The same graph with other inputs: nothing of the last run may be left over.
BUSFARE_CASE(plans_are_used_again_with_other_inputs) {
  for (int round = 0; round < 4; ++round) {
    const auto x =
        bf::copy_of(busfare_test::random_values<float>(seed() + static_cast<std::uint64_t>(round), 3000));
    const auto y = bf::map(
        t.how, [](auto v, auto n) { return v * n - 0.5f; }, bf::map(t.how, step_here{}, x), round + 2);
    std::vector<float> want;
    for (float v : x.host()) {
      const float product = scalar_of<step_here>(v) * static_cast<float>(round + 2);
      want.push_back(product - 0.5f);
    }
    t.same("round " + std::to_string(round), y, want);
  }
}

}  // namespace
}  // namespace conformance
