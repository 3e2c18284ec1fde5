// One function per subcommand. Each returns the program's exit code and throws failure or busfare::error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common_flags.hpp"

namespace busfare::cli {

int run_devices(const common_flags& flags);

struct bench_flags {
  bool quick = false;
  std::string math = "exact";           ///< or "fast"
  std::vector<std::string> operations;  ///< "triad", "triad:f64"; empty: all
  std::vector<std::string> sizes;       ///< empty: each operation's own
  std::vector<std::string> compare;     ///< files that --json wrote, runs of one build; empty: none
};
int run_bench(const common_flags& flags, const bench_flags& wanted);

struct accuracy_flags {
  bool quick = false, exhaustive = false;
  std::string math = "exact";                  ///< or "fast"
  std::string seed;                            ///< of the random operands; empty: a random one
  std::vector<std::string> operations, types;  ///< "exp", "f32"; empty: all
};
int run_accuracy(const common_flags& flags, const accuracy_flags& wanted);

int run_plan(const common_flags& flags, const std::string& operation, const std::string& size);

struct demo_flags {
  std::string name;                 ///< "mandelbrot", "photo"
  std::vector<std::string> inputs;  ///< photo: the pictures
  std::optional<std::string> out;   ///< mandelbrot: the file; photo: the folder; none: the demo's own
  std::int64_t width = 1280, height = 960, iterations = 256;
  std::int64_t at_once = 3;  ///< photo: pictures that are worked on at a time
};
/// Whatever `wanted.name` says.
int run_demo(const common_flags& flags, const demo_flags& wanted);
int run_demo_photo(const common_flags& flags, const demo_flags& wanted);

}  // namespace busfare::cli
