// Device memory held by, and adopted from, code beside the library: versions, conflicts, leases, bad input.
#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

struct twice {
  auto operator()(auto x) const { return x * 2.0f; }
};

std::vector<float> counted(std::size_t n, float first = 0) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}

std::vector<float> values(const bf::array<float>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

// The devices that share their memory, but for the fakes of other tests in this process.
std::vector<std::string> sharing() {
  std::vector<std::string> names{"cpu"};
  for (const bf::device_description& d : bf::devices())
    if (d.unavailable.empty() && (d.name.starts_with("opencl:") || d.name.starts_with("cuda:")))
      names.push_back(d.name);
  return names;
}

template <class Call> std::string refusal(Call call, bf::error_class kind) {
  try {
    call();
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

// Another array over what a hold has, which keeps the hold: what the device's memory really is, seen without
// a vendor's calls.
bf::array<float> seen_through(const std::string& device, bf::native_hold hold, const bf::extents& shape) {
  const auto owner = std::make_shared<bf::native_hold>(std::move(hold));
  return bf::adopt_native<float>(device, std::shared_ptr<void>(owner, owner->handle()), shape);
}

TEST(native, a_reading_hold_has_the_contents) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    const auto x = bf::copy_of(counted(70001));
    for (const bf::array<float>& each : {x, bf::map(bf::on(device), twice{}, x), bf::map(twice{}, x)}) {
      auto hold = bf::native(each, device);
      EXPECT_NE(hold.handle(), nullptr);
      EXPECT_EQ(hold.address(), reinterpret_cast<std::uintptr_t>(hold.as<float>()));
      EXPECT_EQ(hold.size(), 70001u);
      EXPECT_EQ(hold.bytes(), 70001u * 4);
      EXPECT_EQ(hold.device(), device);
      EXPECT_EQ(hold.api(),
                device.substr(0, device.find(':')) == "cpu" ? "host" : device.substr(0, device.find(':')));
      EXPECT_EQ(values(seen_through(device, std::move(hold), bf::extents(70001))), values(each));
    }
  }
}

TEST(native, bringing_the_contents_is_told_with_its_cause) {
  for (const std::string& device : sharing()) {
    if (device == "cpu") continue;
    SCOPED_TRACE(device);
    const auto x = bf::copy_of(counted(30000));
    const auto first = bf::native(x, device);
    ASSERT_EQ(first.transfers().size(), 1u);
    EXPECT_EQ(first.transfers()[0].bytes + first.transfers()[0].avoided, 30000u * 4);
    EXPECT_NE(first.transfers()[0].cause.find("native_test.cpp"), std::string::npos)
        << first.transfers()[0].cause;
    EXPECT_NE(first.transfers()[0].cause.find("held at"), std::string::npos);
    const auto second = bf::native(x, device);
    ASSERT_EQ(second.transfers().size(), 1u);
    EXPECT_EQ(second.transfers()[0].bytes, 0u);
    EXPECT_EQ(second.handle(), first.handle());
    EXPECT_EQ(bf::run(bf::map(bf::on(device), twice{}, x)).bytes_up, 0u) << "a run finds it there";
  }
}

TEST(native, a_hold_pins_its_version) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(5000));
    auto hold = bf::native(x, device);
    const void* const before = hold.handle();
    for (float& v : x.write()) v = -1;
    x = bf::array<float>();
    bf::forget();
    EXPECT_EQ(hold.handle(), before);
    EXPECT_EQ(values(seen_through(device, std::move(hold), bf::extents(5000))), counted(5000));
  }
}

TEST(native, a_writing_hold_is_a_new_version) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(5000));
    const auto copy = x;
    const auto recorded = bf::map(bf::on(device), twice{}, x);
    const auto counts = bf::stats();
    auto hold = bf::native_write(x, device);
    EXPECT_EQ(bf::stats().writes_copied, counts.writes_copied + 1);
    EXPECT_NE(bf::native(copy, device).handle(), hold.handle());
    hold.end();
    hold.end();
    EXPECT_EQ(values(x), counted(5000)) << "nothing was written, so it has the contents of before";
    EXPECT_EQ(values(copy), counted(5000));
    std::vector<float> want = counted(5000);
    for (float& v : want) v *= 2;
    EXPECT_EQ(values(recorded), want);
  }
}

