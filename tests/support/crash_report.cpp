// A test program that dies of a signal says in which test, and where: a log without both is all that a
// distant machine leaves.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <execinfo.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

// Read by the handler, which may not allocate.
std::array<char, 256> running = {"no test"};

class name_keeper : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo& test) override {
    std::snprintf(running.data(), running.size(), "%s.%s", test.test_suite_name(), test.name());
  }
  void OnTestEnd(const ::testing::TestInfo&) override {
    std::snprintf(running.data(), running.size(), "no test");
  }
};

void say(const char* text) { static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text))); }

void report(int signal) {
  say("\ncrashed: signal ");
  const std::array<char, 3> digits = {static_cast<char>('0' + signal / 10),
                                      static_cast<char>('0' + signal % 10), '\0'};
  say(digits.data());
  say(" during ");
  say(running.data());
  say("; frames:\n");
  std::array<void*, 64> frames{};
  backtrace_symbols_fd(frames.data(), backtrace(frames.data(), static_cast<int>(frames.size())),
                       STDERR_FILENO);
  std::fflush(stdout);  // a seed may be in there; a second crash here ends the program likewise
  std::raise(signal);
}

const bool prepared = [] {
  // Owned by the listeners.
  ::testing::UnitTest::GetInstance()->listeners().Append(new name_keeper);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose own reports say more
  std::array<void*, 1> first{};
  backtrace(first.data(), 1);  // loads what it needs now, while memory can be trusted
  // Of its own, for a stack that ran out.
  static std::array<char, 65536> stack;
  const stack_t other{stack.data(), 0, stack.size()};
  sigaltstack(&other, nullptr);
  struct sigaction how {};
  how.sa_handler = &report;
  how.sa_flags = static_cast<int>(SA_RESETHAND) | SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(signal, &how, nullptr);
#else
  static_cast<void>(&report);
#endif
  return true;
}();

}  // namespace
