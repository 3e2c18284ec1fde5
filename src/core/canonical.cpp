// Canonical order, the 128-bit id and what is derived from a program's nodes.
#include "core/canonical.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <busfare/error.hpp>

#include "core/node_pool.hpp"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xxhash.h>
#pragma GCC diagnostic pop

namespace busfare::core {

namespace {

constexpr std::uint32_t none = program_node::none;
constexpr double most_trips = 1e6;

// One walk over a raw program. Explicit stack: programs are deeper than any call stack should be.
class renumbering {
 public:
  explicit renumbering(const program& raw)
      : raw_(raw), place_(raw.nodes.size(), none), serial_(raw.loops.size() + 1, 0) {}

  program run() {
    program p;
    for (const std::uint32_t r : raw_.results) {
      visit(r);
      p.results.push_back(place_[r]);
    }
    p.nodes = std::move(pool_).take();
    p.loops = std::move(loops_);
    return p;
  }

 private:
  struct frame {
    std::uint32_t node;
    bool ready;  // its dependencies have been visited
  };

  void visit(std::uint32_t root) {
    stack_.push_back({root, false});
    while (!stack_.empty()) {
      const frame f = stack_.back();
      if (place_[f.node] != none) {
        stack_.pop_back();
      } else if (f.ready) {
        stack_.pop_back();
        place_[f.node] = emit(f.node);
      } else {
        stack_.back().ready = true;
        open(f.node);
      }
    }
  }

  void open(std::uint32_t at) {
    const program_node& n = raw_.nodes[at];
    if (n.op == op::loop) {
      // Numbered before its body is seen: the body's nodes name it.
      serial_[n.bits] = static_cast<std::uint16_t>(++opened_);
      loops_.emplace_back();
    }
    const std::size_t mark = stack_.size();
    for_each_dependency(raw_, at, [&](std::uint32_t d) {
      if (place_[d] == none) stack_.push_back({d, false});
    });
    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
  }

  std::uint32_t emit(std::uint32_t at) {
    program_node n = raw_.nodes[at];
    n.loop = serial_[n.loop];
    for (std::uint32_t& o : n.operand)
      if (o != none) o = place_[o];
    if (n.op == op::loop_state || n.op == op::loop_index) {
      n.bits = static_cast<std::uint64_t>(serial_[n.bits >> 8]) << 8 | (n.bits & 0xff);
    } else if (n.op == op::loop) {
      const program_loop& from = raw_.loops[n.bits - 1];
      n.bits = serial_[n.bits];
      program_loop& to = loops_[n.bits - 1];
      to.parent = serial_[from.parent];
      to.limit = place_[from.limit];
      to.condition = from.condition == none ? none : place_[from.condition];
      for (const std::uint32_t s : from.start) to.start.push_back(place_[s]);
      for (const std::uint32_t s : from.next) to.next.push_back(place_[s]);
    }
    return pool_.intern(n);
  }

  const program& raw_;
  std::vector<std::uint32_t> place_;
  std::vector<std::uint16_t> serial_;
  std::vector<program_loop> loops_;
  std::vector<frame> stack_;
  node_pool pool_;
  std::size_t opened_ = 0;
};

// Little-endian, field by field: the same bytes from every compiler.
class byte_writer {
 public:
  void put(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
  }
  void put(const std::vector<std::uint32_t>& list) {
    put(list.size(), 4);
    for (const std::uint32_t x : list) put(x, 4);
  }
  [[nodiscard]] program_id id() const {
    const XXH128_hash_t h = XXH3_128bits(bytes_.data(), bytes_.size());
    return {h.high64, h.low64};
  }