TEST(native, a_sole_owner_keeps_its_memory) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(5000));
    const void* const at = bf::native(x, device).handle();
    const auto counts = bf::stats();
    EXPECT_EQ(bf::native_write(x, device).handle(), at);
    EXPECT_EQ(bf::stats().writes_taken_over, counts.writes_taken_over + 1);
    EXPECT_EQ(bf::native_overwrite(x, device).handle(), at);
    EXPECT_EQ(values(x), counted(5000));
    EXPECT_EQ(values(bf::map(bf::on("cpu"), twice{}, x)), values(bf::map(bf::on(device), twice{}, x)));
  }
}

TEST(native, overwrite_runs_and_brings_nothing) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto y = bf::map(twice{}, bf::copy_of(counted(300)));
    const auto before = bf::stats();
    {
      const auto hold = bf::native_overwrite(y, device);
      EXPECT_TRUE(hold.transfers().empty());
    }
    EXPECT_EQ(bf::stats().runs, before.runs);
    EXPECT_EQ(bf::stats().unrun, before.unrun - 1);
    EXPECT_EQ(y.host().size(), 300u);
  }
}

TEST(native, conflicts_throw_in_the_same_thread) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(10));
    {
      const auto hold = bf::native_write(x, device);
      auto y = x;  // shares the version that is open
      const auto z = bf::map(bf::on(device), twice{}, x);
      constexpr auto kind = bf::error_class::invalid_argument;
      const std::string text = refusal([&] { (void)y.host(); }, kind);
      EXPECT_NE(text.find("native_test.cpp"), std::string::npos) << text;
      refusal([&] { (void)z.host(); }, kind);
      refusal([&] { (void)bf::native(y, device); }, kind);
      refusal([&] { (void)bf::native_write(y, device); }, kind);
      refusal([&] { (void)bf::native_overwrite(y, device); }, kind);
      refusal([&] { (void)y.write(); }, kind);
      refusal([&] { bf::prefetch(y, device); }, kind);
    }
    EXPECT_EQ(values(x), counted(10));
    const auto view = x.write();
    refusal([&] { (void)bf::native(x, device); }, bf::error_class::invalid_argument);
  }
}

TEST(native, other_threads_wait_for_a_writing_hold) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(1000));
    std::atomic<int> started{0};
    std::vector<std::thread> readers;
    std::vector<std::vector<float>> seen(3);
    {
      auto hold = bf::native_write(x, device);
      for (std::size_t k = 0; k < seen.size(); ++k) {
        readers.emplace_back([&, k, mine = x] {
          ++started;
          seen[k] = k == 0   ? values(mine)
                    : k == 1 ? values(bf::map(bf::on(device), twice{}, mine))
                             : values(seen_through(device, bf::native(mine, device), bf::extents(1000)));
        });
      }
      while (started != 3) std::this_thread::yield();
      if (device == "cpu")
        for (std::size_t i = 0; i < 1000; ++i) hold.as<float>()[i] += 1;
    }
    for (std::thread& t : readers) t.join();
    std::vector<float> want = counted(1000, device == "cpu" ? 1 : 0);
    EXPECT_EQ(seen[0], want);
    EXPECT_EQ(seen[2], want);
    for (float& v : want) v *= 2;
    EXPECT_EQ(seen[1], want);
  }
}

TEST(native, a_hold_can_be_moved_and_ended_by_another_thread) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(10));
    auto y = bf::copy_of(counted(10, 5));
    auto hold = bf::native_write(x, device);
    hold = bf::native_write(y, device);  // ends the first
    EXPECT_EQ(values(x), counted(10));
    std::thread([mine = std::move(hold)]() mutable { mine.end(); }).join();
    EXPECT_EQ(values(y), counted(10, 5));
  }
}

