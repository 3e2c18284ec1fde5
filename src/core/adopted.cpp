// Arrays over device memory that the user owns.
#include <string>
#include <utility>

#include "core/graph.hpp"
#include "core/native.hpp"
#include "core/prefetch.hpp"
#include "core/residency.hpp"

namespace busfare::detail {
namespace {

// What can be known without the device.
void check_request(const std::string& device, const void* memory, const extents& shape, type t,
                   source_line line) {
  error::details d;
  d.device = printable(device);
  d.line = line;
  try {
    (void)shape.bytes(size_of(t));
  } catch (const error& e) {
    d.hint = "name the extents of the memory, in elements";
    throw error(e.kind(), e.message(), d);
  }
  if (memory != nullptr || shape.count() == 0) return;
  d.hint = "pass what the device's own allocator returned";
  throw error(error_class::invalid_argument,
              "device memory at null cannot hold " + std::to_string(shape.bytes(size_of(t))) + " bytes (" +
                  std::to_string(shape.count()) + " elements of " + name_of(t) + ")",
              d);
}

array_handle on_host(const std::shared_ptr<void>& memory, const extents& shape, type t, bool lent,
                     source_line line, const core::device_slot& slot) {
  if (reinterpret_cast<std::uintptr_t>(memory.get()) % size_of(t) != 0) {
    error::details d;
    d.device = slot.info.name;
    d.line = line;
    d.hint = "pass an address that is a multiple of the element's size";
    throw error(error_class::invalid_argument,
                "the address of " + std::to_string(shape.count()) + " elements of " + name_of(t) +
                    " is not aligned to " + std::to_string(size_of(t)) + " bytes",
                d);
  }
  return lent ? array_borrowed(memory.get(), shape, t, line) : array_from(memory, shape, t, line);
}

}  // namespace

array_handle array_native(const std::string& device, std::shared_ptr<void> memory, extents shape, type t,
                          const native_stream* stream, bool lent, source_line line) {
  using namespace core;
  check_request(device, memory.get(), shape, t, line);
  std::scoped_lock hold(run_lock());
  device_slot& slot = open_for_sharing(device, stream, line);
  if (shape.count() == 0) return array_copied(nullptr, shape, t, line);
  if (slot.is_host()) return on_host(memory, shape, t, lent, line, slot);
  auto a = std::make_shared<array_state>(t, shape, line);
  try {
    replica r;
    r.device = slot.index;
    r.memory = slot.device->adopt_native(memory.get(), a->bytes, size_of(t));
    r.foreign = true;
    r.owner = std::move(memory);
    if (stream != nullptr) {
      auto log = std::make_unique<run_log>();
      log->held.push_back(a);
      log->awaited.push_back(slot.device->mark_on(stream->handle));
      slot.compute->wait_for(*log->awaited.back());
      a->replicas.push_back(std::move(r));
      keep_until_done(std::move(log));
    } else {
      a->replicas.push_back(std::move(r));
    }
  } catch (const error& e) {
    throw_at(e, slot, line);
  }
  a->borrowed.store(lent, std::memory_order_release);
  return a;
}

}  // namespace busfare::detail
