// Fusing: the parts' nodes are appended to one list; canonical order and sharing follow.
#include "core/compose.hpp"

#include <string>
#include <utility>

#include <busfare/error.hpp>

#include "core/canonical.hpp"
#include "core/dialect/definitions.hpp"

namespace busfare::core {

namespace {

constexpr std::uint32_t none = program_node::none;

[[noreturn]] void bad(const std::string& what) {
  throw error(error_class::internal, "maps cannot be fused: " + what);
}

class composer {
 public:
  explicit composer(std::vector<backend::parameter> arguments) { raw_.arguments = std::move(arguments); }

  void add(const fused_part& part) {
    const program& p = *part.what;
    if (part.argument_source.size() != p.arguments.size()) bad("a part has an unbound argument");
    std::vector<std::uint32_t> value(p.arguments.size(), none);  // the node of each argument
    for (std::size_t k = 0; k < value.size(); ++k) value[k] = bind(p.arguments[k], part.argument_source[k]);

    const auto loops_before = static_cast<std::uint32_t>(raw_.loops.size());
    if (loops_before + p.loops.size() > 0xffff) bad("too many loops");
    const auto serial = [&](std::uint64_t s) { return s == 0 ? s : s + loops_before; };
    std::vector<std::uint32_t> place(p.nodes.size());
    for (std::size_t i = 0; i < p.nodes.size(); ++i) {
      program_node n = p.nodes[i];
      if (n.op == op::input) {
        place[i] = value.at(n.bits);
        if (place[i] == none) bad("an input is bound to a table");
        continue;
      }
      n.loop = static_cast<std::uint16_t>(serial(n.loop));
      for (std::uint32_t& o : n.operand)
        if (o != none) o = place[o];
      if (n.op == op::lookup) n.bits = static_cast<std::uint64_t>(part.argument_source.at(n.bits));
      if (n.op == op::loop) n.bits = serial(n.bits);
      if (n.op == op::loop_state || n.op == op::loop_index)
        n.bits = serial(n.bits >> 8) << 8 | (n.bits & 0xff);
      place[i] = append(n);
    }
    for (const program_loop& from : p.loops) {
      program_loop& l = raw_.loops.emplace_back(from);
      l.parent = static_cast<std::uint16_t>(serial(from.parent));
      l.limit = place[from.limit];
      if (from.condition != none) l.condition = place[from.condition];
      for (std::uint32_t& s : l.start) s = place[s];
      for (std::uint32_t& s : l.next) s = place[s];
    }
    for (std::size_t k = 0; k < p.results.size(); ++k)
      produced_.push_back({place[p.results[k]], p.stored[k], none});
  }

  program_ptr finish(std::span<const int> results, std::span<const type> stored) {
    if (results.size() != stored.size()) bad("results and stored types differ in number");
    for (std::size_t k = 0; k < results.size(); ++k) {
      const auto r = static_cast<std::size_t>(results[k]);
      if (results[k] < 0 || r >= produced_.size()) bad("a result is not produced");
      // A value kept in another type than its own map stores passes through the latter first.
      raw_.results.push_back(stored[k] == produced_[r].stored ? produced_[r].node : loaded(produced_[r]));
    }
    raw_.stored.assign(stored.begin(), stored.end());
    return canonical(std::move(raw_));
  }

 private:
  struct produced_value {
    std::uint32_t node;
    type stored;
    std::uint32_t loaded;  // what a later part sees; made at first use
  };

  std::uint32_t append(const program_node& n) {
    raw_.nodes.push_back(n);
    return static_cast<std::uint32_t>(raw_.nodes.size() - 1);
  }