TEST(native, no_elements_are_no_memory) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    bf::array<float> none;
    EXPECT_EQ(bf::native(none, device).handle(), nullptr);
    { EXPECT_EQ(bf::native_write(none, device).handle(), nullptr); }
    EXPECT_TRUE(none.host().empty());
    EXPECT_EQ(bf::adopt_native<float>(device, nullptr, bf::extents(0)).size(), 0u);
  }
}

TEST(native, devices_that_share_nothing_say_so) {
  auto x = bf::copy_of(counted(5));
  constexpr auto kind = bf::error_class::invalid_argument;
  const std::string sim = "sim:h200-pcie5";
  const auto runs = bf::stats().runs;
  for (const std::string& text :
       {refusal([&] { (void)bf::native(x, sim); }, kind),
        refusal([&] { (void)bf::native_write(x, sim); }, kind),
        refusal([&] { (void)bf::native_device_of(sim); }, kind),
        refusal([&] { (void)bf::adopt_native<float>(sim, std::make_shared<float>(), bf::extents(1)); },
                kind)}) {
    EXPECT_NE(text.find(sim), std::string::npos) << text;
    EXPECT_NE(text.find("it is simulated"), std::string::npos) << text;
    EXPECT_NE(text.find("native_test.cpp"), std::string::npos) << text;
  }
  EXPECT_EQ(bf::stats().runs, runs);
  EXPECT_EQ(values(x), counted(5));
  refusal([&] { (void)bf::native(x, "cuda:77"); }, bf::error_class::unavailable);
  const std::string text = refusal([&] { (void)bf::native(x, "cpu", bf::native_stream{}); }, kind);
  EXPECT_NE(text.find("cpu has no streams"), std::string::npos) << text;
}

TEST(native, the_drivers_objects_are_told) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    const bf::native_device n = bf::native_device_of(device);
    EXPECT_EQ(n.name, device);
    if (device == "cpu") {
      EXPECT_EQ(n.api, "host");
      EXPECT_EQ(n.context, nullptr);
      continue;
    }
    EXPECT_EQ(n.api, device.substr(0, device.find(':')));
    EXPECT_NE(n.context, nullptr);
    EXPECT_TRUE((n.device != nullptr) != (n.ordinal >= 0));
    for (const void* q : {n.compute, n.upload, n.download}) EXPECT_NE(q, nullptr);
  }
}

