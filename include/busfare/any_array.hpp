// An array whose element type does not matter: what run, quote, warm and start take.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <busfare/array.hpp>

namespace busfare {

class any_array;
namespace detail {
const array_handle& handle_of(const any_array& a);
const source_line& line_of(const any_array& a);
}  // namespace detail

/// A handle to an array of any element type, with the line where it was made of one. Copying it copies no
/// elements; it keeps the version that the array had then. Handles may be copied and used by several threads.
class any_array {
 public:
  template <storable T>
  any_array(const array<T>& a, source_line line = source_line::here())  // NOLINT(google-explicit-constructor)
      : handle_(detail::handle_of(a)), line_(line) {}
  // Copies only: a list that something was moved out of still holds arrays.
  any_array(const any_array&) = default;
  any_array& operator=(const any_array&) = default;

 private:
  friend const detail::array_handle& detail::handle_of(const any_array& a);
  friend const source_line& detail::line_of(const any_array& a);
  detail::array_handle handle_;
  source_line line_;
};

namespace detail {

inline const array_handle& handle_of(const any_array& a) { return a.handle_; }
inline const source_line& line_of(const any_array& a) { return a.line_; }

/// What may follow the first array of a call: more arrays, and a line in place of the caller's.
template <class A>
concept array_or_line = std::same_as<A, source_line> || requires(const A& a) {
  handle_of(a);
};

/// The arrays of one call. Its line is where the first argument became an any_array, which is in the call: no
/// default argument can follow a pack.
template <array_or_line... More> class wanted_arrays {
 public:
  explicit wanted_arrays(const any_array& first, const More&... more) : line_(line_of(first)) {
    take(first);
    (take(more), ...);
  }
  [[nodiscard]] std::span<const array_handle> handles() const { return handles_; }
  [[nodiscard]] const source_line& line() const { return line_; }

 private:
  void take(const source_line& line) { line_ = line; }
  template <class A> void take(const A& a) { handles_[taken_++] = handle_of(a); }

  std::array<array_handle, 1 + (std::size_t{!std::same_as<More, source_line>} + ... + 0)> handles_;
  std::size_t taken_ = 0;
  source_line line_;
};

inline std::vector<array_handle> handles_of(std::span<const any_array> all) {
  std::vector<array_handle> handles;
  handles.reserve(all.size());
  for (const any_array& a : all) handles.push_back(handle_of(a));
  return handles;
}

}  // namespace detail
}  // namespace busfare
