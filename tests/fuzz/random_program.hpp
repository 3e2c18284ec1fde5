// A valid kernel from any bytes, recorded the way the symbols record one.
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include <busfare/value/trace.hpp>

#include "evaluate.hpp"
#include "fuzz.hpp"

namespace fuzz {

/// One argument list with what one element of it holds.
struct random_arguments {
  std::vector<busfare::backend::parameter> list;
  surroundings held;

  /// `offered`: types that elements should have often, because somebody stores them.
  void add(bytes& in, const std::vector<type>& offered) {
    using busfare::backend::parameter_kind;
    constexpr parameter_kind kinds[] = {parameter_kind::element, parameter_kind::broadcast,
                                        parameter_kind::whole, parameter_kind::number};
    const bool fits = !offered.empty() && in.below(2) == 0;
    const parameter_kind kind = fits ? parameter_kind::element : kinds[in.below(4)];
    const type t = fits ? offered[in.below(offered.size())]
                        : static_cast<type>(in.below(kind == parameter_kind::number ? 6 : 11));
    std::vector<bits> table;
    bits value = 0;
    if (kind == parameter_kind::whole) {
      for (std::size_t k = in.below(4); k > 0; --k) table.push_back(through_memory(in.word(), t));
    } else {
      value = through_memory(in.word(), t);
      // Numbers of this type may be the limits of loops.
      if (kind == parameter_kind::number && t == type::i64) value %= 4;
    }
    list.push_back({kind, t});
    held.values.push_back(value);
    held.tables.push_back(std::move(table));
  }
};

inline random_arguments arguments_from(bytes& in, const std::vector<type>& offered = {}) {
  random_arguments a;
  for (std::size_t k = in.below(5); k > 0; --k) a.add(in, offered);
  for (std::int64_t& i : a.held.index) i = static_cast<std::int64_t>(in.byte());
  return a;
}

/// Records one kernel. The same bytes record the same operations in the same order.
class random_program {
 public:
  random_program(const random_arguments& arguments, bytes& in) : arguments_(arguments), in_(in) {}

  busfare::program_ptr record() {
    // Chosen first: the loop below takes all bytes.
    struct choice {
      std::size_t which, narrow;
    };
    std::vector<choice> choices(in_.below(3) + 1);
    for (choice& c : choices) c = {in_.below(8), in_.below(5)};
    busfare::detail::trace_session session(arguments_.list, busfare::source_line::here());
    keep(busfare::detail::trace_literal(value_type::f32, 0x40490fdbu), value_type::f32, 0x40490fdbu);
    for (std::size_t k = 0; k < arguments_.list.size(); ++k)
      if (arguments_.list[k].kind != busfare::backend::parameter_kind::whole)
        keep(session.input(static_cast<int>(k)), busfare::value_of(arguments_.list[k].type),
             arguments_.held.values[k]);
    for (int step = 0; step < 120 && !in_.empty(); ++step) one(session);
    while (!loops_.empty()) end_loop();
    std::vector<busfare::detail::symbol_id> results;
    std::vector<type> stored;
    for (const choice& c : choices) {
      const known& r = pool_[pool_.size() - 1 - c.which % pool_.size()];
      results.push_back(r.id);
      stored.push_back(stored_as(r.what, c.narrow));
      expected_.push_back(r);
    }
    return session.finish(results, stored);
  }

  /// What result k is, where that could be computed while recording: not in loops.
  [[nodiscard]] bool expects(std::size_t k, bits& value) const {
    value = expected_[k].value;
    return expected_[k].certain;
  }

 private:
  struct known {
    busfare::detail::symbol_id id;
    value_type what;
    bits value;
    bool certain;
  };
  struct open_loop {
    std::size_t pool_before;
    std::vector<busfare::detail::symbol_id> states;
    std::vector<value_type> types;
    bool fold;
  };

  void keep(busfare::detail::symbol_id id, value_type what, bits value, bool certain = true) {
    pool_.push_back({id, what, value, certain});
  }

  static type stored_as(value_type v, std::size_t choice) {
    if (v == value_type::mask) return type::u8;
    if (v == value_type::f32 && choice == 4) return type::f16;
    if (v != value_type::i32) return static_cast<type>(v);
    constexpr type narrow[] = {type::i32, type::u8, type::i8, type::u16, type::i16};
    return narrow[choice];
  }

  // The newest value of a type, or an older one; null where there is none.
  const known* find(value_type v) {
    std::size_t skip = in_.below(4);
    const known* found = nullptr;
    for (std::size_t i = pool_.size(); i-- > 0;) {
      if (pool_[i].what != v) continue;
      found = &pool_[i];
      if (skip-- == 0) break;
    }
    return found;
  }
  known any() { return pool_[pool_.size() - 1 - in_.below(8) % pool_.size()]; }

  void one(busfare::detail::trace_session& session) {
    switch (in_.below(12)) {
      case 0:
        literal();
        break;
      case 1:
        read(session);
        break;
      case 2: {
        const auto which = in_.below(6), axis = which % 3;
        if (which < 3)
          keep(session.index(static_cast<int>(axis)), value_type::i64, bits_of(arguments_.held.index[axis]));
        else
          keep(busfare::detail::trace_extent(static_cast<int>(axis)), value_type::i64,
               bits_of(arguments_.held.extent[axis]));
        break;
      }
      case 3:
        begin_loop(session);
        break;
      case 4:
        if (!loops_.empty()) end_loop();
        break;
      default:
        operation();
        break;
    }
  }

