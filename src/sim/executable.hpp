// A kernel of a simulated device: the wrapped device's, with the cost of one element.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <busfare/backend/executable.hpp>

namespace busfare::sim {

class executable final : public backend::executable {
 public:
  executable(std::unique_ptr<backend::executable> inner, double flops, double bytes, bool f64)
      : inner_(std::move(inner)), flops_(flops), bytes_(bytes), f64_(f64) {}

  [[nodiscard]] std::string_view build_log() const override { return inner_->build_log(); }
  /// The modelled compiler has no cache.
  [[nodiscard]] bool from_cache() const override { return false; }

  [[nodiscard]] backend::executable& inner() const noexcept { return *inner_; }
  [[nodiscard]] double flops() const noexcept { return flops_; }  ///< per element
  [[nodiscard]] double bytes() const noexcept { return bytes_; }  ///< per element
  [[nodiscard]] bool f64() const noexcept { return f64_; }

 private:
  std::unique_ptr<backend::executable> inner_;
  double flops_, bytes_;
  bool f64_;
};

}  // namespace busfare::sim
