// Contexts and handles, and how a broken context, a lost device and a planned failure show.
#include "fake_cuda/world.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>

namespace fake_cuda {

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != 0 ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace

bool shut_down = false;

std::mutex& world_lock() {
  static auto& m = *new std::mutex;  // calls may come when static objects are gone
  return m;
}

std::condition_variable& world_changed() {
  static auto& c = *new std::condition_variable;
  return c;
}

std::vector<std::uint64_t>& context_stack() {
  thread_local std::vector<std::uint64_t> stack;
  return stack;
}

settings environment_settings() {
  settings s;
  s.devices = static_cast<int>(
      std::min<std::uint64_t>(number_from("FAKE_CUDA_DEVICES", 1), memory_map::most_devices));
  s.capability = static_cast<int>(number_from("FAKE_CUDA_CAPABILITY", 90));
  s.driver_version = static_cast<int>(number_from("FAKE_CUDA_DRIVER", 13000));
  s.multiprocessors = static_cast<int>(number_from("FAKE_CUDA_MULTIPROCESSORS", 3));
  s.memory = std::min(number_from("FAKE_CUDA_MEMORY", s.memory), memory_map::window_bytes);
  s.seed = number_from("FAKE_CUDA_SEED", std::random_device{}());
  s.integrated = number_from("FAKE_CUDA_INTEGRATED", 0) != 0;
  const char* when = std::getenv("FAKE_CUDA_ORDER");
  if (when != nullptr && std::strcmp(when, "late") == 0) s.when = order::late;
  if (when != nullptr && std::strcmp(when, "early") == 0) s.when = order::early;
  return s;
}

static world*& world_pointer() {
  static world* w = nullptr;
  return w;
}
world& the_world() {
  world*& w = world_pointer();
  if (w == nullptr) w = new world(environment_settings());
  return *w;
}
void replace_world(const settings* s) {
  world*& w = world_pointer();
  const std::uint64_t handles = w != nullptr ? w->handles : 0;
  delete w;
  w = new world(s != nullptr ? *s : environment_settings());
  if (handles != 0) w->handles = handles;  // what died with the old world stays dead
}

world::world(const settings& s) : set(s), schedule(s.when, s.seed, memory) {
  for (int i = 0; i < s.devices; ++i) {
    devices.emplace_back();
    devices.back().ordinal = i;
  }
  schedule.broke = [this](std::uint64_t serial, CUresult why) { break_context(serial, why); };
}

world::~world() {
  for (auto& [handle, m] : modules.all())
    if (m.library != nullptr) dlclose(m.library);
}

std::uint64_t world::in_use() const {
  std::uint64_t sum = 0;
  for (const auto& [at, b] : memory.blocks()) sum += b->bytes;
  return sum;
}

context* world::make_primary(device_state& d) {
  const std::uint64_t handle = new_handle();
  context& c = contexts.add(handle);
  c.serial = handle;
  c.device = d.ordinal;
  c.null_stream = schedule.open(handle, true, true);
  d.primary = handle;
  return &c;
}

void world::unload(std::uint64_t handle) {
  module* const m = modules.find(handle);
  for (const std::uint64_t f : m->functions) functions.remove(f);
  dlclose(m->library);
  modules.remove(handle);
}

// Whatever still lives in it is taken away and counted.
void world::destroy(context* c) {
  const std::uint64_t serial = c->serial;
  device_state& d = devices[static_cast<std::size_t>(c->device)];
  if (c->broken == CUDA_SUCCESS) schedule.run_all();
  schedule.drop(serial);
  std::vector<std::uint64_t> gone;
  for (const auto& [h, s] : streams.all())
    if (s->context == serial) gone.push_back(h);
  for (const std::uint64_t h : gone) {
    schedule.close(*streams.find(h));
    streams.remove(h);
  }
  leaked += gone.size();
  gone.clear();
  for (const auto& [h, e] : events.all())
    if (e.context == serial) gone.push_back(h);
  for (const std::uint64_t h : gone) events.remove(h);
  leaked += gone.size();
  gone.clear();
  for (const auto& [h, m] : modules.all())
    if (m.context == serial) gone.push_back(h);
  for (const std::uint64_t h : gone) unload(h);
  leaked += gone.size();
  std::vector<memory_block*> blocks;
  for (const auto& [at, b] : memory.blocks())
    if (b->context == serial) blocks.push_back(b.get());
  for (memory_block* b : blocks) {
    if (b->freed.number == 0) ++leaked;
    memory.remove(b);
  }
  d.used = d.pool_used = d.pool_reserved = 0;
  d.primary = 0;
  schedule.close(c->null_stream);
  contexts.remove(serial);
}

void world::break_context(std::uint64_t serial, CUresult why) {
  context* const c = contexts.find(serial);
  if (c == nullptr || c->broken != CUDA_SUCCESS) return;
  c->broken = why;
  schedule.drop(serial);
  world_changed().notify_all();
}

CUresult world::bad_handle(const char* call, const char* kind, std::uint64_t handle) {
  misuse(std::string(call) + ": " +
         (handle == 0            ? "a null handle"
          : was_a_handle(handle) ? "a dead or foreign handle"
                                 : "not a handle") +
         " in place of " + kind);
  return CUDA_ERROR_INVALID_HANDLE;
}

work_ptr world::put(stream& s, std::function<CUresult()> run, std::vector<address> uses,
                    std::vector<work_ptr> after) {
  auto w = std::make_shared<work>();
  w->run = std::move(run);
  w->uses = std::move(uses);
  w->after = std::move(after);
  if (next_work) {
    if (next_work->what == effect::late_error) w->breaks = static_cast<CUresult>(next_work->code);
    if (next_work->what == effect::late) w->late = next_work->queries;
    if (next_work->what == effect::hang) w->hangs = true;
    next_work.reset();
  }
  schedule.put(s, w);
  if (set.when == order::early) schedule.run_all();
  return w;
}

void world::check_use(const char* call, const memory_block& b, const known_past& past) {
  if (b.born.number != 0 && !past.has(b.born))
    misuse(std::string(call) +
           ": stream-ordered memory is used by work that is not ordered after its allocation");
  if (b.freed.number != 0)
    misuse(std::string(call) + (past.has(b.freed) ? ": memory is used after it was freed in this order"
                                                  : ": memory is used by work that races with its release"));
}

CUresult world::wait_for(std::unique_lock<std::mutex>& lock, context* c, const work_ptr& w) {
  const std::uint64_t serial = c->serial;
  while (w != nullptr && !schedule.run_until(w)) world_changed().wait(lock);
  context* const still = contexts.find(serial);
  if (still == nullptr) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  if (still->broken == CUDA_SUCCESS) {
    device_state& d = devices[static_cast<std::size_t>(still->device)];
    trim(d, d.threshold);
  }
  return still->broken;
}

void world::trim(device_state& d, std::uint64_t keep) {
  if (d.pool_reserved > keep) d.pool_reserved = std::max(keep, d.pool_used);
}

entry::entry(const char* name, needs n, frees f, std::uint64_t bytes)
    : lock(world_lock()), w(the_world()), name_(name) {
  if (shut_down) {
    stopped_ = true;
    code_ = CUDA_ERROR_DEINITIALIZED;
    return;
  }
  const std::optional<fault> met = w.plan.meet(name, bytes != 0 ? w.in_use() + bytes : 0);
  if (n != needs::nothing && !w.initialised) {
    stopped_ = true;
    code_ = misused(CUDA_ERROR_NOT_INITIALIZED, "called before cuInit");
    return;
  }
  if (n == needs::context) {
    const std::vector<std::uint64_t>& stack = context_stack();
    c = stack.empty() ? nullptr : w.contexts.find(stack.back());
    if (c == nullptr) {
      stopped_ = true;
      code_ = misused(stack.empty() ? CUDA_ERROR_INVALID_CONTEXT : CUDA_ERROR_CONTEXT_IS_DESTROYED,
                      stack.empty() ? "no context is current" : "the current context was destroyed");
      return;
    }
  }
  if (met) meet(*met);
  if (c != nullptr && code_ == CUDA_SUCCESS) {
    w.schedule.drift();
    if (c->broken != CUDA_SUCCESS) {
      code_ = c->broken;
      w.note_loss();
    }
  }
  if (code_ != CUDA_SUCCESS && f == frees::nothing) stopped_ = true;
}

void entry::meet(const fault& f) {
  const auto code = static_cast<CUresult>(f.code);
  switch (f.what) {
    case effect::code:
      code_ = code;
      break;
    case effect::sticky:
      code_ = code;
      if (c == nullptr) break;  // nothing to break
      w.note_loss();
      w.break_context(c->serial, code);
      break;
    case effect::gone:
      code_ = code;
      for (device_state& d : w.devices) {
        if (c != nullptr && d.ordinal != c->device) continue;
        d.gone = code;
        if (d.primary == 0) continue;
        w.note_loss();
        w.break_context(d.primary, code);
      }
      break;
    default:
      w.next_work = f;
  }
}

CUresult entry::result(CUresult own) {
  if (c != nullptr && own != CUDA_SUCCESS && own == c->broken) w.note_loss();
  return code_ != CUDA_SUCCESS ? code_ : own;
}

CUresult entry::misused(CUresult own, const std::string& what) {
  w.misuse(std::string(name_) + ": " + what);
  return result(own);
}

stream* entry::find_stream(CUstream h, CUresult& bad) {
  if (h == nullptr || h == CU_STREAM_LEGACY) return c->null_stream;
  stream** const s = w.streams.find(number_of(h));
  if (s == nullptr) {
    bad = w.bad_handle(name_, "a stream", number_of(h));
    return nullptr;
  }
  if ((*s)->context != c->serial) {
    w.misuse(std::string(name_) + ": a stream of another context than the current one");
    bad = CUDA_ERROR_INVALID_HANDLE;
    return nullptr;
  }
  return *s;
}

}  // namespace fake_cuda
