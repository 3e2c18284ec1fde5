// Pageable host memory crosses through pinned slots, which several threads fill and empty.
#pragma once

#include <array>
#include <cstddef>

#include <busfare/backend/module.hpp>

#include "cuda/event.hpp"
#include "cuda/memory.hpp"

namespace busfare::cuda {

/// The slots of one queue, taken at the first use. Three: with two, filling, crossing and computing of equal
/// length wait for each other. Used by one thread at a time.
class staging {
 public:
  staging(const backend::services& core, event_pool& events, memory& from)
      : core_(core), events_(events), memory_(from) {}
  /// Waits for slots in flight, at most some seconds; a slot that is still in flight then is abandoned.
  ~staging();
  staging(const staging&) = delete;
  staging& operator=(const staging&) = delete;

  /// Returns when everything is in slots or has crossed: `from` may change afterwards. The context is
  /// current.
  void upload(CUstream s, CUdeviceptr to, const void* from, std::size_t bytes);
  /// Returns when everything has arrived, hence after all work queued on `s` before. The context is current.
  void download(CUstream s, void* to, CUdeviceptr from, std::size_t bytes);

 private:
  struct slot {
    std::byte* at = nullptr;
    std::size_t used = 0;  // bytes from the start that crossings read or write
    pooled_event crossed;
    bool in_flight = false;
  };

  slot& room_for(std::size_t bytes);
  void settle(slot& s);
  void note_crossing(slot& s, CUstream on);
  void copy(void* to, const void* from, std::size_t bytes) const;

  backend::services core_;
  event_pool& events_;
  memory& memory_;
  std::array<slot, 3> slots_;
  std::size_t now_ = 0;
};

}  // namespace busfare::cuda