 private:
  std::vector<unsigned char> bytes_;
};

program_id id_of(const program& p) {
  byte_writer w;
  w.put(1, 4);  // version of this serialisation
  w.put(p.arguments.size(), 4);
  for (const backend::parameter& a : p.arguments) {
    w.put(static_cast<std::uint64_t>(a.kind), 1);
    w.put(static_cast<std::uint64_t>(a.type), 1);
  }
  w.put(p.nodes.size(), 4);
  for (const program_node& n : p.nodes) {
    w.put(static_cast<std::uint64_t>(n.op), 1);
    w.put(static_cast<std::uint64_t>(n.type), 1);
    w.put(n.loop, 2);
    for (const std::uint32_t o : n.operand) w.put(o, 4);
    w.put(n.bits, 8);
  }
  w.put(p.loops.size(), 4);
  for (const program_loop& l : p.loops) {
    w.put(l.parent, 2);
    w.put(l.limit, 4);
    w.put(l.condition, 4);
    w.put(l.start);
    w.put(l.next);
  }
  w.put(p.results);
  w.put(p.stored.size(), 4);
  for (const type t : p.stored) w.put(static_cast<std::uint64_t>(t), 1);
  return w.id();
}

double trips_of(const program& p, const program_loop& l, std::span<const std::uint64_t> numbers) {
  std::uint32_t at = l.limit;
  while (p.nodes[at].op == op::cast) at = p.nodes[at].operand[0];
  program_node n = p.nodes[at];
  if (n.op == op::input && n.bits < numbers.size() &&
      p.arguments[n.bits].kind == backend::parameter_kind::number) {
    n.op = op::literal;
    n.bits = numbers[n.bits];
  }
  if (n.op != op::literal || n.type == value_type::f32 || n.type == value_type::f64) return 1;
  double limit = static_cast<double>(static_cast<std::int64_t>(n.bits));
  if (n.type == value_type::i32) limit = static_cast<std::int32_t>(static_cast<std::uint32_t>(n.bits));
  if (n.type == value_type::u64) limit = static_cast<double>(n.bits);
  limit = std::clamp(limit, 0.0, most_trips);
  return l.condition == none ? limit : limit / 2;
}

}  // namespace

std::vector<double> loop_weights(const program& p, std::span<const std::uint64_t> numbers) {
  std::vector<double> weight(p.loops.size() + 1, 1.0);
  for (std::size_t s = 1; s <= p.loops.size(); ++s)  // a parent's serial is the smaller one
    weight[s] = weight[p.loops[s - 1].parent] * trips_of(p, p.loops[s - 1], numbers);
  return weight;
}

namespace {

double flops_of(const program& p) {
  const std::vector<double> weight = loop_weights(p, {});
  double total = 0;
  for (const program_node& n : p.nodes)
    if (static_cast<int>(n.op) < vocabulary_size)
      total += vocabulary[static_cast<int>(n.op)].flops * weight[n.loop];
  return total;
}

// True when a literal is the only reason for f64: no f64 is read or made from bits, and every conversion to
// f64 meets, in each of its users, an operand that a literal made f64.
bool f64_from_literal(const program& p) {
  const std::size_t count = p.nodes.size();
  std::vector<char> tainted(count, 0);
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const program_node& n = p.nodes[i];
    if (n.type != value_type::f64) continue;
    if (n.op == op::input || n.op == op::lookup || n.op == op::bit_cast) return false;
    if (n.op == op::literal) {
      tainted[i] = 1;
      any = true;
    }
    for (const std::uint32_t o : n.operand)
      if (o != none && p.nodes[o].type == value_type::f64 && tainted[o]) tainted[i] = 1;
  }
  if (!any) return false;
  const auto converts = [&](std::uint32_t i) {
    return p.nodes[i].op == op::cast && p.nodes[i].type == value_type::f64;
  };
  for (const program_node& n : p.nodes) {
    if (n.op == op::loop_result) continue;
    bool met = false, has = false;
    for (const std::uint32_t o : n.operand) {
      if (o == none) continue;
      met = met || (p.nodes[o].type == value_type::f64 && tainted[o]);
      has = has || converts(o);
    }
    if (has && !met) return false;
  }
  return std::none_of(p.results.begin(), p.results.end(), converts);
}

void check(const program& raw) {
  const auto bad = [](const char* what) {
    throw error(error_class::internal, std::string("a program is malformed: ") + what);
  };
  if (raw.results.size() != raw.stored.size()) bad("results and stored types differ in number");
  if (raw.loops.size() > 0xffff) bad("too many loops");
  const std::size_t count = raw.nodes.size();
  for (const std::uint32_t r : raw.results)
    if (r >= count) bad("a result is not a node");
  for (const program_node& n : raw.nodes) {
    for (const std::uint32_t o : n.operand)
      if (o != none && o >= count) bad("an operand is not a node");
    if (n.loop > raw.loops.size()) bad("a node is in a loop that does not exist");
    if (n.op == op::loop && (n.bits == 0 || n.bits > raw.loops.size())) bad("a loop does not exist");
  }
}

}  // namespace

program_ptr canonical(program&& raw) {
  check(raw);
  auto p = std::make_shared<program>(renumbering(raw).run());
  p->arguments = std::move(raw.arguments);
  p->stored = std::move(raw.stored);
  p->id = id_of(*p);
  p->flops = flops_of(*p);
  for (const program_node& n : p->nodes) {
    p->uses_f64 = p->uses_f64 || n.type == value_type::f64;
    p->uses_index = p->uses_index || n.op == op::index || n.op == op::extent;
  }
  p->f64_from_literal = p->uses_f64 && f64_from_literal(*p);
  return p;
}

bool same(const program& a, const program& b) {
  const auto equal = [](const backend::parameter& x, const backend::parameter& y) {
    return x.kind == y.kind && x.type == y.type;
  };
  return a.id == b.id && a.nodes == b.nodes && a.loops == b.loops && a.results == b.results &&
         a.stored == b.stored &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(), equal);
}

program_id combined_id(std::span<const program_id> parts, std::span<const std::uint64_t> numbers) {
  byte_writer w;
  w.put(2, 4);
  w.put(parts.size(), 4);
  for (const program_id& p : parts) {
    w.put(p.high, 8);
    w.put(p.low, 8);
  }
  for (const std::uint64_t n : numbers) w.put(n, 8);
  return w.id();
}

program_id text_id(std::string_view name, std::span<const std::string_view> texts) {
  byte_writer w;
  w.put(3, 4);
  const auto put = [&](std::string_view t) {
    w.put(t.size(), 8);
    for (const char c : t) w.put(static_cast<unsigned char>(c), 1);
  };
  put(name);
  for (const std::string_view t : texts) put(t);
  return w.id();
}

}  // namespace busfare::core
