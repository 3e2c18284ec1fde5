// A built kernel of the cpu: a plan, and everything that a launch would otherwise have to allocate.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <busfare/backend/executable.hpp>

#include "cpu/plan.hpp"
#include "cpu/scratch.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::cpu {

class executable final : public backend::executable {
 public:
  /// Throws `internal` for a request that breaks the seam's contract.
  executable(const backend::build_request& what, isa set);

  [[nodiscard]] std::string_view build_log() const override;
  [[nodiscard]] bool from_cache() const override;

  /// Runs the launch on this thread and the pool; returns when it is done. The first launch is also computed
  /// by `base`, in part, and a difference throws `internal`. Throws out_of_memory where a thread's
  /// temporaries cannot be had; results are then unspecified.
  void run(const backend::launch& how);

 private:
  void fill_frame(const backend::launch& how);
  void choose_streaming_and_shadows();
  void run_range(std::uint64_t from, std::uint64_t to);
  void run_range_timed(std::uint64_t from, std::uint64_t to);
  void bind(scratch& s) const noexcept;
  void map_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept;
  void fold_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept;
  void bind_steps(scratch& s) const noexcept;
  void bind_links(scratch& s) const noexcept;
  std::uint64_t link_range(scratch& s, std::uint64_t from, std::uint64_t to) const noexcept;
  static void aim(scratch& s, std::uint64_t first, std::uint64_t in_tree) noexcept;
  void run_steps(scratch& s, std::uint64_t first, std::uint64_t in_tree, std::uint64_t count,
                 std::uint64_t more) const noexcept;
  void fetch_ahead(const scratch& s, std::uint64_t next, std::uint64_t count,
                   std::size_t step) const noexcept;
  void split(std::uint64_t from, std::uint64_t to);
  void learn(std::uint64_t elements) noexcept;

  plan plan_;
  pool::thread_pool& pool_;
  scratch_set scratches_;
  frame frame_;
  std::size_t streaming_limit_;  // bytes of a launch's arrays from which results are streamed
  bool checked_;                 // against base
  bool block_checked_;           // likewise the entry that takes whole tree blocks, where there is one
  bool measured_ = false;        // ns_per_element_ was measured, not guessed
  double ns_per_element_;        // of one thread; decides how a launch is split, never what it computes
  std::atomic<std::int64_t> spent_ns_{0};  // by all threads, in the timed ranges of this launch
};

}  // namespace busfare::cpu
