// A queue of a simulated device: the work is done at once, its time is taken from the model.
#pragma once

#include <memory>
#include <vector>

#include <busfare/backend/queue.hpp>
#include <busfare/profile.hpp>

#include "sim/clock.hpp"

namespace busfare::sim {

class queue final : public backend::queue {
 public:
  queue(std::shared_ptr<virtual_clock> clock, const device_profile& profile,
        std::unique_ptr<backend::queue> inner)
      : clock_(std::move(clock)), profile_(profile), inner_(std::move(inner)) {}
  ~queue() override;
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;

  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override;
  void run(backend::executable& what, const backend::launch& how) override;
  void wait_for(backend::event& e) override;
  std::unique_ptr<backend::event> mark() override;
  void flush() override {}
  void* native() override { return nullptr; }

 private:
  void queued(model::task_id task);

  std::shared_ptr<virtual_clock> clock_;
  const device_profile& profile_;  // the device's, which outlives its queues
  std::unique_ptr<backend::queue> inner_;
  std::vector<model::task_id> after_;  // what the next task waits for
  std::vector<backend::argument> arguments_;
  model::task_id first_ = -1;  // since the previous mark
  model::task_id last_ = -1;
};

}  // namespace busfare::sim
