// What one thread does of a launch: blocks of a chain, tree blocks of a fold.
#include <algorithm>
#include <cstring>

#include "cpu/executable.hpp"
#include "cpu/links.hpp"

namespace busfare::cpu {

using backend::parameter_kind;

void executable::bind(scratch& s) const noexcept {
  for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
    const bool here = i >= plan_.parameters || frame_.shadowed[i] != 0;
    s.base[i] = here ? s.memory.data() + plan_.slots[i].scratch : frame_.address[i];
    s.where[i] = here && i < plan_.parameters ? place::block : plan_.slots[i].where;
  }
  for (std::size_t i = 0; i < plan_.in.size(); ++i) {
    const auto from = static_cast<std::size_t>(plan_.in[i]);
    const parameter_kind kind = plan_.slots[from].kind;
    s.in[i] = {s.base[from], kind == parameter_kind::whole ? frame_.size[from] : 0,
               kind == parameter_kind::broadcast};
  }
  bind_steps(s);
  if (!plan_.links.empty()) bind_links(s);
  for (std::size_t c = 0; c < plan_.fold_slots.size(); ++c) {
    const auto from = static_cast<std::size_t>(plan_.fold_slots[c]);
    const slot& t = plan_.slots[from];
    if (t.kind != parameter_kind::broadcast) continue;
    std::byte* const fill = s.memory.data() + t.scratch;
    for (std::uint64_t k = 0; k < tree_block; ++k)
      std::memcpy(fill + k * size_of(t.type), frame_.address[from], size_of(t.type));
  }
}

// Blocks differ in where they begin only, so what steps are given is written once a launch. Written anew for
// each block it made a chain of five maps a third slower (docs/decisions/0011-blocks-of-chains.md).
void executable::bind_steps(scratch& s) const noexcept {
  s.moving_ins = s.moving_outs = s.fetched_count = 0;
  const auto moves = [&](std::size_t slot_index) {
    return s.where[slot_index] != place::block && plan_.slots[slot_index].stride != 0;
  };
  const auto moving_of = [&](std::size_t which, std::size_t i) {
    return moving{which, s.base[i], plan_.slots[i].stride, s.where[i] == place::tree};
  };
  for (std::size_t k = 0; k < plan_.steps.size(); ++k) {
    const planned_step& step = plan_.steps[k];
    for (std::size_t i = step.in; i < step.in_end; ++i) {
      const auto from = static_cast<std::size_t>(plan_.in[i]);
      if (moves(from)) s.moving_in[s.moving_ins++] = moving_of(i, from);
    }
    for (std::size_t o = step.out; o < step.out_end; ++o) {
      const auto to = static_cast<std::size_t>(plan_.out[o]);
      s.out[o] = s.base[to];
      if (moves(to)) s.moving_out[s.moving_outs++] = moving_of(o, to);
    }
    cpu_block& b = s.blocks[k];
    b.in = s.in.data() + step.in;
    b.out = s.out.data() + step.out;
    b.numbers = reinterpret_cast<const std::byte*>(frame_.numbers.data() + step.numbers);
    std::copy(std::begin(frame_.shape), std::end(frame_.shape), std::begin(b.shape));
    b.stream = frame_.stream && k + 1 == plan_.steps.size();
  }
  for (std::size_t i = 0; i < plan_.parameters; ++i)
    if (plan_.slots[i].kind == parameter_kind::element && s.where[i] == place::array)
      s.fetched[s.fetched_count++] = moving_of(i, i);
}

void executable::bind_links(scratch& s) const noexcept {
  for (std::size_t i = 0; i < plan_.in.size(); ++i)
    s.link_arrays[i] = s.base[static_cast<std::size_t>(plan_.in[i])];
  for (std::size_t k = 0; k < plan_.steps.size(); ++k)
    s.links[k] = {plan_.links[k], s.blocks[k].numbers, s.link_arrays.data() + plan_.steps[k].in + 1, nullptr};
}

// What a chain in registers does of the range; returns where it ended.
std::uint64_t executable::link_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept {
  if (plan_.links.empty() || frame_.any_shadow) return from;
  const std::uint64_t group = link_elements(plan_.link_set), end = to - (to - from) % group;
  const auto result = static_cast<std::size_t>(plan_.out.back());
  std::byte* const out = s.base[result];
  const auto address = reinterpret_cast<std::uintptr_t>(out) + from * plan_.slots[result].stride;
  s.links.back() = storing_link(plan_.link_set, out, frame_.stream && address % 64 == 0);
  run_links(plan_.link_set, s.links.data(), s.link_arrays.front(), from, end);
  return end;
}