  // The node that stands for an argument; none for a table.
  std::uint32_t bind(const backend::parameter& wanted, int source) {
    using kind = backend::parameter_kind;
    if (source < 0) {
      const auto k = static_cast<std::size_t>(~source);
      if (k >= produced_.size()) bad("a value is used before it is produced");
      if (wanted.kind != kind::element) bad("a value per element was bound to another kind of argument");
      if (produced_[k].stored != wanted.type) bad("a value is bound to an argument of another type");
      return loaded(produced_[k]);
    }
    const auto k = static_cast<std::size_t>(source);
    if (k >= raw_.arguments.size()) bad("an argument does not exist");
    const backend::parameter& given = raw_.arguments[k];
    if (given.type != wanted.type) bad("an argument has another type");
    const bool value_per_element = wanted.kind == kind::element && given.kind == kind::broadcast;
    if (given.kind != wanted.kind && !value_per_element) bad("an argument is of another kind");
    if (wanted.kind == kind::whole) return none;
    program_node n;
    n.op = op::input;
    n.type = value_of(wanted.type);
    n.bits = k;
    return append(n);
  }

  std::uint32_t literal(std::uint32_t value) {
    program_node n;
    n.op = op::literal;
    n.type = value_type::i32;
    n.bits = value;
    return append(n);
  }

  std::uint32_t make(op o, value_type t, std::uint32_t a, std::uint32_t b = none) {
    program_node n;
    n.op = o;
    n.type = t;
    n.loop = raw_.nodes[a].loop;
    n.operand[0] = a;
    n.operand[1] = b;
    return append(n);
  }

  // Whether a node is what half_rounding makes of another one: bf::cast has rounded it already.
  [[nodiscard]] bool is_half(std::uint32_t node) const {
    const program& p = half_rounding();
    std::vector<std::uint32_t> seen(p.nodes.size(), none);  // what stands for each node of p
    seen[p.results[0]] = node;
    for (std::size_t i = p.nodes.size(); i-- > 0;) {
      if (seen[i] == none || p.nodes[i].op == op::input) continue;
      const program_node &want = p.nodes[i], &have = raw_.nodes[seen[i]];
      if (have.op != want.op || have.type != want.type || have.bits != want.bits) return false;
      for (int k = 0; k < 3; ++k) {
        if (want.operand[k] == none) continue;
        std::uint32_t& at = seen[want.operand[k]];
        if (at != none && at != have.operand[k]) return false;
        at = have.operand[k];
      }
    }
    return true;
  }

  std::uint32_t rounded_to_half(std::uint32_t at) {
    const program& p = half_rounding();
    std::vector<std::uint32_t> place(p.nodes.size());
    for (std::size_t i = 0; i < p.nodes.size(); ++i) {
      program_node n = p.nodes[i];
      if (n.op == op::input) {
        place[i] = at;
        continue;
      }
      if (n.op != op::literal) n.loop = raw_.nodes[at].loop;
      for (std::uint32_t& o : n.operand)
        if (o != none) o = place[o];
      place[i] = append(n);
    }
    return place[p.results[0]];
  }

  // Stores and loads in registers: masks become 0 or 1, narrow integers wrap and come back as i32, f16
  // rounds.
  std::uint32_t loaded(produced_value& v) {
    if (v.loaded != none) return v.loaded;
    std::uint32_t at = v.node;
    const value_type had = raw_.nodes[at].type, wanted = value_of(v.stored);
    if (had != wanted) at = make(op::cast, wanted, at);
    if (had != value_type::mask) {
      switch (v.stored) {
        case type::u8:
          at = make(op::band, wanted, at, literal(0xff));
          break;
        case type::u16:
          at = make(op::band, wanted, at, literal(0xffff));
          break;
        case type::i8:
          at = make(op::shr, wanted, make(op::shl, wanted, at, literal(24)), literal(24));
          break;
        case type::i16:
          at = make(op::shr, wanted, make(op::shl, wanted, at, literal(16)), literal(16));
          break;
        case type::f16:
          if (!is_half(at)) at = rounded_to_half(at);
          break;
        default:
          break;
      }
    }
    return v.loaded = at;
  }

  program raw_;
  std::vector<produced_value> produced_;
};

}  // namespace

program_ptr compose(std::span<const fused_part> parts, std::vector<backend::parameter> fused_arguments,
                    std::span<const int> results, std::span<const type> stored) {
  composer c(std::move(fused_arguments));
  for (const fused_part& p : parts) c.add(p);
  return c.finish(results, stored);
}

}  // namespace busfare::core
