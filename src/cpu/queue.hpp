// The cpu's queue: runs everything before the call returns, on the calling thread and the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <busfare/backend/queue.hpp>

namespace busfare::cpu {

class queue final : public backend::queue {
 public:
  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override;
  void run(backend::executable& what, const backend::launch& how) override;
  void run_now(backend::executable& what, const backend::launch& how) override;
  void wait_for(backend::event& e) override;
  std::unique_ptr<backend::event> mark() override;
  void flush() override;
  void* native() override;

 private:
  void begin() noexcept;
  void end() noexcept;

  std::optional<backend::span_ns> span_;  // of the work since the previous mark
};

}  // namespace busfare::cpu
