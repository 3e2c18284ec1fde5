// Each sample is made once and judged for every device; an error of one device leaves the others alone.
#include "accuracy/examine.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include <busfare/error.hpp>

namespace busfare::accuracy {
namespace {

using clock = std::chrono::steady_clock;

double since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

std::string name_of(const row& what) {
  return std::string(what.facts().name) + " " + busfare::name_of(what.type);
}

std::string time_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  return whole < 120 ? std::to_string(whole) + " s" : std::to_string((whole + 59) / 60) + " min";
}

std::vector<outcome> empty_outcomes(const row& what, const examination& e) {
  std::vector<outcome> all;
  for (const place& where : e.places) {
    outcome o;
    o.op = what.facts().name;
    o.type = what.type;
    o.device = where.device;
    o.simulated = where.simulated;
    o.math = e.math;
    o.reference = accuracy::name_of(what.judged_by);
    // Packs, and devices that run packs, keep bits and bounds under math::fast.
    o.same_bits = e.math == busfare::math::exact || where.simulated || where.device == "cpu";
    o.bound = o.same_bits ? what.facts().ulp : what.facts().fast_ulp;
    if (what.type == busfare::type::f64 && !where.f64) {
      o.skipped = true;
      o.reason = "the device has no f64";
    }
    all.push_back(std::move(o));
  }
  return all;
}

// The results of the device; empty where it gave none.
std::vector<std::byte> judge(const sample& s, const examination& e, outcome& o,
                             const std::vector<std::byte>& like = {}) {
  if (o.skipped || o.failed) return {};
  try {
    options how = on(o.device);
    how.math = e.math;
    std::vector<std::byte> results = s.run(how);
    o.seen.add(
        s.judge(results, o.judged() ? o.bound : std::numeric_limits<double>::infinity(), like, o.same_bits));
    return results;
  } catch (const error& problem) {
    // What cannot give exact results says so and is no worse for it.
    o.skipped = problem.kind() == error_class::unavailable;
    o.failed = !o.skipped;
    o.reason = problem.what();
    return {};
  }
}

}  // namespace

const char* name_of(ending e) noexcept {
  constexpr const char* names[] = {"ok", "skipped", "DIFFERENT BITS", "ABOVE BOUND", "FAILED"};
  return names[static_cast<int>(e)];
}

ending outcome::end() const noexcept {
  if (failed) return ending::failed;
  if (seen.above > 0) return ending::above_bound;
  if (same_bits && seen.different > 0) return ending::different;
  return skipped ? ending::skipped : ending::ok;
}

std::vector<outcome> examine(const row& what, const examination& e) {
  std::vector<outcome> all = empty_outcomes(what, e);
  if (e.progress) e.progress(name_of(what));
  const auto s = what.draw(e.how);
  for (outcome& each : all) {
    if (e.stop && e.stop()) {
      each.partial = true;
      continue;
    }
    if (e.progress) e.progress(name_of(what) + " on " + each.device);
    judge(*s, e, each);
  }
  return all;
}

std::vector<outcome> examine_all(const row& what, const examination& e, int chunks) {
  if (what.sweep == nullptr) {
    throw error(error_class::invalid_argument, name_of(what) + " is no function of one f32");
  }
  constexpr std::size_t count = (std::uint64_t{1} << 32) / all_chunks;
  std::vector<outcome> all = empty_outcomes(what, e);
  const auto begin = clock::now();
  int done = 0;
  for (; done < chunks && !(e.stop && e.stop()); ++done) {
    const auto s =
        what.sweep(static_cast<std::uint32_t>(static_cast<std::size_t>(done) * count), count, e.how.threads);
    std::vector<std::byte> like;
    for (outcome& each : all) {
      std::vector<std::byte> results = judge(*s, e, each, like);
      if (like.empty() && each.same_bits) like = std::move(results);
    }
    if (!e.progress) continue;
    const double left = since(begin) / (done + 1) * (chunks - done - 1);
    e.progress(name_of(what) + ": " + std::to_string((done + 1) * 100 / chunks) + " % of 2^32 values, " +
               time_text(left) + " left");
  }
  for (outcome& each : all) {
    each.exhaustive = true;
    each.partial = done < all_chunks;
    each.seconds = since(begin);
    if (each.reference != accuracy::name_of(reference::exact)) each.reference = "53 bits";
  }
  return all;
}

double predicted_seconds(const row& what, const examination& e) {
  constexpr std::uint32_t places = 16;
  constexpr std::size_t count = 16384;
  std::vector<outcome> all = empty_outcomes(what, e);
  double seconds = 0;
  for (std::uint32_t k = 0; k <= places; ++k) {
    const auto begin = clock::now();
    const auto s = what.sweep((k % places) * (0xffffffffu / places), count, e.how.threads);
    for (outcome& each : all) judge(*s, e, each);  // the results are not wanted
    if (k > 0) seconds += since(begin);            // the first builds kernels
  }
  return seconds * std::ldexp(1.0, 32) / (places * static_cast<double>(count));
}

}  // namespace busfare::accuracy
