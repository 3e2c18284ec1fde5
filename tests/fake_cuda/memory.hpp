// The memory of fake devices and their pinned host memory: where it is, what is in use, what may be touched.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace fake_cuda {

using address = std::uint64_t;

/// A point in the work of a stream.
struct moment {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
};
/// For each stream the number of its last work that is known to come before.
class known_past {
 public:
  [[nodiscard]] bool has(moment m) const {
    return m.number == 0 || (m.stream < last_.size() && last_[m.stream] >= m.number);
  }
  void add(moment m) {
    if (m.stream >= last_.size()) last_.resize(m.stream + 1);
    if (last_[m.stream] < m.number) last_[m.stream] = m.number;
  }
  void add(const known_past& other) {
    for (std::uint32_t s = 0; s < other.last_.size(); ++s) add(moment{s, other.last_[s]});
  }

 private:
  std::vector<std::uint64_t> last_;
};

enum class block_kind { device, pool, pinned };

struct memory_block {
  address at = 0;
  std::uint64_t bytes = 0;
  address begin = 0, end = 0;  ///< its pages
  block_kind kind = block_kind::device;
  int device = 0;
  std::uint64_t context = 0;  ///< serial
  // Stream-ordered memory: it lives from one piece of work to another.
  moment born, freed;
  std::vector<moment> uses;  ///< the last one of each stream
};

/// Device addresses are reserved and cannot be touched; the fake reaches the same bytes at another place.
class memory_map {
 public:
  static constexpr std::uint64_t window_bytes = std::uint64_t{32} << 30;  ///< addresses of one device

  memory_map();
  ~memory_map();
  memory_map(const memory_map&) = delete;
  memory_map& operator=(const memory_map&) = delete;

  /// Null when there are no addresses left (device kinds) or no host memory (pinned).
  memory_block* add(block_kind kind, int device, std::uint64_t bytes);
  /// The content of new memory is rubbish.
  static void spoil(void* data, std::uint64_t bytes);
  /// False when somebody wrote behind its end.
  [[nodiscard]] bool intact(const memory_block& b) const;
  void remove(memory_block* b);

  /// The block that holds the byte at `a`; null: none.
  memory_block* find(address a);
  [[nodiscard]] bool is_device_address(address a) const {
    return a >= window_ && a - window_ < window_bytes * most_devices;
  }
  /// Where the fake and its kernels reach the byte; host addresses are themselves.
  [[nodiscard]] char* reach(address a) const {
    return reinterpret_cast<char*>(is_device_address(a) ? a - window_ + alias_ : a);
  }
  [[nodiscard]] const std::map<address, std::unique_ptr<memory_block>>& blocks() const { return blocks_; }

  static constexpr int most_devices = 8;

 private:
  address place(int device, std::uint64_t bytes);

  int file_ = -1;
  address window_ = 0, alias_ = 0;
  address next_[most_devices] = {};                          // addresses are used again as late as possible
  std::map<address, std::unique_ptr<memory_block>> blocks_;  // by `at`
};

}  // namespace fake_cuda