// Sets the pointers of all steps; `in_tree` is first's place in its tree block.
void executable::aim(scratch& s, std::uint64_t first, std::uint64_t in_tree) noexcept {
  const auto at = [&](const moving& m) { return m.base + (m.tree ? in_tree : first) * m.stride; };
  for (std::size_t i = 0; i < s.moving_ins; ++i) s.in[s.moving_in[i].which].data = at(s.moving_in[i]);
  for (std::size_t o = 0; o < s.moving_outs; ++o) s.out[s.moving_out[o].which] = at(s.moving_out[o]);
}

// A chain reads memory in its first steps only, and the memory idles during the others. So each step is
// followed by its share of what the next block reads: of the array bytes from there on, part `step`.
void executable::fetch_ahead(const scratch& s, std::uint64_t next, std::uint64_t count,
                             std::size_t step) const noexcept {
  constexpr std::size_t line = 64;
  const std::size_t steps = plan_.steps.size();
  for (std::size_t i = 0; i < s.fetched_count; ++i) {
    const moving& m = s.fetched[i];
    const std::size_t lines = static_cast<std::size_t>(count) * m.stride / line;
    const std::byte* const from = m.base + next * m.stride;
    for (std::size_t k = lines * step / steps; k < lines * (step + 1) / steps; ++k)
      __builtin_prefetch(from + k * line);
  }
}

// All steps on elements [first, first + count); `in_tree` is first's place in its tree block; `more` elements
// follow.
void executable::run_steps(scratch& s, std::uint64_t first, std::uint64_t in_tree, std::uint64_t count,
                           std::uint64_t more) const noexcept {
  aim(s, first, in_tree);
  const std::size_t steps = plan_.steps.size();
  for (std::size_t k = 0; k < steps; ++k) {
    cpu_block& b = s.blocks[k];
    b.first = first;
    b.count = count;
    plan_.steps[k].run(b);
    if (more != 0 && steps > 1) fetch_ahead(s, first + count, std::min(count, more), k);
  }
}

void executable::map_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept {
  const std::uint64_t length = plan_.blocked ? chain_block : to - from;
  for (std::uint64_t i = link_range(s, from, to); i != to;) {
    const std::uint64_t n = std::min(length, to - i);
    run_steps(s, i, 0, n, to - i - n);
    if (frame_.any_shadow)
      for (std::size_t r = 0; r < plan_.parameters; ++r)
        if (frame_.shadowed[r] != 0) {
          const std::size_t size = plan_.slots[r].stride;
          std::memcpy(frame_.address[r] + i * size, s.base[r], n * size);
        }
    i += n;
  }
#if defined(__x86_64__)
  if (frame_.stream) __builtin_ia32_sfence();
#endif
}

void executable::fold_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept {
  const std::uint64_t length = plan_.blocked ? chain_block : tree_block;
  std::uint64_t n = 0;
  for (std::uint64_t i = from; i != to; i += n) {
    n = std::min(tree_block, to - i);
    for (std::size_t c = 0; c < plan_.fold_results.size(); ++c) {
      const auto out = static_cast<std::size_t>(plan_.fold_results[c]);
      s.fold_out[c] = s.base[out] + (i - frame_.first) / tree_block * plan_.slots[out].stride;
    }
    if (plan_.folded != nullptr && n == tree_block) {
      aim(s, i, 0);
      cpu_block& b = s.blocks.front();
      b.first = i;
      b.count = n;
      plan_.folded(b, s.fold_out.data());
      continue;
    }
    if (!plan_.steps.empty())
      for (std::uint64_t j = 0; j < n; j += length)
        run_steps(s, i + j, j, std::min(length, n - j), to - i - std::min(j + length, n));
    for (std::size_t c = 0; c < plan_.fold_slots.size(); ++c) {
      const auto in = static_cast<std::size_t>(plan_.fold_slots[c]);
      const slot& t = plan_.slots[in];
      s.fold_in[c] = t.kind == parameter_kind::broadcast ? s.memory.data() + t.scratch
                     : in < plan_.parameters             ? s.base[in] + i * t.stride
                                                         : s.base[in];
    }
    plan_.fold({s.fold_in.data(), s.fold_out.data(), n});
  }
}

}  // namespace busfare::cpu
