// The simulated device: real results of the wrapped cpu, times of the virtual clock.
#include <cstring>
#include <gtest/gtest.h>
#include <new>
#include <string>
#include <vector>

#include <busfare/backend/module.hpp>
#include <busfare/error.hpp>

#include "cpu/module.hpp"
#include "model/engine.hpp"
#include "model/shipped.hpp"
#include "sim/module.hpp"

namespace {

using namespace busfare;
using namespace std::chrono_literals;
using backend::block;
using backend::engine;
using backend::memory_kind;

backend::services test_services() {
  backend::services s{};
  s.host_alloc = [](std::size_t bytes) -> void* { return ::operator new (bytes, std::align_val_t{64}); };
  s.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  s.open = [](std::string_view name) { return busfare_module_cpu()->open(test_services(), name); };
  return s;
}

std::unique_ptr<backend::device> open_sim(std::string_view name = "sim:h200-pcie5") {
  return busfare_module_sim()->open(test_services(), name);
}

void negate(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) {
    float x = 0;
    std::memcpy(&x, b.in[0].data + 4 * i, 4);
    x = -x;
    std::memcpy(b.out[0] + 4 * i, &x, 4);
  }
}
constexpr cpu_code code{{negate, negate, negate}, false};

std::unique_ptr<backend::executable> build_negation(backend::device& d) {
  static const backend::parameter parameters[] = {{backend::parameter_kind::element, type::f32},
                                                  {backend::parameter_kind::result, type::f32}};
  static const int in[] = {0}, out[] = {1};
  static const backend::step steps[] = {{&code, in, out, {}}};
  backend::build_request request;
  request.parameters = parameters;
  request.steps = steps;
  request.flops = 1;
  request.bytes = 8;
  return d.build(request);
}

block pageable(std::vector<float>& v) { return {v.data(), 0, v.size() * 4, memory_kind::pageable, v.data()}; }

TEST(sim_module, lists_the_shipped_devices) {
  const backend::module* m = busfare_module_sim();
  EXPECT_STREQ(m->abi, BUSFARE_ABI);
  const auto found = m->probe(test_services());
  ASSERT_EQ(found.devices.size(), model::shipped_names().size());
  for (const backend::device_info& i : found.devices) {
    EXPECT_EQ(i.name.substr(0, 4), "sim:");
    EXPECT_TRUE(i.virtual_clock);
    EXPECT_FALSE(i.shares_host_memory);
    EXPECT_EQ(i.core_group, 0);
    EXPECT_EQ(i.dialect, "host");
    EXPECT_EQ(open_sim(i.name)->info().fingerprint, i.fingerprint);
  }
  EXPECT_EQ(found.devices[0].capacity, 141'000'000'000u);
  EXPECT_THROW(open_sim("sim:nothing"), error);
  EXPECT_THROW(open_sim("sim:h200-pcie5?clock=real"), error);
}

TEST(sim_device, computes_and_takes_its_times_from_the_profile) {
  const auto d = open_sim();
  const device_profile p = model::shipped_profile("h200-pcie5");
  constexpr std::size_t n = 1 << 20;
  std::vector<float> x(n), y(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i);
  const block a = d->allocate(4 * n, memory_kind::device), b = d->allocate(4 * n, memory_kind::device);
  const auto kernel = build_negation(*d);
  {
    const auto up = d->open(engine::upload), run = d->open(engine::compute), down = d->open(engine::download);
    up->copy(a, pageable(x), 4 * n);
    const auto arrived = up->mark();
    run->wait_for(*arrived);
    const backend::argument arguments[] = {{a, n, 0}, {b, n, 0}};
    run->run(*kernel, {arguments, {n, 1, 1}, 0, n});
    const auto computed = run->mark();
    down->wait_for(*computed);
    down->copy(pageable(y), b, 4 * n);
    const auto back = down->mark();
    EXPECT_TRUE(back->wait(0ns));
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(y[i], -x[i]);
    const auto u = arrived->times(), k = computed->times(), v = back->times();
    ASSERT_TRUE(u && k && v);
    const auto ns = [](double seconds) { return model::to_nanoseconds(seconds); };
    EXPECT_EQ(u->end - u->start, ns(p.find("pageable", direction::upload)->predict(4 * n)));
    EXPECT_EQ(k->end - k->start, ns(p.rates.launch_seconds + 8.0 * n / p.rates.bytes_per_second));
    EXPECT_EQ(v->end - v->start, ns(p.find("pageable", direction::download)->predict(4 * n)));
    EXPECT_GE(k->start, u->end);
    EXPECT_GE(v->start, k->end);
    EXPECT_FALSE(up->mark()->times());  // nothing since the last mark
    EXPECT_TRUE(up->mark()->done());
  }
  d->release(a);
  d->release(b);
}

TEST(sim_device, a_loop_of_polls_ends_and_repeats_exactly) {
  std::vector<std::int64_t> ends;
  for (int round = 0; round < 2; ++round) {
    const auto d = open_sim("sim:a100-pcie4?slow=4");
    std::vector<float> x(1 << 16);
    const block a = d->allocate(4 * x.size(), memory_kind::device);
    const auto q = d->open(engine::upload);
    for (int i = 0; i < 10; ++i) q->copy(a, pageable(x), 4 * x.size());
    const auto e = q->mark();
    EXPECT_FALSE(e->done());
    int polls = 0;
    while (!e->done()) ASSERT_LT(++polls, 1000);
    ends.push_back(e->times()->end);
  }
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(sim_device, long_runs_keep_their_events_times) {
  const auto d = open_sim();
  std::vector<float> x(16);
  const block a = d->allocate(64, memory_kind::device);
  const auto q = d->open(engine::upload);
  q->copy(a, pageable(x), 64);
  const auto first = q->mark();
  for (int i = 0; i < 100000; ++i) {
    q->copy(a, pageable(x), 64);
    if (i % 1000 == 0) q->mark()->wait(0ns);
  }
  const auto last = q->mark();
  last->wait(0ns);
  EXPECT_LT(first->times()->end, last->times()->end);
}

TEST(sim_device, refuses_more_than_there_is) {
  const auto d = open_sim("sim:p100-pcie3");
  for (const std::size_t bytes : {std::size_t{17'000'000'000}, SIZE_MAX}) try {
      d->allocate(bytes, memory_kind::device);
      ADD_FAILURE() << bytes;
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::out_of_memory);
      EXPECT_EQ(e.where().device, "sim:p100-pcie3");
    }
  const block b = d->allocate(100, memory_kind::device);
  d->release(b);
  d->release(b);  // unknown memory is left alone
  EXPECT_FALSE(d->adopt(nullptr, 0));
}

TEST(sim_device, wait_for_refuses_events_of_others) {
  const auto d = open_sim();
  const auto other = busfare_module_cpu()->open(test_services(), "cpu");
  const auto foreign = other->open(engine::compute)->mark();
  EXPECT_THROW(d->open(engine::compute)->wait_for(*foreign), error);
}

}  // namespace
