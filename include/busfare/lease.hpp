// Arrays over memory that the caller keeps.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <busfare/array.hpp>

namespace busfare {

template <storable T> class lease;
namespace detail {
template <storable T> lease<T> lease_of(array<T> lent);
}  // namespace detail

/// A loan of the caller's memory to an array, made by `view_of`; nothing is copied. While it lives the caller
/// does not write to the memory, and `array::into` refuses to. Its end waits for running work that may read
/// the memory; where anybody else still holds the array (copies of the handle, what was recorded on it and
/// has not run), the contents are copied first, so only views taken by `host` end with it. Should there be no
/// memory for that copy, later uses of the array throw out_of_memory. Move-only; any thread may end it.
template <storable T> class lease {
 public:
  lease(lease&& other) noexcept
      : values_(std::move(other.values_)), held_(std::exchange(other.held_, false)) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      end();
      values_ = std::move(other.values_);
      held_ = std::exchange(other.held_, false);
    }
    return *this;
  }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  ~lease() { end(); }

  /// The array: bf::map(f, *loan). Not after `end`.
  const array<T>& operator*() const noexcept { return values_; }
  const array<T>* operator->() const noexcept { return &values_; }
  /// Ends the loan before the destructor does. Twice is fine.
  void end() noexcept {
    if (std::exchange(held_, false)) detail::end_lease(detail::handle_in(values_));
  }

 private:
  friend lease<T> detail::lease_of<T>(array<T>);
  explicit lease(array<T> values) : values_(std::move(values)) {}
  array<T> values_;
  bool held_ = true;
};

namespace detail {
/// `lent`: from array_borrowed or array_native.
template <storable T> lease<T> lease_of(array<T> lent) { return lease<T>(std::move(lent)); }
}  // namespace detail

/// Borrows `from` until the lease ends. Throws invalid_argument where sizes differ.
template <storable T>
[[nodiscard]] lease<T> view_of(std::span<const T> from, extents shape,
                               source_line line = source_line::here()) {
  detail::check_count(from.size(), shape, line);
  return detail::lease_of(
      detail::array_of<T>(detail::array_borrowed(from.data(), shape, type_of<T>(), line)));
}
template <storable T>
[[nodiscard]] lease<T> view_of(std::span<const T> from, source_line line = source_line::here()) {
  return view_of(from, extents(from.size()), line);
}
template <storable T>
[[nodiscard]] lease<T> view_of(const std::vector<T>& from, source_line line = source_line::here()) {
  return view_of(std::span<const T>(from), extents(from.size()), line);
}
template <storable T> lease<T> view_of(std::vector<T>&&, source_line = source_line::here()) = delete;

}  // namespace busfare
