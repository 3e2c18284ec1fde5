// The residency protocol for parts of an array, against a model of it: every sequence of three operations on
// two halves of one array, through two handles and in two places. Contents are versions of whole arrays; a
// half is written through a view of it or of the whole, and read as a slice, recorded now and run now or
// later. The model knows the values alone: nobody may read what a half held before its last write, nor see a
// write that came after the reading was recorded.
#include <algorithm>
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;

constexpr std::size_t half = 3;
constexpr std::array<const char*, 2> places = {"cpu", "sim:h200-pcie5"};

// The elements of half s are halves[s], halves[s] + 1, ...
using halves = std::array<std::int32_t, 2>;

std::vector<std::int32_t> elements(std::int32_t value, std::size_t count = half) {
  std::vector<std::int32_t> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(value + static_cast<std::int32_t>(i));
  return all;
}

// Adds to one half in place of `write`: reads the whole, makes another whole.
struct add_to_half {
  auto operator()(auto i, auto x, auto which) const {
    return bf::select(bf::cast<std::int32_t>(i / std::int64_t{half}) == which, x + 1000, x);
  }
};

enum class action {
  write,        // one half, through a view of the whole
  write_part,   // one half, through a view of it
  compute_cpu,  // one half changes in a map there
  compute_device,
  read_cpu,  // a slice is computed there and read
  read_device,
  record_cpu,  // a slice is recorded, and read at the end
  record_device,
  run_recorded,    // what is recorded runs, and is not read yet
  prefetch_slice,  // the slice's contents go to the device
  host,            // the half is read in the whole array on the host
  count
};
constexpr std::array names = {"write",        "write_part",     "compute_cpu", "compute_device",
                              "read_cpu",     "read_device",    "record_cpu",  "record_device",
                              "run_recorded", "prefetch_slice", "host"};
static_assert(names.size() == static_cast<std::size_t>(action::count));

// Which handle, which half, what is done. Further ones are of a whole array.
constexpr int on_halves = static_cast<int>(action::count) * 4;
enum whole_action { share, prefetch, overwrite, checkpoint, whole_actions };
constexpr std::array whole_names = {"share", "prefetch", "overwrite", "checkpoint"};
constexpr int operations = on_halves + whole_actions * 2;

std::string text_of(int what) {
  if (what >= on_halves)
    return std::string(whole_names[static_cast<std::size_t>((what - on_halves) / 2)]) +
           ((what - on_halves) % 2 == 0 ? "(a)" : "(b)");
  return std::string(names[static_cast<std::size_t>(what / 4)]) + (what % 2 == 0 ? "(a" : "(b") +
         (what / 2 % 2 == 0 ? ", first half)" : ", second half)");
}