TEST(adopt_native, memory_of_the_host_is_used_in_place_and_released_once) {
  int released = 0;
  {
    auto* const mine = new float[3]{1, 2, 3};
    const std::shared_ptr<void> owner(mine, [&released](void* p) {
      ++released;
      delete[] static_cast<float*>(p);
    });
    auto x = bf::adopt_native<float>("cpu", owner, bf::extents(3));
    EXPECT_EQ(x.host().data(), mine);
    { x.write()[0] = 9; }
    EXPECT_EQ(mine[0], 1) << "what is the caller's stays as it is";
    EXPECT_EQ(values(x), (std::vector<float>{9, 2, 3}));
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

// On the host it is as with `adopt` of a shared pointer: what nobody else shares is taken over.
TEST(adopt_native, device_memory_of_the_caller_is_never_written) {
  for (const std::string& device : sharing()) {
    if (device == "cpu") continue;
    SCOPED_TRACE(device);
    const auto x = bf::copy_of(counted(4097));
    bool gone = false;
    {
      const auto owner = std::make_shared<bf::native_hold>(bf::native(x, device));
      void* const at = owner->handle();
      auto y = bf::adopt_native<float>(
          device, std::shared_ptr<void>(at, [owner, &gone](void*) { gone = true; }), bf::extents(4097));
      EXPECT_EQ(bf::native(y, device).handle(), at);
      EXPECT_NE(bf::native_write(y, device).handle(), at);
      EXPECT_TRUE(gone) << "the new version has memory of its own";
      EXPECT_EQ(values(bf::map(bf::on(device), twice{}, y)), values(bf::map(bf::on("cpu"), twice{}, x)));
    }
    EXPECT_EQ(values(x), counted(4097));
  }
}

TEST(adopt_native, a_run_finds_it_there_and_reading_fetches_it) {
  for (const std::string& device : sharing()) {
    if (device == "cpu") continue;
    SCOPED_TRACE(device);
    const auto x = bf::map(bf::on(device), twice{}, bf::copy_of(counted(3000)));
    auto hold = bf::native(x, device);
    const auto y = seen_through(device, std::move(hold), bf::extents(30, 100));
    EXPECT_EQ(y.extents(), bf::extents(30, 100));
    const auto z = bf::map(bf::on(device), twice{}, y);
    const bf::receipt r = bf::run(z);
    EXPECT_EQ(r.bytes_up, 0u);
    EXPECT_EQ(r.bytes_avoided, 12000u);
    const bf::receipt there = bf::run(bf::map(bf::on("cpu"), twice{}, y));
    EXPECT_EQ(there.bytes_down, 12000u);
    EXPECT_EQ(values(y), values(x));
  }
}

TEST(view_of_native, gives_the_memory_back_and_keeps_what_is_still_wanted) {
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    const auto x = bf::copy_of(counted(2000));
    const auto hold = bf::native(x, device);
    auto loan = bf::view_of_native<float>(device, hold.handle(), bf::extents(2000));
    EXPECT_EQ(bf::native(*loan, device).handle(), hold.handle());
    const bf::array<float> copy = *loan;
    const auto later = bf::map(bf::on(device), twice{}, *loan);
    loan.end();
    EXPECT_EQ(values(copy), counted(2000));
    EXPECT_NE(bf::native(copy, device).handle(), hold.handle()) << "the lender has it back";
    EXPECT_EQ(values(later), values(bf::map(bf::on("cpu"), twice{}, x)));
    loan = bf::view_of_native<float>(device, hold.handle(), bf::extents(1, 2000));
    EXPECT_EQ(bf::sum(bf::on(device), *loan).value(), bf::sum(x).value());
  }
}

TEST(adopt_native, bad_requests_name_device_sizes_and_cure) {
  constexpr auto kind = bf::error_class::invalid_argument;
  for (const std::string& device : sharing()) {
    SCOPED_TRACE(device);
    const std::string null =
        refusal([&] { (void)bf::adopt_native<float>(device, nullptr, bf::extents(2, 3)); }, kind);
    EXPECT_NE(null.find("24 bytes"), std::string::npos) << null;
    EXPECT_NE(null.find("[device " + device + "]"), std::string::npos) << null;
    EXPECT_NE(null.find("allocator"), std::string::npos) << null;
    const std::size_t half = std::size_t{1} << 62;
    const std::shared_ptr<void> some = std::make_shared<float>();
    for (const bf::extents& shape : {bf::extents(half), bf::extents(half, half)})
      refusal([&] { (void)bf::adopt_native<float>(device, some, shape); }, kind);
    refusal([&] { (void)bf::view_of_native<float>(device, nullptr, bf::extents(1)); }, kind);
  }
  alignas(8) char room[16] = {};
  const std::string odd =
      refusal([&] { (void)bf::view_of_native<double>("cpu", room + 1, bf::extents(1)); }, kind);
  EXPECT_NE(odd.find("not aligned to 8 bytes"), std::string::npos) << odd;
}

// Ended while the program ends, when other static objects and perhaps drivers are gone.
std::optional<bf::native_hold> reads_to_the_end, writes_to_the_end;
std::optional<bf::array<float>> adopted_to_the_end;

TEST(native, holds_may_outlive_main) {
  for (const std::string& device : sharing()) {
    const auto x = bf::copy_of(counted(100));
    auto y = bf::copy_of(counted(100));
    reads_to_the_end.emplace(bf::native(x, device));
    writes_to_the_end.emplace(bf::native_write(y, device));
    adopted_to_the_end.emplace(seen_through(device, bf::native(x, device), bf::extents(100)));
    EXPECT_EQ(values(*adopted_to_the_end), counted(100));
  }
}

}  // namespace