  void literal() {
    const auto v = static_cast<value_type>(in_.below(7));
    bits b = in_.word();
    if (v == value_type::mask) b &= 1;
    if (v != value_type::mask) b = through_memory(b, static_cast<type>(v));
    keep(busfare::detail::trace_literal(v, b), v, b);
  }

  void read(busfare::detail::trace_session& session) {
    if (arguments_.list.empty()) return;
    const std::size_t k = in_.below(arguments_.list.size());
    const value_type v = busfare::value_of(arguments_.list[k].type);
    if (arguments_.list[k].kind != busfare::backend::parameter_kind::whole) {
      keep(session.input(static_cast<int>(k)), v, arguments_.held.values[k]);
    } else if (const known* at = find(value_type::i64)) {
      const known i = *at;
      keep(busfare::detail::trace_lookup(static_cast<int>(k), v, i.id), v,
           looked_up(arguments_.held, k, i.value), i.certain);
    }
  }

  void operation() {
    const auto o = static_cast<op>(in_.below(static_cast<std::size_t>(busfare::vocabulary_size)));
    const busfare::vocabulary_row& row = busfare::vocabulary[static_cast<int>(o)];
    const known a = any();
    const bool is_mask = a.what == value_type::mask, real = a.what <= value_type::f64;
    if (o == op::cast || o == op::bit_cast) return convert(o, a);
    const bool fits = row.takes == busfare::takes::mask      ? is_mask
                      : row.takes == busfare::takes::real    ? real
                      : row.takes == busfare::takes::integer ? !real && !is_mask
                                                             : !is_mask;
    if (!fits) return;
    known x[3] = {a, a, a};
    for (int k = 1; k < row.arity; ++k) x[k] = *find(a.what);
    if (o == op::select) {
      const known* m = find(value_type::mask);
      if (m == nullptr) return;
      x[0] = *m;
    }
    const value_type gives = row.gives == busfare::gives::mask ? value_type::mask : a.what;
    bool certain = true;
    for (int k = 0; k < row.arity; ++k) certain = certain && x[k].certain;
    const bits value = certain ? apply(o, a.what, gives, {x[0].value, x[1].value, x[2].value}) : 0;
    using busfare::detail::trace_op;
    keep(row.arity == 1   ? trace_op(o, gives, {x[0].id})
         : row.arity == 2 ? trace_op(o, gives, {x[0].id, x[1].id})
                          : trace_op(o, gives, {x[0].id, x[1].id, x[2].id}),
         gives, value, certain);
  }

  void convert(op o, const known& a) {
    const auto to = static_cast<value_type>(in_.below(6));
    if (o == op::bit_cast &&
        (a.what == value_type::mask || to == a.what ||
         busfare::size_of(static_cast<type>(a.what)) != busfare::size_of(static_cast<type>(to))))
      return;
    keep(busfare::detail::trace_op(o, to, {a.id}), to,
         a.what == to ? a.value : apply(o, a.what, to, {a.value, 0, 0}), a.certain);
  }

  void begin_loop(busfare::detail::trace_session& session) {
    if (loops_.size() == 3 || ++loop_count_ > 6) return;
    // The limit is small: a literal, or a number that is kept small.
    busfare::detail::symbol_id limit = busfare::detail::trace_literal(value_type::i64, in_.below(4));
    for (std::size_t k = 0; k < arguments_.list.size(); ++k)
      if (arguments_.list[k].kind == busfare::backend::parameter_kind::number &&
          arguments_.list[k].type == type::i64 && in_.below(2) == 0)
        limit = session.input(static_cast<int>(k));
    open_loop l;
    std::vector<busfare::detail::symbol_id> start;
    for (std::size_t k = in_.below(3) + 1; k > 0; --k) {
      const known s = any();
      if (s.what == value_type::mask) continue;  // states are numbers
      start.push_back(s.id);
      l.types.push_back(s.what);
    }
    if (start.empty()) return;
    l.fold = in_.below(2) == 0;
    l.pool_before = pool_.size();
    l.states.resize(start.size());
    busfare::detail::symbol_id index;
    busfare::detail::trace_loop_begin(limit, start, l.types, l.states, l.fold ? &index : nullptr);
    for (std::size_t k = 0; k < start.size(); ++k) keep(l.states[k], l.types[k], 0, false);
    if (l.fold) keep(index, value_type::i64, 0, false);
    loops_.push_back(std::move(l));
  }

  void end_loop() {
    const open_loop l = std::move(loops_.back());
    loops_.pop_back();
    std::vector<busfare::detail::symbol_id> next, results(l.types.size());
    for (const value_type v : l.types) next.push_back(find(v)->id);
    busfare::detail::symbol_id condition;
    if (!l.fold) {
      const known* m = find(value_type::mask);
      condition = m != nullptr ? m->id : busfare::detail::trace_literal(value_type::mask, 1);
    }
    busfare::detail::trace_loop_finish(condition, next, results);
    pool_.resize(l.pool_before);
    for (std::size_t k = 0; k < results.size(); ++k) keep(results[k], l.types[k], 0, false);
  }

  const random_arguments& arguments_;
  bytes& in_;
  std::vector<known> pool_, expected_;
  std::vector<open_loop> loops_;
  int loop_count_ = 0;
};

}  // namespace fuzz
