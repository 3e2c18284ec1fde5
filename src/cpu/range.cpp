// What one thread does of a launch: blocks of a chain, tree blocks of a fold.
#include <algorithm>
#include <cstring>

#include "cpu/executable.hpp"

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
  for (std::size_t c = 0; c < plan_.fold_slots.size(); ++c) {
    const auto from = static_cast<std::size_t>(plan_.fold_slots[c]);
    const slot& t = plan_.slots[from];
    if (t.kind != parameter_kind::broadcast) continue;
    std::byte* const fill = s.memory.data() + t.scratch;
    for (std::uint64_t k = 0; k < tree_block; ++k)
      std::memcpy(fill + k * size_of(t.type), frame_.address[from], size_of(t.type));
  }
}

// A chain reads memory in its first steps only, and the memory idles during the others. So each step is
// followed by its share of what the next block reads: of the array bytes from there on, part `step`.
void executable::fetch_ahead(const scratch& s, std::uint64_t next, std::uint64_t count,
                             std::size_t step) const noexcept {
  constexpr std::size_t line = 64;
  const std::size_t steps = plan_.steps.size();
  for (std::size_t i = 0; i < plan_.parameters; ++i) {
    const slot& p = plan_.slots[i];
    if (p.kind != parameter_kind::element || s.where[i] != place::array) continue;
    const std::size_t lines = static_cast<std::size_t>(count) * p.stride / line;
    const std::byte* const from = s.base[i] + next * p.stride;
    for (std::size_t k = lines * step / steps; k < lines * (step + 1) / steps; ++k)
      __builtin_prefetch(from + k * line);
  }
}

// What a step is given for elements [first, first + count).
cpu_block executable::block_of(scratch& s, const planned_step& step, std::uint64_t first,
                               std::uint64_t in_tree, std::uint64_t count) const noexcept {
  const auto at = [&](int slot_index) {
    const auto i = static_cast<std::size_t>(slot_index);
    const std::uint64_t element = s.where[i] == place::array  ? first
                                  : s.where[i] == place::tree ? in_tree
                                                              : 0;
    return s.base[i] + element * plan_.slots[i].stride;
  };
  // Broadcasts and tables have stride 0 and stay where `bind` put them.
  for (std::size_t i = step.in; i < step.in_end; ++i) s.in[i].data = at(plan_.in[i]);
  for (std::size_t o = step.out; o < step.out_end; ++o) s.out[o] = at(plan_.out[o]);
  cpu_block b{};
  b.in = s.in.data() + step.in;
  b.out = s.out.data() + step.out;
  b.numbers = reinterpret_cast<const std::byte*>(frame_.numbers.data() + step.numbers);
  std::copy(std::begin(frame_.shape), std::end(frame_.shape), std::begin(b.shape));
  b.first = first;
  b.count = count;
  return b;
}

// All steps on elements [first, first + count); `in_tree` is first's place in its tree block; `more` elements
// follow.
void executable::run_steps(scratch& s, std::uint64_t first, std::uint64_t in_tree, std::uint64_t count,
                           std::uint64_t more) const noexcept {
  const planned_step* const last = &plan_.steps.back();
  for (const planned_step& step : plan_.steps) {
    cpu_block b = block_of(s, step, first, in_tree, count);
    b.stream = frame_.stream && &step == last;
    step.run(b);
    if (more != 0 && plan_.steps.size() > 1)
      fetch_ahead(s, first + count, std::min(count, more),
                  static_cast<std::size_t>(&step - plan_.steps.data()));
  }
}

void executable::map_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept {
  const std::uint64_t length = plan_.blocked ? chain_block : to - from;
  for (std::uint64_t i = from; i != to;) {
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
      plan_.folded(block_of(s, plan_.steps.front(), i, 0, n), s.fold_out.data());
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
