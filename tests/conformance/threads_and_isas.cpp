// The same bits for any number of threads and any instruction set: this program runs itself and compares
// hashes.
#include <cstdio>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <tuple>
#include <unistd.h>

#include "cpu/processor.hpp"
#include "support/trial.hpp"

namespace {

std::string hashes(int threads, const char* isa) {
  char self[4096];
  const auto n = readlink("/proc/self/exe", self, sizeof self);
  if (n <= 0) return "";
  const std::string command =
      "env -u GTEST_TOTAL_SHARDS BUSFARE_SEED=7 BUSFARE_THREADS=" + std::to_string(threads) +
      " BUSFARE_ISA=" + isa + " '" + std::string(self, static_cast<std::size_t>(n)) + "' --hashes 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> child(popen(command.c_str(), "r"), pclose);
  std::string text;
  char buffer[4096];
  while (child != nullptr && std::fgets(buffer, sizeof buffer, child.get()) != nullptr) text += buffer;
  return text;
}

TEST(same_bits, for_any_threads_and_instruction_set) {
  const std::string one = hashes(1, "base");
  ASSERT_NE(one.find("reduce_f32"), std::string::npos) << one;
  EXPECT_EQ(hashes(3, "base"), one);
  int wider = 0;
  for (const auto& [isa, threads, set] :
       {std::tuple{"avx2", 2, busfare::isa::avx2}, std::tuple{"avx512", 3, busfare::isa::avx512},
        std::tuple{"avx512", 1, busfare::isa::avx512}}) {
    if (!busfare::cpu::supports(set)) continue;
    EXPECT_EQ(hashes(threads, isa), one) << isa << " with " << threads << " threads";
    ++wider;
  }
  if (wider == 0) GTEST_SKIP() << "this processor has neither AVX2 nor AVX-512";
}

}  // namespace
