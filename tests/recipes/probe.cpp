// Loads a backend's module as the library does, and prints what it says. Usage: probe FILE NAME
#include <cstdio>
#include <cstring>
#include <dlfcn.h>

#include <busfare/backend/module.hpp>
#include <busfare/error.hpp>

int main(int argc, char** argv) {
  using namespace busfare;
  if (argc != 3) return 2;
  void* const file = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (file == nullptr) {
    std::printf("%s\n", dlerror());
    return 1;
  }
  using entry = const backend::module* (*)();
  const auto find = reinterpret_cast<entry>(dlsym(file, "busfare_module"));
  if (find == nullptr) {
    std::printf("no busfare_module\n");
    return 1;
  }
  const backend::module* m = find();
  if (std::strcmp(m->abi, BUSFARE_ABI) != 0 || std::strcmp(m->name, argv[2]) != 0) {
    std::printf("abi %s, name %s\n", m->abi, m->name);
    return 1;
  }
  const backend::services core{};
  const backend::probe_result found = m->probe(core);
  try {
    m->open(core, std::string(argv[2]) + ":0");
    std::printf("a device was opened\n");
    return 1;
  } catch (const error& e) {
    if (e.kind() != error_class::unavailable || e.message() != found.unavailable) return 1;
  }
  std::printf("%s: unavailable: %s; %s\n", m->name, found.unavailable.c_str(), found.remedy.c_str());
}
