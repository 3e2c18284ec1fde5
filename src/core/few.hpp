// A list that is short nearly always, kept without an allocation then.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace busfare::core {

/// Up to N elements lie in the object itself; more of them lie in a vector. Grows only. `T` is
/// default-constructible. Pointers to elements end with the next push_back.
template <class T, std::size_t N> class few {
 public:
  few() = default;
  few(const few&) = delete;
  few& operator=(const few&) = delete;

  void push_back(T value) {
    if (size_ == N) {
      more_.reserve(N + 1);  // throws before anything has moved
      more_.assign(std::make_move_iterator(own_.begin()), std::make_move_iterator(own_.end()));
    }
    if (size_ < N)
      own_[size_] = std::move(value);
    else
      more_.push_back(std::move(value));
    ++size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* begin() noexcept { return size_ <= N ? own_.data() : more_.data(); }
  [[nodiscard]] T* end() noexcept { return begin() + size_; }
  [[nodiscard]] const T* begin() const noexcept { return size_ <= N ? own_.data() : more_.data(); }
  [[nodiscard]] const T* end() const noexcept { return begin() + size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return begin()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return begin()[i]; }

 private:
  std::size_t size_ = 0;
  std::array<T, N> own_{};
  std::vector<T> more_;  // all of them, once there are more than N
};

}  // namespace busfare::core
