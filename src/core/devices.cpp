// Finding modules, opening devices, and the services that modules get.
#include "core/devices.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <utility>

#include "core/builtin_modules.hpp"
#include "core/host_memory.hpp"
#include "core/kernel_cache.hpp"
#include "core/quick_run.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::core {
namespace {

constexpr std::size_t most_devices = 256;

struct note_store {
  std::mutex lock;
  std::vector<std::string> texts;
};
note_store& notes() {
  static auto* const store = new note_store;
  return *store;
}

// Relative to this library, or to the program where it is linked in.
std::filesystem::path own_folder() {
  Dl_info where{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &where) == 0 || where.dli_fname == nullptr)
    return {};
  std::error_code failed;
  std::filesystem::path self = std::filesystem::canonical(where.dli_fname, failed);
  if (failed) self = std::filesystem::canonical("/proc/self/exe", failed);
  return self.parent_path();
}

std::unique_ptr<backend::device> open_by_name(std::string_view name) {
  device_slot& slot = device_list::shared().find(name);
  return slot.from->open(services(), name);
}

}  // namespace

void note(std::string_view text) {
  std::scoped_lock hold(notes().lock);
  auto& texts = notes().texts;
  if (texts.size() < 256 && std::find(texts.begin(), texts.end(), text) == texts.end())
    texts.emplace_back(text);
}

std::vector<std::string> take_notes() {
  std::scoped_lock hold(notes().lock);
  return std::exchange(notes().texts, {});
}

std::recursive_mutex& run_lock() {
  static auto* const lock = new std::recursive_mutex;
  return *lock;
}

// Longer than any one launch should take; seconds in BUSFARE_WAIT, "off" for no end.
std::chrono::nanoseconds longest_wait() {
  constexpr std::chrono::seconds otherwise{1800};
  const char* const text = secure_getenv("BUSFARE_WAIT");
  if (text == nullptr || *text == 0) return otherwise;
  if (std::string_view(text) == "off") return std::chrono::nanoseconds{0};
  unsigned seconds = 0;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, seconds);
  if (read.ec == std::errc() && read.ptr == end && seconds > 0) return std::chrono::seconds{seconds};
  note("BUSFARE_WAIT is \"" + printable(text) +
       "\"; it is a number of seconds above 0 or off, so it is 1800");
  return otherwise;
}

const backend::services& services() {
  static const backend::services all = {
      [](std::size_t bytes) { return host_alloc(bytes); },
      [](void* memory) { host_free(memory); },
      [](std::string_view text) { note(text); },
      [](std::string_view key, std::vector<std::byte>& payload) {
        return kernel_cache::shared().get(key, payload);
      },
      [](std::string_view key, const std::byte* payload, std::size_t bytes) {
        kernel_cache::shared().put(key, payload, bytes);
      },
      [](void* context, void (*call)(void*, int), int n) {
        pool::thread_pool::shared().for_each_part(
            n, [&](std::int64_t part) { call(context, static_cast<int>(part)); });
      },
      &open_by_name,
      longest_wait()};
  return all;
}

void device_slot::keep_recent_kernels() {
  built.keep(kernel_limit, [this](const auto& old) {
    warmed.erase(old.first);
    forget_quick();
  });
  asked.keep(kernel_limit);
}

void keep_recent_kernels() {
  for (const auto& slot : device_list::shared().slots()) slot->keep_recent_kernels();
}

device_list& device_list::shared() {
  static auto* const list = new device_list;
  return *list;
}

device_list::device_list() {
  // Arrays that die on other threads look their device up without the run lock: the list never moves.
  slots_.reserve(most_devices);
  for (int i = 0; i < builtin_module_count; ++i) take(builtin_modules[i]());
  const std::filesystem::path own = own_folder();
  for (int i = 0; i < loaded_module_count; ++i) {
    const std::string name = loaded_module_names[i];
    std::string tried, failure;
    bool found = false;
    for (int f = 0; f < module_folder_count && !found; ++f) {
      const std::filesystem::path file = own / module_folders[f] / ("busfare_" + name + ".so");
      std::error_code failed;
      tried += (tried.empty() ? "" : ", ") + file.parent_path().lexically_normal().string();
      if (!std::filesystem::exists(file, failed)) continue;
      found = true;
      void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (handle == nullptr) {
        failure = dlerror();
        continue;
      }
      using entry = const backend::module* (*)();
      const auto get = reinterpret_cast<entry>(dlsym(handle, "busfare_module"));
      if (get == nullptr) {
        failure = file.string() + " exports no busfare_module";
        continue;
      }
      handles_.push_back(handle);
      take(get());
    }
    if (!found) failure = "busfare_" + name + ".so was not found in " + tried;
    if (!failure.empty())
      missing_.push_back(
          {name, failure, "install the module beside the library, or the driver that it needs"});
  }
  for (int i = 0; i < absent_module_count; ++i)
    missing_.push_back({absent_modules[i].name, absent_modules[i].reason, "build busfare with it"});
}

