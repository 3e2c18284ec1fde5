// The user's handle to a typed, shaped value.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <busfare/detail/record.hpp>
#include <busfare/type.hpp>

namespace busfare {

template <storable T> class array;

namespace detail {
template <class T> const array_handle& handle_of(const array<T>& a);
template <class T> array_handle& handle_in(array<T>& a);
template <class T> map_argument argument_of(const array<T>& a);
template <class T> array<T> array_of(array_handle h);
}  // namespace detail

/// The elements of an array on the host, slowest axis first. Shares ownership: safe on a temporary array.
template <storable T> class read_view {
 public:
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  /// Unchecked.
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  friend class array<T>;
  read_view(detail::array_handle owner, const T* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}
  detail::array_handle owner_;
  const T* data_;
  std::size_t size_;
};

/// A new version of an array, open for writing by the host; made by `array::write` and `array::overwrite`. It
/// becomes readable when the view goes. Until then everything that needs this version throws invalid_argument
/// in the thread that opened the view, and waits in others. Where the writer unwinds by an exception, the
/// version holds what was written until then. Move-only; shares ownership.
template <storable T> class write_view {
 public:
  write_view(write_view&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), data_(other.data_), size_(other.size_) {}
  write_view& operator=(write_view&& other) noexcept {
    if (this != &other) {
      close();
      owner_ = std::exchange(other.owner_, nullptr);
      data_ = other.data_;
      size_ = other.size_;
    }
    return *this;
  }
  write_view(const write_view&) = delete;
  write_view& operator=(const write_view&) = delete;
  ~write_view() { close(); }

  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size_; }
  /// Unchecked.
  T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  friend class array<T>;
  write_view(detail::array_handle owner, T* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}
  void close() noexcept {
    if (owner_) detail::close_version(owner_);
    owner_.reset();
  }
  detail::array_handle owner_;
  T* data_;
  std::size_t size_;
};

/// A typed, shaped value of rank 0 to 3. Copying the handle copies no elements; computed contents never
/// change. Handles may be copied, read and recorded on by several threads; one handle object by one thread at
/// a time.
template <storable T> class array {
 public:
  using value_type = T;

  /// No elements, rank 1.
  array() : array(detail::array_copied(nullptr, busfare::extents(0), type_of<T>(), {})) {}

  [[nodiscard]] const busfare::extents& extents() const { return extents_; }
  [[nodiscard]] std::size_t size() const { return extents_.count(); }

  /// The same elements in the same order under other extents. Costs nothing and runs nothing; maps fuse
  /// through it unless kernels on both sides use indices or windows. A handle to this version: later writes
  /// to either are not seen by the other. Throws invalid_argument where the counts differ, and for rank 0
  /// unless the array was made with it.
  [[nodiscard]] array reshape(const busfare::extents& to, source_line line = source_line::here()) const {
    detail::check_reshape(handle_, extents_, to, line);
    array a = *this;
    a.extents_ = to;
    return a;
  }
  /// The elements from index `from` on, `size` along each axis, as an array of their own; one number per axis
  /// in both. Recorded like a map, and fuses with the maps after it. On a device the whole of this array must
  /// be there. Throws invalid_argument where ranks differ, for rank 0, and where the slice reaches past an
  /// end.
  [[nodiscard]] array slice(const busfare::extents& from, const busfare::extents& size,
                            source_line line = source_line::here()) const;
  [[nodiscard]] array slice(const options& how, const busfare::extents& from, const busfare::extents& size,
                            source_line line = source_line::here()) const;

  /// Plans, runs and waits for what is missing. Throws what recording could not know.
  [[nodiscard]] read_view<T> host(source_line line = source_line::here()) const {
    const void* data = detail::host_of(handle_, line);
    return {handle_, static_cast<const T*>(data), size()};
  }
  /// The value of a rank-0 array or of an array with one element; throws invalid_argument for others.
  [[nodiscard]] T value(source_line line = source_line::here()) const {
    if (size() != 1)
      throw error(error_class::invalid_argument,
                  "value() needs an array with one element, this one has " + std::to_string(size()), line);
    return host(line)[0];
  }
  /// Gives this handle a new version with the same contents, to be changed in place. Copies of the handle,
  /// views and what was recorded before keep the old version. Runs and fetches what the contents need. The
  /// buffer is taken over when nobody else holds it, else copied (`stats`, and the causes of later transfers,
  /// say which). Throws what running throws; invalid_argument while this thread holds a view of the same
  /// version.
  [[nodiscard]] write_view<T> write(source_line line = source_line::here()) {
    T* const data = static_cast<T*>(detail::open_version(handle_, true, line));
    return {handle_, data, size()};
  }
  /// As `write`, for who changes only `count` elements from `first` on (in row-major order); the view holds
  /// those. Where nobody else holds the version (another handle or view, a node recorded on it that has not
  /// run, a prefetch under way), copies on devices stay, and later runs there send the parts that were
  /// written instead of the whole (up to four ranges; closer ones become one). Throws invalid_argument also
  /// where the part reaches past the end.
  [[nodiscard]] write_view<T> write_part(std::size_t first, std::size_t count,
                                         source_line line = source_line::here()) {
    T* const data = static_cast<T*>(detail::open_part(handle_, first, count, line));
    return {handle_, data, count};
  }
  /// As `write`, but for who fills every element: nothing is run or fetched, and the contents are unspecified
  /// at first.
  [[nodiscard]] write_view<T> overwrite(source_line line = source_line::here()) {
    T* const data = static_cast<T*>(detail::open_version(handle_, false, line));
    return {handle_, data, size()};
  }
  /// Copies the elements to the caller's memory, straight from the device where they are only there. Throws
  /// invalid_argument where sizes differ, and where any of that memory is lent by a lease that this thread
  /// made; waits for leases that others made.
  void into(std::span<T> out, source_line line = source_line::here()) const {
    if (out.size() != size()) {
      throw error(error_class::invalid_argument,
                  "into() got room for " + std::to_string(out.size()) + " elements, the array has " +
                      std::to_string(size()),
                  line);
    }
    detail::copy_out(handle_, out.data(), line);
  }

 private:
  friend const detail::array_handle& detail::handle_of<T>(const array<T>&);
  friend detail::array_handle& detail::handle_in<T>(array<T>&);
  friend detail::map_argument detail::argument_of<T>(const array<T>&);
  friend array<T> detail::array_of<T>(detail::array_handle);
  explicit array(detail::array_handle h) : handle_(std::move(h)), extents_(detail::shape_of(handle_)) {}
  detail::array_handle handle_;
  busfare::extents extents_;
};

