// How many threads a pool gets: BUSFARE_THREADS, else the CPU set.
#include "pool/thread_count.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <busfare/error.hpp>

namespace busfare::pool {

unsigned default_thread_count(std::size_t cpus) {
  if (const char* text = std::getenv("BUSFARE_THREADS"); text != nullptr) {
    const std::string_view value = text;
    unsigned n = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (code != std::errc{} || end != value.data() + value.size() || n < 1 || n > 1024) {
      error::details d;
      d.hint = "unset it, or give a number from 1 to 1024";
      throw error(error_class::invalid_argument,
                  "BUSFARE_THREADS is \"" + printable(value) + "\", not a number of threads", std::move(d));
    }
    return n;
  }
  const std::size_t n = cpus != 0 ? cpus : std::thread::hardware_concurrency();
  return static_cast<unsigned>(std::clamp<std::size_t>(n, 1, 1024));
}

}  // namespace busfare::pool
