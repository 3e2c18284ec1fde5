// One flag, which is all that a handler may touch.
#include "interrupt.hpp"

#include <atomic>

namespace busfare::cli {
namespace {

constexpr int watched[] = {SIGINT, SIGTERM};
std::atomic<int> came{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int number) { came.store(number, std::memory_order_relaxed); }

}  // namespace

interrupt::interrupt() {
  came.store(0, std::memory_order_relaxed);
  struct sigaction ours {};
  ours.sa_handler = note_signal;
  ours.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigemptyset(&ours.sa_mask);
  for (int k = 0; k < 2; ++k) {
    ::sigaction(watched[k], nullptr, &before_[k]);
    if (before_[k].sa_handler != SIG_IGN) ::sigaction(watched[k], &ours, nullptr);
  }
}

interrupt::~interrupt() {
  for (int k = 0; k < 2; ++k) ::sigaction(watched[k], &before_[k], nullptr);
}

int interrupt::seen() noexcept { return came.load(std::memory_order_relaxed); }

}  // namespace busfare::cli