class two_handles {
 public:
  two_handles() {
    for (std::size_t k = 0; k < 2; ++k) {
      const auto start = static_cast<std::int32_t>(10'000 * (k + 1));
      model_[k] = {start, start + 100};
      real_[k] = bf::copy_of(whole_of(model_[k]));
    }
  }

  // A text where real and model differ.
  std::string step(int what) {
    if (what >= on_halves) {
      step_whole((what - on_halves) / 2, static_cast<std::size_t>(what % 2));
      return {};
    }
    const auto k = static_cast<std::size_t>(what % 2), s = static_cast<std::size_t>(what / 2 % 2);
    bf::array<std::int32_t>& x = real_[k];
    std::int32_t& value = model_[k][s];
    const auto act = static_cast<action>(what / 4);
    switch (act) {
      case action::write: {
        const auto w = x.write();
        if (w[s * half] != value) return "write() shows " + std::to_string(w[s * half]);
        value += 10;
        for (std::size_t i = 0; i < half; ++i) w[s * half + i] += 10;
        return {};
      }
      case action::write_part: {
        const auto w = x.write_part(s * half, half);
        if (w[0] != value) return "write_part() shows " + std::to_string(w[0]);
        value += 100;
        for (std::int32_t& each : w) each += 100;
        return {};
      }
      case action::compute_cpu:
      case action::compute_device: {
        const auto index = bf::generate(bf::on(places[0]), bf::extents(2 * half), [](auto i) { return i; });
        x = bf::map(place(act == action::compute_device), add_to_half{}, index, x,
                    static_cast<std::int32_t>(s));
        value += 1000;
        return {};
      }
      case action::read_cpu:
      case action::read_device:
        return differs(slice(x, s, act == action::read_device), value);
      case action::record_cpu:
      case action::record_device:
        recorded_.emplace_back(slice(x, s, act == action::record_device), value);
        return {};
      case action::run_recorded:
        for (const auto& each : recorded_) bf::run(each.first);
        return {};
      case action::prefetch_slice: {
        recorded_.emplace_back(slice(x, s, false), value);
        bf::prefetch(recorded_.back().first, places[1]);
        return {};
      }
      default: {
        const auto got = x.host();
        const auto want = elements(value);
        const bool equal = std::equal(want.begin(), want.end(), got.begin() + s * half);
        return equal ? "" : "host() shows " + std::to_string(got[s * half]);
      }
    }
  }

  std::string end() const {
    for (const auto& each : recorded_) {
      const std::string wrong = differs(each.first, each.second);
      if (!wrong.empty()) return "at the end: what was recorded: " + wrong;
    }
    for (std::size_t k = 0; k < 2; ++k) {
      const auto got = real_[k].host();
      if (!std::equal(got.begin(), got.end(), whole_of(model_[k]).begin()))
        return "at the end: the whole array begins with " + std::to_string(got[0]) + " and " +
               std::to_string(got[half]);
    }
    return {};
  }

 private:
  static bf::options place(bool there) { return bf::on(places[there ? 1 : 0]); }
  static bf::array<std::int32_t> slice(const bf::array<std::int32_t>& x, std::size_t s, bool there) {
    return x.slice(place(there), bf::extents(s * half), bf::extents(half));
  }
  static std::vector<std::int32_t> whole_of(const halves& h) {
    std::vector<std::int32_t> all = elements(h[0]);
    const std::vector<std::int32_t> second = elements(h[1]);
    all.insert(all.end(), second.begin(), second.end());
    return all;
  }
  static std::string differs(const bf::array<std::int32_t>& x, std::int32_t value) {
    const auto got = x.host();
    const auto want = elements(value);
    if (std::equal(got.begin(), got.end(), want.begin(), want.end())) return {};
    return "a slice begins with " + std::to_string(got[0]) + ", not " + std::to_string(value);
  }

  void step_whole(int what, std::size_t k) {
    switch (what) {
      case share:
        real_[1 - k] = real_[k];
        model_[1 - k] = model_[k];
        break;
      case prefetch:
        bf::prefetch(real_[k], places[1]);
        break;
      case overwrite: {
        for (std::int32_t& each : model_[k]) each += 20;
        const std::vector<std::int32_t> fresh = whole_of(model_[k]);
        const auto w = real_[k].overwrite();
        std::copy(fresh.begin(), fresh.end(), w.begin());
        break;
      }
      default:
        bf::checkpoint(real_[k]);
    }
  }

  std::array<bf::array<std::int32_t>, 2> real_;
  std::array<halves, 2> model_;
  std::vector<std::pair<bf::array<std::int32_t>, std::int32_t>> recorded_;
};

template <class Steps> void expect_as_the_model_says(const Steps& steps) {
  two_handles both;
  std::string done;
  for (const int what : steps) {
    done += " " + text_of(what);
    const std::string wrong = both.step(what);
    ASSERT_EQ(wrong, "") << "after" << done;
  }
  ASSERT_EQ(both.end(), "") << "after" << done;
}

TEST(residency_segments, every_sequence_of_three_operations) {
  // The handles begin alike: sequences that only swap them are the same.
  for (int a = 0; a < operations; a += 2)
    for (int b = 0; b < operations; ++b)
      for (int c = 0; c < operations; ++c)
        ASSERT_NO_FATAL_FAILURE(expect_as_the_model_says(std::array{a, b, c}));
}

TEST(residency_segments, long_random_sequences) {
  std::mt19937 random(busfare_test::printed_seed());
  for (int round = 0; round < 300; ++round) {
    std::vector<int> steps(14);
    for (int& each : steps) each = static_cast<int>(random() % static_cast<unsigned>(operations));
    ASSERT_NO_FATAL_FAILURE(expect_as_the_model_says(steps));
  }
}

}  // namespace
