// The comparison of a kernel's wide code with its base code.
#include "cpu/base_check.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <busfare/error.hpp>

#include "cpu/links.hpp"

namespace busfare::cpu {

namespace {

using backend::parameter_kind;

constexpr std::uint64_t checked_elements = 253;

aligned_bytes zeros(std::size_t bytes) {
  aligned_bytes b(bytes + 64);
  std::memset(b.data(), 0, bytes + 64);
  return b;
}

template <class T> T load(const std::byte* p) noexcept {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T> std::string text(const std::byte* p) {
  char digits[64];
  const auto r = std::to_chars(std::begin(digits), std::end(digits), load<T>(p));
  return {digits, r.ptr};
}

// Of a half's bits.
std::string half_text(const std::byte* p) {
  const unsigned bits = load<std::uint16_t>(p), exponent = (bits >> 10) & 31u, digits = bits & 0x3ffu;
  const float size = exponent == 31 ? (digits == 0 ? HUGE_VALF : NAN)
                     : exponent == 0
                         ? std::ldexp(static_cast<float>(digits), -24)
                         : std::ldexp(static_cast<float>(digits | 0x400u), static_cast<int>(exponent) - 25);
  const float x = (bits & 0x8000u) != 0 ? -size : size;
  return text<float>(reinterpret_cast<const std::byte*>(&x));
}

std::string value_text(busfare::type t, const std::byte* p) {
  switch (t) {
    case type::f32:
      return text<float>(p);
    case type::f64:
      return text<double>(p);
    case type::i32:
      return text<std::int32_t>(p);
    case type::u32:
      return text<std::uint32_t>(p);
    case type::i64:
      return text<std::int64_t>(p);
    case type::u64:
      return text<std::uint64_t>(p);
    case type::u8:
      return std::to_string(load<std::uint8_t>(p));
    case type::i8:
      return std::to_string(load<std::int8_t>(p));
    case type::u16:
      return text<std::uint16_t>(p);
    case type::i16:
      return text<std::int16_t>(p);
    case type::f16:
      return half_text(p);
  }
  return "?";
}

// By bits, so that this file's own flags (-ffast-math) cannot make a NaN vanish.
bool is_nan(busfare::type t, const std::byte* p) noexcept {
  if (t == type::f32) return (load<std::uint32_t>(p) & 0x7fffffffu) > 0x7f800000u;
  if (t == type::f16) return (load<std::uint16_t>(p) & 0x7fffu) > 0x7c00u;
  if (t == type::f64) return (load<std::uint64_t>(p) & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
  return false;
}

void compare(busfare::type t, const std::byte* got, const std::byte* want, std::uint64_t count,
             std::uint64_t first, isa set, const std::string& what) {
  const std::size_t size = size_of(t);
  if (std::memcmp(got, want, count * size) == 0) return;
  for (std::uint64_t i = 0; i < count; ++i, got += size, want += size) {
    if (std::memcmp(got, want, size) == 0 || (is_nan(t, got) && is_nan(t, want))) continue;
    error::details d;
    d.device = "cpu";
    d.hint = "this is a defect; BUSFARE_ISA=base avoids the code that is wrong";
    throw error(error_class::internal,
                what + " computes " + value_text(t, got) + " with " + name_of(set) + " but " +
                    value_text(t, want) + " with base at element " + std::to_string(first + i),
                std::move(d));
  }
}

class checker {
 public:
  checker(const plan& p, const frame& f)
      : p_(p),
        f_(f),
        n_(std::min(f.count, p.kind == backend::work::fold ? tree_block : checked_elements)),
        made_(p.slots.size()) {}

  void run() {
    for (std::size_t k = 0; k < p_.steps.size(); ++k) step(k);
    if (p_.links_comparable) links();
    if (p_.fold_comparable || p_.folded_comparable) fold();
  }

 private:
  // Where the elements from `first` on of a slot are: what an earlier step made, or the launch's memory.
  const std::byte* at(int slot_index) const noexcept {
    const auto i = static_cast<std::size_t>(slot_index);
    return made_[i].empty() ? f_.address[i] + (f_.address[i] ? f_.first * p_.slots[i].stride : 0)
                            : made_[i].front().data();
  }

  std::vector<cpu_operand> operands(const planned_step& s) const {
    std::vector<cpu_operand> in;
    for (std::size_t i = s.in; i < s.in_end; ++i) {
      const auto from = static_cast<std::size_t>(p_.in[i]);
      const parameter_kind kind = p_.slots[from].kind;
      in.push_back({at(p_.in[i]), kind == parameter_kind::whole ? f_.size[from] : 0,
                    kind == parameter_kind::broadcast});
    }
    return in;
  }

  // Without its results.
  cpu_block block(const planned_step& s, const std::vector<cpu_operand>& in) const noexcept {
    cpu_block b{};
    b.in = in.data();
    b.numbers = reinterpret_cast<const std::byte*>(f_.numbers.data() + s.numbers);
    std::copy(std::begin(f_.shape), std::end(f_.shape), std::begin(b.shape));
    b.first = f_.first;
    b.count = n_;
    return b;
  }

  void step(std::size_t k) {
    const planned_step& s = p_.steps[k];
    const std::vector<cpu_operand> in = operands(s);
    std::vector<aligned_bytes> want, got;
    std::vector<std::byte*> want_at, got_at;
    for (std::size_t o = s.out; o < s.out_end; ++o) {
      const std::size_t bytes = n_ * size_of(type_of_slot(p_.out[o]));
      want_at.push_back(want.emplace_back(zeros(bytes)).data());
      got_at.push_back(got.emplace_back(zeros(bytes)).data());
    }
    cpu_block b = block(s, in);
    b.out = want_at.data();
    s.base(b);
    if (s.comparable) {
      b.out = got_at.data();
      b.stream = f_.stream && k + 1 == p_.steps.size();
      s.run(b);
#if defined(__x86_64__)
      if (b.stream) __builtin_ia32_sfence();
#endif
      for (std::size_t o = s.out; o < s.out_end; ++o)
        compare(type_of_slot(p_.out[o]), got_at[o - s.out], want_at[o - s.out], n_, f_.first, p_.set,
                "kernel step " + std::to_string(k + 1) + " of " + std::to_string(p_.steps.size()));
    }
    for (std::size_t o = s.out; o < s.out_end; ++o) {
      auto& made = made_[static_cast<std::size_t>(p_.out[o])];
      made.clear();
      made.push_back(std::move(want[o - s.out]));
    }
  }

  // The whole chain in registers, beside what base made of all its steps.
  void links() {
    const std::uint64_t n = n_ - n_ % link_elements(p_.link_set);
    if (n == 0) return;
    const int result = p_.out.back();
    const aligned_bytes got = zeros(n * size_of(type_of_slot(result)));
    std::vector<const std::byte*> arrays;
    for (const int i : p_.in) arrays.push_back(at(i));  // those that are handed on are not read
    std::vector<cpu_link> chain;
    for (std::size_t k = 0; k < p_.steps.size(); ++k)
      chain.push_back({p_.links[k],
                       reinterpret_cast<const std::byte*>(f_.numbers.data() + p_.steps[k].numbers),
                       arrays.data() + p_.steps[k].in + 1, nullptr});
    chain.push_back(storing_link(p_.link_set, got.data(), false));
    run_links(p_.link_set, chain.data(), arrays.front(), 0, n);
    compare(type_of_slot(result), got.data(), at(result), n, f_.first, p_.link_set, "a chain in registers");
  }

  void fold() {
    std::vector<aligned_bytes> filled;
    std::vector<const std::byte*> in;
    std::vector<std::byte*> want, got;
    const std::size_t components = p_.fold_slots.size();
    const aligned_bytes results = zeros(16 * components);
    for (std::size_t c = 0; c < components; ++c) {
      const slot& s = p_.slots[static_cast<std::size_t>(p_.fold_slots[c])];
      const std::byte* from = at(p_.fold_slots[c]);
      if (s.kind == parameter_kind::broadcast) {
        std::byte* const fill = filled.emplace_back(zeros(n_ * size_of(s.type))).data();
        for (std::uint64_t i = 0; i < n_; ++i) std::memcpy(fill + i * size_of(s.type), from, size_of(s.type));
        from = fill;
      }
      in.push_back(from);
      want.push_back(results.data() + 16 * c);
      got.push_back(results.data() + 16 * c + 8);
    }
    p_.fold_base({in.data(), want.data(), n_});
    const auto compare_all = [&](const char* what) {
      for (std::size_t c = 0; c < components; ++c)
        compare(type_of_slot(p_.fold_results[c]), got[c], want[c], 1, f_.first / tree_block, p_.set,
                "component " + std::to_string(c + 1) + " of a " + what + ", tree block counted as element,");
    };
    if (p_.fold_comparable) {
      p_.fold({in.data(), got.data(), n_});
      compare_all("fold");
    }
    if (p_.folded_comparable && n_ == tree_block) {
      const std::vector<cpu_operand> read = operands(p_.steps.front());
      p_.folded(block(p_.steps.front(), read), got.data());
      compare_all("map and fold in one");
    }
  }

  busfare::type type_of_slot(int s) const noexcept { return p_.slots[static_cast<std::size_t>(s)].type; }

  const plan& p_;
  const frame& f_;
  std::uint64_t n_;
  std::vector<std::vector<aligned_bytes>> made_;  // per slot: empty, or its elements from `first` on
};

}  // namespace

bool needs_base_check(const plan& p) noexcept {
  return p.fold_comparable || p.folded_comparable || p.links_comparable ||
         std::any_of(p.steps.begin(), p.steps.end(), [](const planned_step& s) { return s.comparable; });
}

void check_against_base(const plan& p, const frame& f) { checker(p, f).run(); }

}  // namespace busfare::cpu
