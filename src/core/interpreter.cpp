// Every operation is total, so that all lanes of a block are computed always, as packs do it. What happened
// in lanes that do not matter is sorted out by a second look, backwards, at the blocks in which anything did.
#include "core/interpreter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace busfare::core {
namespace {

constexpr std::uint32_t none = program_node::none;

}  // namespace

interpreter::interpreter(const program& p, const launch_contents& from,
                         std::function<void(const sighting&)> see)
    : p_(p), from_(from), see_(std::move(see)) {
  lay_out();
}

std::byte* interpreter::room(value_type t) {
  memory_.push_back(std::make_unique<std::byte[]>(column_size(t) * lanes));
  return memory_.back().get();
}

void interpreter::lay_out() {
  levels_.resize(p_.loops.size() + 1);
  columns_.resize(p_.nodes.size());
  steps_.resize(p_.nodes.size());
  told_.resize(p_.nodes.size());
  loops_.resize(p_.loops.size());
  for (std::uint32_t i = 0; i < p_.nodes.size(); ++i) {
    const program_node& n = p_.nodes[i];
    columns_[i] = room(n.type);
    const auto uniform = [&](std::uint64_t bits) { fill_column(at(i), n.type, bits); };
    switch (n.op) {
      case op::literal:
        uniform(n.bits);
        continue;
      case op::extent:
        uniform(from_.shape[n.bits]);
        continue;
      case op::input: {
        const argument_contents& a = from_.arguments[n.bits];
        if (a.data == nullptr) {
          uniform(a.number);
          continue;
        }
        if (!a.one_value) break;
        load_column(at(i), p_.arguments[n.bits].type, a.data, 0, lanes);
        continue;
      }
      case op::loop:
        loops_[n.bits - 1].node = i;
        break;
      case op::loop_index:
        loops_[(n.bits >> 8) - 1].index = i;
        continue;
      case op::loop_state: {
        std::vector<std::byte*>& state = loops_[(n.bits >> 8) - 1].state;
        state.resize(std::max<std::size_t>(state.size(), (n.bits & 0xff) + 1), nullptr);
        state[n.bits & 0xff] = at(i);
        continue;
      }
      default:
        break;
    }
    if (static_cast<int>(n.op) < vocabulary_size) {
      step& s = steps_[i];
      s.out = at(i);
      for (int k = 0; k < 3; ++k)
        if (n.operand[k] != none) s.in[k] = at(n.operand[k]);
      s.run = operation_on(n.op, type_of(n.operand[n.op == op::select ? 1 : 0]), n.type);
    }
    levels_[n.loop].push_back(i);
  }
  for (std::size_t l = 0; l < loops_.size(); ++l) {
    const program_loop& loop = p_.loops[l];
    loops_[l].state.resize(loop.start.size(), nullptr);
    for (std::size_t k = 0; k < loop.start.size(); ++k) {
      std::byte*& state = loops_[l].state[k];
      if (state == nullptr) state = room(type_of(loop.start[k]));  // the step does not read it
      loops_[l].next.push_back(room(type_of(loop.start[k])));
    }
  }
  if (!from_.looks.empty()) looks_.resize(p_.nodes.size());
  for (const window_look& each : from_.looks) looks_[each.seen].push_back(&each);
}

void interpreter::run(std::uint64_t first, std::size_t count) {
  first_ = first;
  count_ = count;
  suspicious_ = false;
  for (const std::uint32_t node : told_nodes_) told_[node].reset();
  told_nodes_.clear();
  lane_mask all{};
  std::fill_n(all.begin(), count, std::uint8_t{1});
  evaluate(0, all);
  if (!suspicious_) return;
  needed_.resize(p_.nodes.size());
  for (std::uint32_t i = 0; i < p_.nodes.size(); ++i)
    if (p_.nodes[i].loop == 0) needed_[i].fill(0);
  for (std::size_t k = 0; k < p_.results.size(); ++k)
    if (from_.unwanted.empty() || !from_.unwanted[k]) need(p_.results[k], all);
  look(0);
}

// Lanes past the block's end are in no mask.
bool interpreter::any_of(const lane_mask& mask) {
  unsigned found = 0;
  for (std::size_t i = 0; i < lanes; ++i) found |= mask[i];
  return found != 0;
}

std::uint64_t interpreter::bits(std::uint32_t node, std::size_t lane) const {
  const std::size_t size = column_size(type_of(node));
  std::uint64_t b = 0;
  std::memcpy(&b, at(node) + lane * size, size);
  return b;
}

