// A job made from an operation's description: inputs, recording, reference.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "operation.hpp"

namespace busfare::bench {

/// Seconds on the host's clock.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The sample of one call: `run_s` until the results were computed, `read_s` for reading them on the host.
/// Where the run left results on the device, the reading was the download (on a simulated device: as its
/// plan says).
warm_sample sample_of(const receipt& r, double run_s, double read_s, const place& where);

inline options options_of(const place& where) {
  options how = on(where.device);
  how.math = where.math;
  return how;
}

/// Description offers: `inputs(n)` -> tuple of vectors; `record(options, n, arrays...)` -> tuple of arrays;
/// `check(tolerance, n, inputs, results)` with the results' host views as a tuple; perhaps a `pause` before
/// each warm call, which is not measured.
template <class Description> class described_job final : public job {
 public:
  described_job(std::uint64_t n, place where)
      : n_(n), where_(std::move(where)), how_(options_of(where_)), inputs_(Description::inputs(n)) {}

  warm_sample warm() override {
    const auto in = fresh();
    if constexpr (requires { Description::pause; }) std::this_thread::sleep_for(Description::pause);
    const double begin = now();
    results_ = std::make_unique<Results>(record(in));
    const receipt r = std::apply([](const auto&... each) { return run(each...); }, *results_);
    const double computed = now();
    std::apply([&](const auto&... each) { ((void)each.host(), ...); }, *results_);
    return sample_of(r, computed - begin, now() - computed, where_);
  }

  double resident() override {
    if (!kept_) {
      kept_ = std::make_unique<Arrays>(fresh());
      (void)run_kept();
    }
    return run_kept().measured.kernel;
  }

  plan quote() override {
    return std::apply([](const auto&... each) { return busfare::quote(each...); }, record(fresh()));
  }

  check verify() override {
    if (!results_) (void)warm();
    const auto views =
        std::apply([](const auto&... each) { return std::make_tuple(each.host()...); }, *results_);
    return Description::check(tolerance_of(where_), n_, inputs_, views);
  }

 private:
  using Inputs = decltype(Description::inputs(0));
  static auto copies(const Inputs& in) {
    return std::apply([](const auto&... each) { return std::make_tuple(copy_of(each)...); }, in);
  }
  using Arrays = decltype(copies(std::declval<Inputs>()));

  static auto recorded(const options& how, std::uint64_t n, const Arrays& in) {
    return std::apply([&](const auto&... each) { return Description::record(how, n, each...); }, in);
  }
  using Results = decltype(recorded(std::declval<options>(), 0, std::declval<Arrays>()));

  Arrays fresh() const { return copies(inputs_); }
  Results record(const Arrays& in) const { return recorded(how_, n_, in); }
  receipt run_kept() const {
    return std::apply([](const auto&... each) { return run(each...); }, record(*kept_));
  }

  std::uint64_t n_;
  place where_;
  options how_;
  Inputs inputs_;
  std::unique_ptr<Arrays> kept_;
  std::unique_ptr<Results> results_;
};

template <class Description> std::unique_ptr<job> make_job(std::uint64_t n, const place& where) {
  return std::make_unique<described_job<Description>>(n, where);
}

/// n -> factor * n.
inline std::function<double(std::uint64_t)> per_element(double factor) {
  return [factor](std::uint64_t n) { return factor * static_cast<double>(n); };
}

}  // namespace busfare::bench
