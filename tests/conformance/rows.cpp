// A case for each row of the vocabulary and type: the device against the scalar reading, bit for bit, and
// against the exact result with the row's bound; for floats a second one under math::fast.
#include <string>

#include "accuracy/accuracy.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

namespace accuracy = busfare::accuracy;

std::string text_of(const accuracy::finding& f) {
  std::string at;
  for (const std::string& each : f.inputs) at += (at.empty() ? "" : ", ") + each;
  return at + " gave " + f.got + " instead of " + f.wanted;
}

void check(trial& t, const accuracy::row& row, double bound, bool same_bits) {
  accuracy::sampling how;
  how.seed = seed();
  const auto sample = row.draw(how);
  const std::vector<std::byte> results = sample->run(t.how);
  t.add_to_hash(results.data(), results.size());
  const accuracy::verdict v = sample->judge(results, bound, {}, same_bits);
  if (same_bits && v.different > 0) {
    t.report(std::to_string(v.different) +
             " results differ from the scalar reading: " + text_of(v.first_difference));
  }
  if (v.above > 0) {
    t.report(std::to_string(v.above) + " results are above the bound of " + std::to_string(bound) + " ULP, " +
             std::to_string(v.worst_ulp) + " at " + text_of(v.worst));
  }
}

bool add_rows() {
  bool any = false;
  for (const accuracy::row& row : accuracy::rows()) {
    const bf::vocabulary_row& facts = row.facts();
    const std::string name = std::string(facts.name) + "_" + bf::name_of(row.type);
    const bool f64 = row.type == bf::type::f64;
    any = add_case(
        "row_" + name, [&row](trial& t) { check(t, row, row.facts().ulp, true); }, f64);
    if (row.type != bf::type::f32 && !f64) continue;
    // Under math::fast a row has a bound of its own; packs keep the bits.
    any = add_case(
        "fast_row_" + name,
        [&row](trial& t) {
          t.how.math = bf::math::fast;
          check(t, row, row.facts().fast_ulp, runs_packs(t.how.device));
        },
        f64);
  }
  return any;
}

const bool added = add_rows();

}  // namespace
}  // namespace conformance
