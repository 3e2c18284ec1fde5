// What one thread needs to run parts of a launch: temporaries and argument tables, made once and reused.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <busfare/cpu_code.hpp>

#include "cpu/plan.hpp"

namespace busfare::cpu {

/// Bytes aligned to 64, freed with it. Content is unspecified. Throws std::bad_alloc.
class aligned_bytes {
 public:
  explicit aligned_bytes(std::size_t bytes)
      : data_(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}))) {}
  [[nodiscard]] std::byte* data() const noexcept { return data_.get(); }

 private:
  struct release {
    void operator()(std::byte* p) const noexcept { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, release> data_;
};

/// One launch, as all its parts see it.
struct frame {
  std::vector<std::byte*> address;  ///< per parameter: element 0, the value, or the table; null for numbers
  std::vector<std::uint64_t> size;  ///< per parameter: elements of a table
  std::vector<std::uint64_t> numbers;  ///< of all steps, in order
  std::vector<char> shadowed;          ///< per parameter: the result goes to scratch first
  bool any_shadow = false;
  bool stream = false;
  std::uint64_t shape[3] = {1, 1, 1};
  std::uint64_t first = 0, count = 0;
  std::uint64_t grain = 1;  ///< parts begin and end at multiples of it, or at the end
};

struct scratch {
  explicit scratch(const plan& p)
      : memory(p.scratch_bytes + 64),
        base(p.slots.size()),
        where(p.slots.size()),
        in(p.in.size()),
        out(p.out.size()),
        fold_in(p.fold_slots.size()),
        fold_out(p.fold_slots.size()) {}

  aligned_bytes memory;
  std::vector<std::byte*> base;  ///< per slot, for the launch under way
  std::vector<place> where;
  std::vector<cpu_operand> in;  ///< of all steps, in order
  std::vector<std::byte*> out;
  std::vector<const std::byte*> fold_in;
  std::vector<std::byte*> fold_out;
};

/// As many scratches as a pool has threads; each is made when it is first wanted.
class scratch_set {
 public:
  scratch_set(const plan& p, unsigned threads) : plan_(p), cells_(new cell[threads]), threads_(threads) {
    cells_[0].content = std::make_unique<scratch>(p);
  }

  /// Holds one scratch until it is destroyed. At most `threads` leases live at a time. Throws std::bad_alloc.
  class lease {
   public:
    explicit lease(scratch_set& set) : cell_(set.take()) {}
    ~lease() { cell_.busy.store(false, std::memory_order_release); }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    [[nodiscard]] scratch& get() const noexcept { return *cell_.content; }

   private:
    friend class scratch_set;
    struct alignas(64) cell_type {
      std::atomic<bool> busy{false};
      std::unique_ptr<scratch> content;
    };
    cell_type& cell_;
  };

 private:
  using cell = lease::cell_type;

  cell& take() {
    for (unsigned i = 0;; i = i + 1 == threads_ ? 0 : i + 1) {
      cell& c = cells_[i];
      if (c.busy.load(std::memory_order_relaxed) || c.busy.exchange(true, std::memory_order_acquire))
        continue;
      if (c.content == nullptr) {
        try {
          c.content = std::make_unique<scratch>(plan_);
        } catch (...) {
          c.busy.store(false, std::memory_order_release);
          throw;
        }
      }
      return c;
    }
  }

  const plan& plan_;
  std::unique_ptr<cell[]> cells_;
  unsigned threads_;
};

}  // namespace busfare::cpu
