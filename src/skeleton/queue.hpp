// The skeleton's queue: copies at once, runs nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <busfare/backend/queue.hpp>

namespace busfare::skeleton {

class queue final : public backend::queue {
 public:
  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override;
  void run(backend::executable& what, const backend::launch& how) override;
  void wait_for(backend::event& e) override;
  std::unique_ptr<backend::event> mark() override;
  void flush() override {}
  void* native() override { return nullptr; }

 private:
  std::optional<backend::span_ns> since_mark_;  // of the work since the previous mark
};

}  // namespace busfare::skeleton
