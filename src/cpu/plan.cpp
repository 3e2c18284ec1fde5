// Checks a build request and flattens it.
#include "cpu/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <busfare/error.hpp>

#include "cpu/links.hpp"

namespace busfare::cpu {

namespace {

using backend::parameter_kind;

[[noreturn]] void refuse(const std::string& why) {
  error::details d;
  d.device = "cpu";
  throw error(error_class::internal, "build request: " + why, std::move(d));
}

// The entry for `set`, or for the next narrower one that the unit was compiled for.
template <class Code> auto entry_of(const Code& code, isa set) {
  for (int i = static_cast<int>(set); i > 0; --i)
    if (code.run[i] != nullptr) return code.run[i];
  return code.run[0];
}

class builder {
 public:
  builder(const backend::build_request& what, isa set) : what_(what) {
    p_.kind = what.work;
    p_.set = set;
    p_.parameters = what.parameters.size();
  }

  plan build() {
    const bool fold = what_.work == backend::work::fold;
    if (what_.steps.empty() && !fold) refuse("a map without steps");
    p_.blocked = what_.steps.size() > 1 || (!fold && !what_.temporaries.empty());
    add_slots();
    for (const backend::step& s : what_.steps) add_step(s);
    if (fold)
      add_fold();
    else
      add_results();
    if (!fold) add_links();
    // About eight operations of a pack (two flops each) take as long as its load and store.
    p_.weight = std::max({1.0, static_cast<double>(what_.steps.size()), what_.flops / 16});
    return std::move(p_);
  }

 private:
  void add_slots() {
    const auto room = [&](std::size_t size, std::uint64_t elements) {
      const std::size_t at = p_.scratch_bytes;
      p_.scratch_bytes += (size * static_cast<std::size_t>(elements) + 63) / 64 * 64;
      return at;
    };
    for (const backend::parameter& q : what_.parameters) {
      const bool moves = q.kind == parameter_kind::element || q.kind == parameter_kind::result;
      p_.slots.push_back({q.type, place::array, q.kind, moves ? size_of(q.type) : 0, 0});
    }
    for (const busfare::type t : what_.temporaries)
      p_.slots.push_back({t, place::block, parameter_kind::element, size_of(t), 0});
    const bool fold = what_.work == backend::work::fold;
    for (const int s : what_.fold_slots) {
      check(s, "a fold's component");
      slot& c = p_.slots[index(s)];
      if (index(s) >= p_.parameters) {
        c.where = place::tree;
      } else if (c.kind == parameter_kind::broadcast) {
        c.scratch = room(size_of(c.type), tree_block);  // filled with the value at each part's start
      } else if (c.kind != parameter_kind::element) {
        refuse("a fold's component is neither an element nor a broadcast argument");
      }
    }
    for (std::size_t s = p_.parameters; s < p_.slots.size(); ++s) {
      const bool tree = p_.slots[s].where == place::tree || (fold && !p_.blocked);
      p_.slots[s].scratch = room(size_of(p_.slots[s].type), tree ? tree_block : chain_block);
    }
    if (!fold && p_.blocked)
      for (std::size_t s = 0; s < p_.parameters; ++s)
        if (p_.slots[s].kind == parameter_kind::result)
          p_.slots[s].scratch = room(size_of(p_.slots[s].type), chain_block);  // for its shadow
    written_.assign(p_.slots.size(), false);
  }

  void add_step(const backend::step& s) {
    if (s.code == nullptr || s.code->run[0] == nullptr) refuse("a step without code for base");
    planned_step q{};
    q.base = s.code->run[0];
    q.run = entry_of(*s.code, p_.set);
    q.comparable = q.run != q.base && !s.code->tu_fast_math;
    q.in = p_.in.size();
    for (const int i : s.in) {
      check(i, "an argument of a step");
      const parameter_kind kind = p_.slots[index(i)].kind;
      if (kind == parameter_kind::number) refuse("a number stands where a step wants an array");
      const bool made = index(i) >= p_.parameters || kind == parameter_kind::result;
      if (made && !written_[index(i)])
        refuse("a step reads slot " + std::to_string(i) + " before it is written");
      if (kind == parameter_kind::element && !made) note_hazards(i);
      p_.in.push_back(i);
    }
    q.in_end = p_.in.size();
    q.out = p_.out.size();
    for (const int o : s.out) {
      check(o, "a result of a step");
      const bool temporary = index(o) >= p_.parameters;
      const bool result =
          p_.slots[index(o)].kind == parameter_kind::result && what_.work == backend::work::map;
      if (!temporary && !result) refuse("a step writes slot " + std::to_string(o) + ", which is no result");
      p_.out.push_back(o);
    }
    for (const int o : s.out) written_[index(o)] = true;
    if (s.out.empty()) refuse("a step without results");
    q.out_end = p_.out.size();
    q.numbers = p_.numbers.size();
    for (const int n : s.numbers) {
      check(n, "a number of a step");
      if (index(n) >= p_.parameters || p_.slots[index(n)].kind != parameter_kind::number)
        refuse("slot " + std::to_string(n) + " is no number");
      p_.numbers.push_back(n);
    }
    q.numbers_end = p_.numbers.size();
    p_.steps.push_back(q);
  }

