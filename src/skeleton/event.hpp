// The skeleton's event: its queue works at once, so it is born finished.
#pragma once

#include <chrono>
#include <optional>

#include <busfare/backend/event.hpp>

namespace busfare::skeleton {

class event final : public backend::event {
 public:
  explicit event(std::optional<backend::span_ns> times) noexcept : times_(times) {}
  bool done() override;
  bool wait(std::chrono::nanoseconds deadline) override;
  std::optional<backend::span_ns> times() override;

 private:
  std::optional<backend::span_ns> times_;
};

}  // namespace busfare::skeleton
