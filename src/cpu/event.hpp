// The cpu's event: work is done when its call returns, so an event is born finished.
#pragma once

#include <chrono>
#include <optional>

#include <busfare/backend/event.hpp>

namespace busfare::cpu {

class event final : public backend::event {
 public:
  explicit event(std::optional<backend::span_ns> times) noexcept : times_(times) {}
  bool done() override;
  bool wait(std::chrono::nanoseconds deadline) override;
  std::optional<backend::span_ns> times() override;

 private:
  std::optional<backend::span_ns> times_;
};

}  // namespace busfare::cpu
