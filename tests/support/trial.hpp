// One conformance case on one device: what it compares, and what it found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/hard_values.hpp"

namespace conformance {

namespace bf = busfare;

/// The seed of every random value of a run; printed by main, set by BUSFARE_SEED.
std::uint64_t seed();

/// Whether a device runs compiled packs; others compile text.
bool runs_packs(const std::string& device);

/// Collects differences instead of asserting, so that a case can be wanted to fail on a device with a planted
/// error.
class trial {
 public:
  trial(std::string device, bool planted) : how(bf::on(std::move(device))), planted_(planted) {}

  bf::options how;  ///< every algorithm of a case gets this

  /// True on a device with a planted error: large cases may leave out what adds nothing there.
  [[nodiscard]] bool planted() const noexcept { return planted_; }

  template <class T> void same(const std::string& what, std::span<const T> got, std::span<const T> want) {
    if (got.size() != want.size()) {
      report(what + ": " + std::to_string(got.size()) + " elements instead of " +
             std::to_string(want.size()));
      return;
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (busfare_test::same(got[i], want[i])) continue;
      std::ostringstream text;
      text.precision(17);
      using shown = bf::compute_t<T>;  // bytes are no characters here, and f16 has no operator of its own
      text << what << "[" << i << "]: " << static_cast<shown>(got[i]) << " instead of "
           << static_cast<shown>(want[i]);
      report(text.str());
    }
    for (T x : got) {
      if (x != x) x = T{};
      add_to_hash(&x, sizeof x);
    }
  }
  template <class T> void same(const std::string& what, const bf::array<T>& got, const std::vector<T>& want) {
    const auto all = got.host();
    same<T>(what, std::span<const T>(all.data(), all.size()), std::span<const T>(want));
  }
  template <class T> void same(const std::string& what, const bf::array<T>& got, T want) {
    same(what, got, std::vector<T>{want});
  }
  void check(const std::string& what, bool holds) {
    if (!holds) report(what);
  }
  void report(const std::string& text) {
    if (wrong_++ < 5) first_ += text + "\n";
  }

  [[nodiscard]] std::size_t wrong() const noexcept { return wrong_; }
  /// The first five differences.
  [[nodiscard]] const std::string& first() const noexcept { return first_; }
  /// Of results that `same` does not see. Their NaNs must all have the same bits.
  void add_to_hash(const void* data, std::size_t bytes) noexcept {
    const auto* each = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < bytes; ++i) hash_ = (hash_ ^ each[i]) * 0x100000001b3u;
  }
  /// Of everything that the device gave, NaNs as zero: equal for any number of threads and any instruction
  /// set.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

 private:
  bool planted_;
  std::size_t wrong_ = 0;
  std::string first_;
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

struct test_case {
  std::string name;
  std::function<void(trial&)> run;
  bool f64;  ///< needs a device with f64
};

/// All cases of the program.
std::vector<test_case>& cases();
bool add_case(std::string name, std::function<void(trial&)> run, bool f64 = false);

#define BUSFARE_CASE_(case_name, f64)                                                               \
  static void case_##case_name(::conformance::trial&);                                              \
  static const bool added_##case_name = ::conformance::add_case(#case_name, case_##case_name, f64); \
  static void case_##case_name([[maybe_unused]] ::conformance::trial& t)
/// A case: `BUSFARE_CASE(name) { ... t.same("what", got, want); }`. _F64: for devices with f64.
#define BUSFARE_CASE(case_name) BUSFARE_CASE_(case_name, false)
#define BUSFARE_CASE_F64(case_name) BUSFARE_CASE_(case_name, true)

}  // namespace conformance