void device_list::take(const backend::module* m) {
  if (std::string_view(m->abi) != BUSFARE_ABI) {
    missing_.push_back(
        {m->name, std::string("it was built for \"") + m->abi + "\", this library is \"" BUSFARE_ABI "\"",
         "build the module with the compiler and standard library of busfare"});
    return;
  }
  const backend::probe_result found = m->probe(services());
  if (found.devices.empty()) missing_.push_back({m->name, found.unavailable, found.remedy});
  for (const backend::device_info& info : found.devices) {
    auto slot = std::make_unique<device_slot>();
    slot->info = info;
    slot->from = m;
    append(std::move(slot));
  }
}

device_slot& device_list::append(std::unique_ptr<device_slot> slot) {
  if (slots_.size() == most_devices)
    throw error(error_class::invalid_argument, "more than 256 devices in one process");
  slot->index = static_cast<int>(slots_.size());
  slots_.push_back(std::move(slot));
  return *slots_.back();
}

device_slot& device_list::host() {
  for (auto& slot : slots_) {
    if (slot->is_host()) return *slot;
  }
  for (const missing_module& m : missing_) {
    if (m.name == "cpu") throw error(error_class::invalid_argument, m.reason);
  }
  throw error(error_class::internal, "the cpu device is missing");
}

device_slot& device_list::find(std::string_view name) {
  for (auto& slot : slots_) {
    if (slot->info.name == name) return *slot;
  }
  const std::string_view stem = name.substr(0, name.find('?'));
  if (stem.size() != name.size()) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i]->info.name != stem || slots_[i]->from == nullptr) continue;
      auto slot = std::make_unique<device_slot>();
      slot->from = slots_[i]->from;
      slot->device = slot->from->open(services(), name);  // throws what the options deserve
      slot->info = slot->device->info();
      slot->info.name = name;
      return append(std::move(slot));
    }
  }
  error::details d;
  d.device = printable(name);
  std::string here;
  for (auto& slot : slots_) here += (here.empty() ? "" : ", ") + slot->info.name;
  std::string why = "there is no device \"" + printable(name) + "\" here";
  for (const missing_module& m : missing_) {
    if (stem.substr(0, stem.find(':')) == m.name) {
      why += ": " + m.reason;
      d.hint = m.remedy + "; ";
    }
  }
  d.hint += "devices here: " + here;
  throw error(error_class::unavailable, why, d);
}

device_slot& device_list::open(device_slot& slot) {
  if (!slot.device) {
    slot.device = slot.from->open(services(), slot.info.name);
    slot.info = slot.device->info();
  }
  if (!slot.compute) {
    slot.compute = slot.device->open(backend::engine::compute);
    slot.upload = slot.device->open(backend::engine::upload);
    slot.download = slot.device->open(backend::engine::download);
  }
  return slot;
}

device_slot& device_list::open_named(std::string_view name, const source_line& line) {
  try {
    return open(find(name));
  } catch (const error& e) {
    error::details d = e.where();
    d.line = line;
    throw error(e.kind(), e.message(), d);
  }
}

device_slot& device_list::add(std::unique_ptr<backend::device> device) {
  auto slot = std::make_unique<device_slot>();
  slot->info = device->info();
  for (auto& each : slots_) {
    if (each->info.name == slot->info.name)
      throw error(error_class::invalid_argument, "a device named \"" + slot->info.name + "\" exists");
  }
  slot->device = std::move(device);
  return append(std::move(slot));
}

void add_device(std::unique_ptr<backend::device> device) {
  std::scoped_lock hold(run_lock());
  device_list::shared().add(std::move(device));
}

void release_later(const replica& r, std::shared_ptr<const void> keep_alive) noexcept {
  // Reached only by arrays that were on a device, so the list exists. A push that fails leaks one block,
  // which is better than a destructor that throws.
  try {
    device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(r.device)];
    std::scoped_lock hold(slot.release_lock);
    slot.released.emplace_back(r, std::move(keep_alive));
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace busfare::core
