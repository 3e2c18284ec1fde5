// The residency protocol against a model of it: every sequence of three operations on two arrays and two
// places, and longer random ones. The model knows each version's value and where it is; what crosses, and
// what is read, must be what it says.
#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;

constexpr std::size_t n = 6;
constexpr std::uint64_t bytes = n * sizeof(std::int32_t);
const std::string device = "sim:h200-pcie5";

struct add_one {
  auto operator()(auto x) const { return x + 1; }
};
struct negated {
  auto operator()(auto x) const { return -x; }
};

// One version of an array: all elements are `value` plus their index.
struct version {
  std::int32_t value = 0;
  bool on_host = false, on_device = false;
};

enum class action {
  read,           // host()
  use_on_device,  // a map there reads it; its result is another array's
  use_on_cpu,
  compute_on_device,  // the handle gets the result of a map there
  compute_on_cpu,
  write,
  overwrite,
  prefetch,
  checkpoint,
  share,  // the other handle becomes a copy of this one
  reshape,
  count
};
constexpr int actions = static_cast<int>(action::count) * 2;
const char* const names[] = {"read",           "use_on_device", "use_on_cpu", "compute_on_device",
                             "compute_on_cpu", "write",         "overwrite",  "prefetch",
                             "checkpoint",     "share",         "reshape"};

class pair_of_arrays {
 public:
  pair_of_arrays() {
    for (std::size_t k = 0; k < 2; ++k) {
      const auto start = static_cast<std::int32_t>(100 * (k + 1));
      real_[k] = bf::copy_of(elements(start), bf::extents(2, 3));
      model_[k] = std::make_shared<version>(version{start, true, false});
    }
  }

  // Step `what` on both; a text where they differ.
  std::string step(int what) {
    const auto k = static_cast<std::size_t>(what % 2);
    bf::array<std::int32_t>& x = real_[k];
    std::shared_ptr<version>& m = model_[k];
    switch (static_cast<action>(what / 2)) {
      case action::read:
        m->on_host = true;
        return differs(x, m->value);
      case action::use_on_device:
        return used(bf::map(bf::on(device), negated{}, x), *m, true);
      case action::use_on_cpu:
        return used(bf::map(bf::on("cpu"), negated{}, x), *m, false);
      case action::compute_on_device: {
        x = bf::map(bf::on(device), add_one{}, x);
        const auto r = bf::run(x);
        const std::string wrong = crossings(r, m->on_device ? 0 : bytes, 0);
        m->on_device = true;
        m = std::make_shared<version>(version{m->value + 1, false, true});
        return wrong;
      }
      case action::compute_on_cpu: {
        x = bf::map(bf::on("cpu"), add_one{}, x);
        const auto r = bf::run(x);
        const std::string wrong = crossings(r, 0, m->on_host ? 0 : bytes);
        m->on_host = true;
        m = std::make_shared<version>(version{m->value + 1, true, false});
        return wrong;
      }
      case action::write: {
        {
          const auto w = x.write();
          if (w[0] != m->value) return "write() shows " + std::to_string(w[0]);
          for (std::int32_t& each : w) each += 10;
        }
        m->on_host = true;  // copies of the handle find it there
        m = std::make_shared<version>(version{m->value + 10, true, false});
        return {};
      }
      case action::overwrite: {
        const std::vector<std::int32_t> fresh = elements(m->value + 20);
        {
          const auto w = x.overwrite();
          std::copy(fresh.begin(), fresh.end(), w.begin());
        }
        m = std::make_shared<version>(version{m->value + 20, true, false});
        return {};
      }
      case action::prefetch:
        bf::prefetch(x, device);
        m->on_device = true;
        return {};
      case action::checkpoint:
        bf::checkpoint(x);
        m->on_host = true;
        return {};
      case action::share:
        real_[1 - k] = x;
        model_[1 - k] = m;
        return {};
      case action::reshape:
        x = x.reshape(x.extents().rank() == 2 ? bf::extents(n) : bf::extents(2, 3));
        return {};
      default:
        return "no such action";
    }
  }

  std::string end() {
    for (std::size_t k = 0; k < 2; ++k) {
      const std::string wrong = differs(real_[k], model_[k]->value);
      if (!wrong.empty()) return "at the end: " + wrong;
    }
    return {};
  }

 private:
  static std::vector<std::int32_t> elements(std::int32_t value) {
    std::vector<std::int32_t> all;
    for (std::size_t i = 0; i < n; ++i) all.push_back(value + static_cast<std::int32_t>(i));
    return all;
  }
  static std::string differs(const bf::array<std::int32_t>& x, std::int32_t value, std::int32_t sign = 1) {
    const auto got = x.host();
    for (std::size_t i = 0; i < n; ++i) {
      if (got[i] != sign * (value + static_cast<std::int32_t>(i)))
        return "element " + std::to_string(i) + " is " + std::to_string(got[i]);
    }
    return {};
  }
  static std::string crossings(const bf::receipt& r, std::uint64_t up, std::uint64_t down) {
    if (r.bytes_up == up && r.bytes_down == down) return {};
    return std::to_string(r.bytes_up) + " bytes went up and " + std::to_string(r.bytes_down) + " down, not " +
           std::to_string(up) + " and " + std::to_string(down);
  }
  static std::string used(const bf::array<std::int32_t>& result, version& m, bool there) {
    const auto r = bf::run(result);
    const std::string wrong =
        there ? crossings(r, m.on_device ? 0 : bytes, m.on_device || m.on_host ? 0 : bytes)
              : crossings(r, 0, m.on_host ? 0 : bytes);
    (there ? m.on_device : m.on_host) = true;
    return wrong.empty() ? differs(result, m.value, -1) : wrong;
  }

  std::array<bf::array<std::int32_t>, 2> real_;
  std::array<std::shared_ptr<version>, 2> model_;
};

template <class Steps> void expect_as_the_model_says(const Steps& steps) {
  pair_of_arrays both;
  std::string done;
  for (const int what : steps) {
    done += std::string(" ") + names[what / 2] + (what % 2 == 0 ? "(a)" : "(b)");
    const std::string wrong = both.step(what);
    ASSERT_EQ(wrong, "") << "after" << done;
  }
  ASSERT_EQ(both.end(), "") << "after" << done;
}

TEST(residency_model, every_sequence_of_three_operations) {
  for (int a = 0; a < actions; ++a)
    for (int b = 0; b < actions; ++b)
      for (int c = 0; c < actions; ++c)
        ASSERT_NO_FATAL_FAILURE(expect_as_the_model_says(std::array{a, b, c}));
}

TEST(residency_model, long_random_sequences) {
  std::mt19937 random(busfare_test::printed_seed());
  for (int round = 0; round < 300; ++round) {
    std::vector<int> steps(12);
    for (int& each : steps) each = static_cast<int>(random() % static_cast<unsigned>(actions));
    ASSERT_NO_FATAL_FAILURE(expect_as_the_model_says(steps));
  }
}

}  // namespace