void interpreter::evaluate(std::uint16_t loop, const lane_mask& active) {
  for (const std::uint32_t node : levels_[loop]) {
    compute(node, active);
    if (!suspicious_) suspicious_ = inspect(node, active, false);
  }
}

void interpreter::compute(std::uint32_t node, const lane_mask& active) {
  const program_node& n = p_.nodes[node];
  if (const step& s = steps_[node]; s.run != nullptr) {
    s.run(s.out, s.in);
    return;
  }
  switch (n.op) {
    case op::input: {
      const type stored = p_.arguments[n.bits].type;
      const auto* const data = static_cast<const std::byte*>(from_.arguments[n.bits].data);
      load_column(at(node), stored, data + first_ * size_of(stored), 1, count_);
      break;
    }
    case op::index:
      fill_index(node);
      break;
    case op::lookup: {
      const argument_contents& a = from_.arguments[n.bits];
      look_up_column(at(node), p_.arguments[n.bits].type, a.data, static_cast<std::int64_t>(a.size),
                     at(n.operand[0]), count_);
      break;
    }
    case op::loop:
      repeat(static_cast<std::uint16_t>(n.bits), active, false);
      break;
    case op::loop_result: {
      const loop_storage& s = loops_[p_.nodes[n.operand[0]].bits - 1];
      std::memcpy(at(node), s.state[n.bits], count_ * column_size(n.type));
      break;
    }
    default:
      break;  // it does not change
  }
}

void interpreter::fill_index(std::uint32_t node) {
  const std::uint64_t axis = p_.nodes[node].bits;
  std::uint64_t stride = 1;
  for (std::uint64_t a = axis + 1; a < 3; ++a) stride *= from_.shape[a];
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t place = (first_ + i) / stride % from_.shape[axis];
    std::memcpy(at(node) + 8 * i, &place, 8);
  }
}

// `careful`: each trip is looked at, in the lanes that take it.
void interpreter::repeat(std::uint16_t serial, const lane_mask& wanted, bool careful) {
  const program_loop& l = p_.loops[serial - 1u];
  const loop_storage& s = loops_[serial - 1u];
  for (std::size_t k = 0; k < l.start.size(); ++k) {
    std::memcpy(s.state[k], at(l.start[k]), count_ * column_size(type_of(l.start[k])));
    if (careful) need(l.start[k], wanted);
  }
  if (careful) need(l.limit, wanted);
  const auto* const limit = reinterpret_cast<const std::int64_t*>(at(l.limit));
  lane_mask active = wanted, ran_out{};
  for (std::int64_t trip = 0;; ++trip) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const bool goes_on = trip < limit[i];
      ran_out[i] = static_cast<std::uint8_t>(ran_out[i] | (goes_on ? 0 : active[i]));
      active[i] = goes_on ? active[i] : std::uint8_t{0};
    }
    if (!any_of(active)) break;
    if (s.index != none) fill_column(at(s.index), value_type::i64, static_cast<std::uint64_t>(trip));
    evaluate(serial, active);
    const lane_mask tested = active;
    if (l.condition != none) {
      const auto* const holds = reinterpret_cast<const std::uint8_t*>(at(l.condition));
      for (std::size_t i = 0; i < lanes; ++i) active[i] &= holds[i];
    }
    if (careful) {
      for (const std::uint32_t node : levels_[serial]) needed_[node].fill(0);
      if (l.condition != none) need(l.condition, tested);
      for (const std::uint32_t next : l.next) need(next, active);
      look(serial);
    }
    if (!any_of(active)) break;
    step_states(serial, active);
  }
  if (l.condition == none || !any_of(ran_out)) return;
  suspicious_ = true;
  if (careful) tell_limit(serial, ran_out);
}

// All steps read the states as they were before any of them.
void interpreter::step_states(std::uint16_t serial, const lane_mask& active) {
  const program_loop& l = p_.loops[serial - 1u];
  const loop_storage& s = loops_[serial - 1u];
  for (std::size_t k = 0; k < l.next.size(); ++k)
    std::memcpy(s.next[k], at(l.next[k]), lanes * column_size(type_of(l.start[k])));
  for (std::size_t k = 0; k < l.next.size(); ++k)
    copy_lanes(s.state[k], type_of(l.start[k]), s.next[k], active.data());
}

}  // namespace busfare::core