  // Results written by earlier steps than the one that reads `input` now.
  void note_hazards(int input) {
    for (std::size_t r = 0; r < p_.parameters; ++r)
      if (written_[r]) p_.hazards.push_back({static_cast<int>(r), input});
  }

  void add_results() {
    for (std::size_t r = 0; r < p_.parameters; ++r)
      if (p_.slots[r].kind == parameter_kind::result && !written_[r])
        refuse("result " + std::to_string(r) + " is written by no step");
    const planned_step& last = p_.steps.back();
    p_.streamable = std::all_of(p_.out.begin() + static_cast<std::ptrdiff_t>(last.out), p_.out.end(),
                                [&](int o) { return index(o) < p_.parameters; });
  }

  void add_fold() {
    if (what_.fold == nullptr || what_.fold->run[0] == nullptr) refuse("a fold without code for base");
    if (what_.fold_slots.empty()) refuse("a fold without components");
    for (const int s : what_.fold_slots)
      if (index(s) >= p_.parameters && !written_[index(s)])
        refuse("a fold's component " + std::to_string(s) + " is written by no step");
    p_.fold_slots.assign(what_.fold_slots.begin(), what_.fold_slots.end());
    for (std::size_t r = 0; r < p_.parameters; ++r)
      if (p_.slots[r].kind == parameter_kind::result) p_.fold_results.push_back(static_cast<int>(r));
    if (p_.fold_results.size() != p_.fold_slots.size())
      refuse("a fold of " + std::to_string(p_.fold_slots.size()) + " components with " +
             std::to_string(p_.fold_results.size()) + " results");
    p_.fold_base = what_.fold->run[0];
    p_.fold = entry_of(*what_.fold, p_.set);
    p_.fold_comparable = p_.fold != p_.fold_base && !what_.fold->tu_fast_math;
    add_folded();
  }

  // Where the one step and the fold were recorded by one call, in this order of components.
  void add_folded() {
    if (what_.steps.size() != 1 || what_.steps.front().code->folded == nullptr) return;
    const backend::step& s = what_.steps.front();
    const cpu_folded_code& both = *s.code->folded;
    if (both.fold != what_.fold || !std::ranges::equal(s.out, what_.fold_slots)) return;
    if (std::ranges::any_of(s.out, [&](int o) { return index(o) < p_.parameters; })) return;
    p_.folded = entry_of(both, p_.set);
    p_.folded_comparable = !s.code->tu_fast_math && !what_.fold->tu_fast_math;
  }

  // A chain runs in registers where each step is handed what the one before made, which nobody else wants,
  // and reads arrays otherwise.
  void add_links() {
    if (p_.steps.size() < 2) return;
    const auto is_array = [&](int s) {
      return index(s) < p_.parameters && p_.slots[index(s)].kind == parameter_kind::element;
    };
    int handed_on = -1;
    for (const planned_step& s : p_.steps) {
      const bool last = &s == &p_.steps.back();
      if (s.in == s.in_end || s.out_end - s.out != 1) return;
      for (std::size_t i = s.in; i < s.in_end; ++i) {
        const bool is_handed = i == s.in && handed_on >= 0;
        if (is_handed ? p_.in[i] != handed_on : !is_array(p_.in[i])) return;
      }
      handed_on = p_.out[s.out];
      if (last != (index(handed_on) < p_.parameters)) return;
    }
    for (int i = static_cast<int>(p_.set); i > 0; --i) {
      if (link_elements(static_cast<isa>(i)) == 0) continue;
      std::vector<void (*)()> links;
      for (const backend::step& s : what_.steps) {
        const auto entry = s.code->link == nullptr ? nullptr : s.code->link().run[i];
        if (entry == nullptr) break;
        links.push_back(entry);
      }
      if (links.size() != p_.steps.size()) continue;
      p_.links = std::move(links);
      p_.link_set = static_cast<isa>(i);
      p_.links_comparable =
          std::ranges::none_of(what_.steps, [](const backend::step& s) { return s.code->tu_fast_math; });
      return;
    }
  }

  static std::size_t index(int slot) noexcept { return static_cast<std::size_t>(slot); }
  void check(int s, const char* what) const {
    if (s < 0 || index(s) >= p_.slots.size())
      refuse(std::string(what) + " names slot " + std::to_string(s) + " of " +
             std::to_string(p_.slots.size()));
  }

  const backend::build_request& what_;
  plan p_;
  std::vector<bool> written_;
};

}  // namespace

plan make_plan(const backend::build_request& what, isa set) { return builder(what, set).build(); }

}  // namespace busfare::cpu
