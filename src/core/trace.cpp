// The recorder behind symbols: one trace per thread, equal nodes shared, nothing recursive.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busfare/error.hpp>
#include <busfare/value/trace.hpp>

#include "core/canonical.hpp"
#include "core/node_pool.hpp"
#include "core/trace_notes.hpp"

namespace busfare {

namespace {

constexpr std::size_t note_at = 1024, refuse_at = 16384;
constexpr std::size_t notes_kept = 64, states_allowed = 256;

struct trace_state {
  std::uint32_t epoch = 0;
  source_line line;
  std::vector<backend::parameter> arguments;
  core::node_pool nodes;
  std::vector<program_loop> loops;
  std::vector<std::vector<value_type>> state_types;  // per loop
  std::vector<std::uint16_t> open;                   // serials, outermost first
  bool noted = false;
};

thread_local std::unique_ptr<trace_state> current;
thread_local std::vector<std::string> notes;

std::uint32_t new_epoch() {
  static std::atomic<std::uint32_t> last{0};
  std::uint32_t e = 0;
  while (e == 0) e = last.fetch_add(1, std::memory_order_relaxed) + 1;  // 0 names no trace
  return e;
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  error::details d;
  if (current) d.line = current->line;
  d.hint = hint;
  throw error(error_class::invalid_argument, message, std::move(d));
}

[[noreturn]] void defect(const std::string& message) {
  error::details d;
  if (current) d.line = current->line;
  throw error(error_class::internal, message, std::move(d));
}

trace_state& in_progress() {
  if (!current)
    refuse("a symbol was used outside of the kernel that it belongs to",
           "values inside a kernel live only while it is recorded");
  return *current;
}

// Position of a loop among the open ones, 1 for the outermost; 0 for no loop. Throws for a closed one.
std::size_t depth_of(const trace_state& t, std::uint16_t loop) {
  if (loop == 0) return 0;
  for (std::size_t i = t.open.size(); i-- > 0;)
    if (t.open[i] == loop) return i + 1;
  refuse("a value of a loop was used after the loop had ended",
         "return it as part of the state of bf::iterate or bf::fold");
}

// Checks that the symbol may be used here and returns its node.
std::uint32_t node_of(const trace_state& t, detail::symbol_id s) {
  if (s.epoch != t.epoch || s.node >= t.nodes.size())
    refuse("a symbol of another kernel was used", "values inside a kernel live only while it is recorded");
  depth_of(t, t.nodes[s.node].loop);
  return s.node;
}

detail::symbol_id append(trace_state& t, const program_node& n) {
  if (t.nodes.size() >= refuse_at)
    refuse("one kernel has more than 16,384 operations", "an unrolled for? use bf::fold");
  const std::uint32_t at = t.nodes.intern(n);
  if (t.nodes.size() == note_at && !t.noted) {
    t.noted = true;
    if (notes.size() == notes_kept) notes.erase(notes.begin());
    notes.push_back("the kernel recorded at " + std::string(t.line.file) + ":" + std::to_string(t.line.line) +
                    " has more than 1,024 operations; an unrolled for? use bf::fold");
  }
  return {at, t.epoch};
}

bool is_32_bit(value_type v) {
  return v == value_type::f32 || v == value_type::i32 || v == value_type::u32 || v == value_type::mask;
}

const backend::parameter& argument_of(const trace_state& t, int argument) {
  if (argument < 0 || static_cast<std::size_t>(argument) >= t.arguments.size())
    defect("a kernel read argument " + std::to_string(argument) + " of " +
           std::to_string(t.arguments.size()));
  return t.arguments[static_cast<std::size_t>(argument)];
}

program_node node_for(op o, value_type type, std::uint16_t loop, std::uint64_t bits) {
  program_node n;
  n.op = o;
  n.type = type;
  n.loop = loop;
  n.bits = bits;
  return n;
}

}  // namespace

std::vector<std::string> core::take_trace_notes() { return std::exchange(notes, {}); }

namespace detail {

symbol_id trace_literal(value_type type, std::uint64_t bits) {
  if (type == value_type::mask)
    bits = bits != 0;
  else if (is_32_bit(type))
    bits &= 0xffffffffu;
  return append(in_progress(), node_for(op::literal, type, 0, bits));
}

symbol_id trace_op(op o, value_type type, std::initializer_list<symbol_id> operands) {
  trace_state& t = in_progress();
  const int row = static_cast<int>(o);
  if (row >= vocabulary_size || static_cast<int>(operands.size()) != vocabulary[row].arity)
    defect("an operation was recorded with the wrong number of operands");
  program_node n = node_for(o, type, 0, 0);
  std::size_t deepest = 0, k = 0;
  for (const symbol_id s : operands) {
    n.operand[k++] = node_of(t, s);
    deepest = std::max(deepest, depth_of(t, t.nodes[s.node].loop));
  }
  if (o == op::cast && t.nodes[n.operand[0]].type == type) return *operands.begin();
  n.loop = deepest == 0 ? std::uint16_t{0} : t.open[deepest - 1];
  return append(t, n);
}

symbol_id trace_lookup(int argument, value_type type, symbol_id index) {
  trace_state& t = in_progress();
  const backend::parameter& p = argument_of(t, argument);
  if (p.kind != backend::parameter_kind::whole || value_of(p.type) != type)
    defect("a lookup does not fit its argument");
  program_node n = node_for(op::lookup, type, 0, static_cast<std::uint64_t>(argument));
  n.operand[0] = node_of(t, index);
  const program_node& at = t.nodes[n.operand[0]];
  if (at.type != value_type::i64) defect("the index of a lookup is not i64");
  n.loop = at.loop;
  return append(t, n);
}

symbol_id trace_input(int argument) {
  trace_state& t = in_progress();
  const backend::parameter& p = argument_of(t, argument);
  if (p.kind == backend::parameter_kind::whole || p.kind == backend::parameter_kind::result)
    defect("an input was read from an argument that has no value per element");
  return append(t, node_for(op::input, value_of(p.type), 0, static_cast<std::uint64_t>(argument)));
}

symbol_id trace_index(int axis) {
  if (axis < 0 || axis > 2) defect("an index was asked for an axis past the third");
  return append(in_progress(), node_for(op::index, value_type::i64, 0, static_cast<std::uint64_t>(axis)));
}

symbol_id trace_extent(int axis) {
  if (axis < 0 || axis > 2) defect("an extent was asked for an axis past the third");
  return append(in_progress(), node_for(op::extent, value_type::i64, 0, static_cast<std::uint64_t>(axis)));
}

void trace_loop_begin(symbol_id limit, std::span<const symbol_id> start, std::span<const value_type> types,
                      std::span<symbol_id> states, symbol_id* index) {
  trace_state& t = in_progress();
  if (start.size() != types.size() || states.size() != types.size())
    defect("a loop was begun with unequal numbers of states");
  if (start.size() > states_allowed)
    refuse("a loop has " + std::to_string(start.size()) + " states; 256 are allowed", "use fewer states");
  if (t.loops.size() >= refuse_at)
    refuse("one kernel has more than 16,384 loops", "an unrolled for? use bf::fold");
  program_loop l;
  l.parent = t.open.empty() ? std::uint16_t{0} : t.open.back();
  l.limit = node_of(t, limit);
  if (t.nodes[l.limit].type != value_type::i64) defect("the limit of a loop is not i64");
  for (std::size_t k = 0; k < start.size(); ++k) {
    l.start.push_back(node_of(t, start[k]));
    if (t.nodes[l.start.back()].type != types[k])
      refuse("the state of a loop changes its type",
             "the first state fixes the types: cast it with bf::cast");
  }
  t.loops.push_back(std::move(l));
  t.state_types.emplace_back(types.begin(), types.end());
  const auto serial = static_cast<std::uint16_t>(t.loops.size());
  t.open.push_back(serial);
  const std::uint64_t base = static_cast<std::uint64_t>(serial) << 8;
  for (std::size_t k = 0; k < types.size(); ++k)
    states[k] = append(t, node_for(op::loop_state, types[k], serial, base | k));
  if (index != nullptr) *index = append(t, node_for(op::loop_index, value_type::i64, serial, base));
}

void trace_loop_finish(symbol_id condition, std::span<const symbol_id> next, std::span<symbol_id> results) {
  trace_state& t = in_progress();
  if (t.open.empty()) defect("a loop was finished that had not begun");
  const std::uint16_t serial = t.open.back();
  const std::vector<value_type>& types = t.state_types[serial - 1u];
  if (next.size() != types.size() || results.size() != types.size())
    refuse("the step of a loop returns " + std::to_string(next.size()) + " states instead of " +
               std::to_string(types.size()),
           "return as many states as the loop started with");
  std::uint32_t tested = program_node::none;
  if (condition.node != program_node::none) {
    tested = node_of(t, condition);
    if (t.nodes[tested].type != value_type::mask) defect("the condition of a loop is not a mask");
  }
  std::vector<std::uint32_t> after;
  for (std::size_t k = 0; k < next.size(); ++k) {
    after.push_back(node_of(t, next[k]));
    if (t.nodes[after.back()].type != types[k])
      refuse("the state of a loop changes its type",
             "the first state fixes the types: cast it with bf::cast");
  }
  program_loop& l = t.loops[serial - 1u];
  l.condition = tested;
  l.next = std::move(after);
  const std::uint16_t parent = l.parent;
  t.open.pop_back();
  const symbol_id whole = append(t, node_for(op::loop, value_type::i64, parent, serial));
  for (std::size_t k = 0; k < types.size(); ++k) {
    program_node n = node_for(op::loop_result, types[k], parent, k);
    n.operand[0] = whole.node;
    results[k] = append(t, n);
  }
}

void trace_loop_abandon() noexcept {
  if (current && !current->open.empty()) current->open.pop_back();
}

trace_session::trace_session(std::span<const backend::parameter> arguments, source_line line) {
  if (current) {
    error::details d;
    d.line = line;
    d.hint = "call it outside and pass its result to the kernel as an argument";
    throw error(error_class::invalid_argument,
                "an algorithm was called inside a kernel (the kernel recorded at " +
                    std::string(current->line.file) + ":" + std::to_string(current->line.line) + ")",
                std::move(d));
  }
  auto t = std::make_unique<trace_state>();
  t->epoch = new_epoch();
  t->line = line;
  t->arguments.assign(arguments.begin(), arguments.end());
  current = std::move(t);
  open_ = true;
}

trace_session::~trace_session() {
  if (open_) current.reset();
}

program_ptr trace_session::finish(std::span<const symbol_id> results, std::span<const type> stored) {
  trace_state& t = in_progress();
  if (!t.open.empty()) defect("a trace was finished inside a loop");
  if (results.size() != stored.size() || results.empty())
    defect("a trace was finished with unequal numbers of results and stored types");
  program raw;
  for (const symbol_id s : results) raw.results.push_back(node_of(t, s));
  raw.stored.assign(stored.begin(), stored.end());
  raw.arguments = std::move(t.arguments);
  raw.loops = std::move(t.loops);
  raw.nodes = std::move(t.nodes).take();
  current.reset();
  open_ = false;
  return core::canonical(std::move(raw));
}

}  // namespace detail
}  // namespace busfare
