// The driver's streams and events.
#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

event* find_event(entry& e, CUevent h, CUresult& bad) {
  event* const found = e.w.events.find(number_of(h));
  if (found == nullptr) bad = e.result(e.w.bad_handle(e.name(), "an event", number_of(h)));
  return found;
}

}  // namespace

FAKE_EXPORT CUresult cuStreamCreate(CUstream* out, unsigned flags) {
  entry e("cuStreamCreate");
  if (e.stopped()) return e.result();
  if (out == nullptr || (flags & ~1u) != 0)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer or unknown flags");
  const std::uint64_t handle = e.w.new_handle();
  e.w.streams.add(handle) = e.w.schedule.open(e.c->serial, flags != CU_STREAM_NON_BLOCKING, false);
  *out = reinterpret_cast<CUstream>(handle);
  return e.result();
}

FAKE_EXPORT CUresult cuStreamDestroy_v2(CUstream h) {
  entry e("cuStreamDestroy_v2", entry::needs::context, entry::frees::something);
  if (e.stopped()) return e.result();
  stream** const s = e.w.streams.find(number_of(h));
  if (s == nullptr) return e.result(e.w.bad_handle(e.name(), "a stream", number_of(h)));
  e.w.schedule.close(*s);
  e.w.streams.remove(number_of(h));
  return e.result();
}

FAKE_EXPORT CUresult cuStreamSynchronize(CUstream h) {
  entry e("cuStreamSynchronize");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr) return e.result(bad);
  return e.result(e.w.wait_for(e.lock, e.c, s->last));
}

FAKE_EXPORT CUresult cuStreamQuery(CUstream h) {
  entry e("cuStreamQuery");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr) return e.result(bad);
  const work_ptr last = s->last;
  const bool done = last == nullptr || e.w.schedule.query(last);
  if (e.c->broken != CUDA_SUCCESS) return e.result(e.c->broken);
  return e.result(done ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY);
}

FAKE_EXPORT CUresult cuStreamWaitEvent(CUstream h, CUevent event_handle, unsigned flags) {
  entry e("cuStreamWaitEvent");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (flags != 0) return e.misused(CUDA_ERROR_INVALID_VALUE, "its flags are 0");
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr) return e.result(bad);
  const event* const v = find_event(e, event_handle, bad);
  if (v == nullptr) return bad;
  if (v->recorded != nullptr) e.w.put(*s, nullptr, {}, {v->recorded});
  return e.result();
}

FAKE_EXPORT CUresult cuEventCreate(CUevent* out, unsigned flags) {
  entry e("cuEventCreate");
  if (e.stopped()) return e.result();
  if (out == nullptr || (flags & ~7u) != 0)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer or unknown flags");
  const std::uint64_t handle = e.w.new_handle();
  event& v = e.w.events.add(handle);
  v.context = e.c->serial;
  v.flags = flags;
  *out = reinterpret_cast<CUevent>(handle);
  return e.result();
}

FAKE_EXPORT CUresult cuEventDestroy_v2(CUevent h) {
  entry e("cuEventDestroy_v2", entry::needs::context, entry::frees::something);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (find_event(e, h, bad) == nullptr) return bad;
  e.w.events.remove(number_of(h));
  return e.result();
}

FAKE_EXPORT CUresult cuEventRecord(CUevent h, CUstream stream_handle) {
  entry e("cuEventRecord");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(stream_handle, bad);
  if (s == nullptr) return e.result(bad);
  event* const v = find_event(e, h, bad);
  if (v == nullptr) return bad;
  if (v->context != e.c->serial) return e.misused(CUDA_ERROR_INVALID_HANDLE, "an event of another context");
  v->recorded = e.w.put(*s, nullptr, {});
  return e.result();
}

FAKE_EXPORT CUresult cuEventQuery(CUevent h) {
  entry e("cuEventQuery");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  const event* const v = find_event(e, h, bad);
  if (v == nullptr) return bad;
  const work_ptr recorded = v->recorded;
  const bool done = recorded == nullptr || e.w.schedule.query(recorded);
  if (e.c->broken != CUDA_SUCCESS) return e.result(e.c->broken);
  return e.result(done ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY);
}

FAKE_EXPORT CUresult cuEventSynchronize(CUevent h) {
  entry e("cuEventSynchronize");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  const event* const v = find_event(e, h, bad);
  if (v == nullptr) return bad;
  return e.result(e.w.wait_for(e.lock, e.c, v->recorded));
}

#undef cuEventElapsedTime
FAKE_EXPORT CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent from, CUevent to) {
  entry e("cuEventElapsedTime_v2");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (milliseconds == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  const event* const a = find_event(e, from, bad);
  const event* const b = a != nullptr ? find_event(e, to, bad) : nullptr;
  if (b == nullptr) return bad;
  for (const event* v : {a, b}) {
    if ((v->flags & CU_EVENT_DISABLE_TIMING) != 0 || v->recorded == nullptr)
      return e.misused(CUDA_ERROR_INVALID_HANDLE, "an event that keeps no time or was never recorded");
    if (v->context != e.c->serial) return e.misused(CUDA_ERROR_INVALID_HANDLE, "an event of another context");
  }
  if (!a->recorded->done || !b->recorded->done) return e.result(CUDA_ERROR_NOT_READY);
  *milliseconds = static_cast<float>(static_cast<double>(b->recorded->time - a->recorded->time) * 1e-6);
  return e.result();
}

FAKE_EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent from, CUevent to) {
  return cuEventElapsedTime_v2(milliseconds, from, to);
}
