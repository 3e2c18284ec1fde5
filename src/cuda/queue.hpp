// An in-order stream with marks.
#pragma once

#include <busfare/backend/queue.hpp>

#include "cuda/event.hpp"
#include "cuda/staging.hpp"

namespace busfare::cuda {

class queue final : public backend::queue {
 public:
  queue(const backend::services& core, event_pool& events, device_clock& clock, memory& m);

  /// Copies from pageable memory return when its bytes are staged, copies to it when they have arrived;
  /// others at once.
  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override;
  void run(backend::executable& what, const backend::launch& how) override;
  void wait_for(backend::event& e) override;
  std::unique_ptr<backend::event> mark() override;
  void flush() override { context_.errors().require_alive(); }  // streams start by themselves
  void* native() override { return stream_.get(); }

 private:
  void begin();
  void drain() noexcept;
  void transfer(const backend::block& to, const backend::block& from, std::size_t bytes);
  template <class Call> auto whole_or_nothing(const Call& call);

  const context& context_;
  event_pool& events_;
  device_clock& clock_;
  stream stream_;
  staging staging_;
  pooled_event first_;  // recorded before the first work since the last mark
};

}  // namespace busfare::cuda