namespace detail {
template <class T> const array_handle& handle_of(const array<T>& a) { return a.handle_; }
template <class T> array_handle& handle_in(array<T>& a) { return a.handle_; }
template <class T> map_argument argument_of(const array<T>& a) { return {a.handle_, 0, a.extents_}; }
template <class T> array<T> array_of(array_handle h) { return array<T>(std::move(h)); }

inline void check_count(std::size_t have, const extents& shape, source_line line) {
  if (have != shape.count()) {
    throw error(
        error_class::invalid_argument,
        "the extents hold " + std::to_string(shape.count()) + " elements, the data " + std::to_string(have),
        line);
  }
}
}  // namespace detail

/// Copies now; the source may change afterwards.
template <storable T>
array<T> copy_of(std::span<const T> from, extents shape, source_line line = source_line::here()) {
  detail::check_count(from.size(), shape, line);
  return detail::array_of<T>(detail::array_copied(from.data(), shape, type_of<T>(), line));
}
template <storable T>
array<T> copy_of(const std::vector<T>& from, extents shape, source_line line = source_line::here()) {
  return copy_of(std::span<const T>(from), shape, line);
}
template <storable T> array<T> copy_of(std::span<const T> from, source_line line = source_line::here()) {
  return copy_of(from, extents(from.size()), line);
}
template <storable T> array<T> copy_of(const std::vector<T>& from, source_line line = source_line::here()) {
  return copy_of(std::span<const T>(from), extents(from.size()), line);
}
/// A rank-0 array.
template <storable T> array<T> value_of(T x, source_line line = source_line::here()) {
  return detail::array_of<T>(detail::array_copied(&x, extents(), type_of<T>(), line));
}
/// Takes the vector over; copies nothing.
template <storable T>
array<T> adopt(std::vector<T>&& from, extents shape, source_line line = source_line::here()) {
  detail::check_count(from.size(), shape, line);
  auto owner = std::make_shared<std::vector<T>>(std::move(from));
  return detail::array_of<T>(
      detail::array_from(std::shared_ptr<const void>(owner, owner->data()), shape, type_of<T>(), line));
}
template <storable T> array<T> adopt(std::vector<T>&& from, source_line line = source_line::here()) {
  const extents shape(from.size());
  return adopt(std::move(from), shape, line);
}
/// Shares ownership of `shape.count()` elements; the caller writes to them no more.
template <storable T>
array<T> adopt(std::shared_ptr<T[]> from, extents shape, source_line line = source_line::here()) {
  return detail::array_of<T>(
      detail::array_from(std::shared_ptr<const void>(from, from.get()), shape, type_of<T>(), line));
}

/// bf::map(f, x, bf::whole(table)): f sees all of `table` and reads table[i].
template <storable T> struct whole_of { array<T> all; };
template <storable T> whole_of<T> whole(array<T> all) { return {std::move(all)}; }

}  // namespace busfare
