// What a symbol calls: the recorder behind the third reading. Implemented in core.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include <busfare/config.hpp>
#include <busfare/program.hpp>
#include <busfare/source_line.hpp>

namespace busfare::detail {

/// A node of the trace in progress on this thread. `epoch` tells a symbol that outlived its trace.
struct symbol_id {
  std::uint32_t node = program_node::none;
  std::uint32_t epoch = 0;
};

// Each throws invalid_argument when no trace is in progress on this thread, when a symbol of another trace or
// of a closed loop is used, and past 16,384 nodes.
BUSFARE_API symbol_id trace_literal(value_type type, std::uint64_t bits);
BUSFARE_API symbol_id trace_op(op o, value_type type, std::initializer_list<symbol_id> operands);
BUSFARE_API symbol_id trace_lookup(int argument, value_type type, symbol_id index);
/// An element, broadcast or number argument.
BUSFARE_API symbol_id trace_input(int argument);
/// The launch's index along an axis, and the axis's length (i64).
BUSFARE_API symbol_id trace_index(int axis);
BUSFARE_API symbol_id trace_extent(int axis);

/// Loops nest: begin, state and index, the body, then finish. `abandon` drops a loop whose body threw.
BUSFARE_API void trace_loop_begin(symbol_id limit, std::span<const symbol_id> start,
                                  std::span<const value_type> types, std::span<symbol_id> states,
                                  symbol_id* index);
/// `condition`: node none for a fold. Writes one result symbol per state.
BUSFARE_API void trace_loop_finish(symbol_id condition, std::span<const symbol_id> next,
                                   std::span<symbol_id> results);
BUSFARE_API void trace_loop_abandon() noexcept;

/// One trace on this thread, from construction to `finish` or destruction. Constructing one inside another
/// throws invalid_argument ("an algorithm was called inside a kernel").
class BUSFARE_API trace_session {
 public:
  trace_session(std::span<const backend::parameter> arguments, source_line line);
  ~trace_session();
  trace_session(const trace_session&) = delete;
  trace_session& operator=(const trace_session&) = delete;

  /// As trace_input and trace_index; the session is the one in progress on this thread.
  symbol_id input(int argument) { return trace_input(argument); }
  symbol_id index(int axis) { return trace_index(axis); }

  /// Ends the trace: canonical program with its id. Masks are stored as u8.
  program_ptr finish(std::span<const symbol_id> results, std::span<const type> stored);

 private:
  bool open_ = false;
};

}  // namespace busfare::detail
