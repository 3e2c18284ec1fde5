// The handler only sets a flag.
#include "interrupt.hpp"

#include <csignal>

namespace busfare::cli {
namespace {

volatile std::sig_atomic_t seen = 0;
struct sigaction before {};

}  // namespace

interrupt::interrupt() {
  seen = 0;
  struct sigaction what {};
  what.sa_handler = [](int) { seen = 1; };
  what.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&what.sa_mask);
  sigaction(SIGINT, &what, &before);
}

interrupt::~interrupt() { sigaction(SIGINT, &before, nullptr); }

bool interrupt::requested() noexcept { return seen != 0; }

}  // namespace busfare::cli
