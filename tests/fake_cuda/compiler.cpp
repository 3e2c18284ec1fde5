// Starting the compiler, and the folder of what it made before.
#include "fake_cuda/compiler.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fake_cuda/container.hpp"
#include "fake_cuda/shim.hpp"

extern char** environ;

namespace fake_cuda {

namespace {

bool can_run(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

std::string in_path(const std::string& name) {
  if (name.empty()) return "";
  if (name.find('/') != std::string::npos) return can_run(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string file = rest.substr(0, end) + "/" + name;
    if (can_run(file)) return file;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return "";
}

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

std::string find_compiler() {
  for (const std::string& name :
       {environment("FAKE_CUDA_CXX"), environment("CXX"), std::string(FAKE_CUDA_COMPILER), std::string("g++"),
        std::string("clang++"), std::string("c++")}) {
    const std::string found = in_path(name);
    if (!found.empty()) return found;
  }
  return "";
}

std::string read_all(const std::string& path) {
  std::string all;
  if (std::FILE* f = std::fopen(path.c_str(), "rb")) {
    char part[65536];
    for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, f)) > 0;) all.append(part, n);
    std::fclose(f);
  }
  return all;
}

bool write_all(const std::string& path, const std::string& bytes) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  if (f == nullptr) return false;
  const bool ok = std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size();
  return std::fclose(f) == 0 && ok;
}

void make_folders(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    mkdir(path.substr(0, at).c_str(), 0700);
    if (at == std::string::npos) return;
  }
}

int start_and_wait(const std::vector<std::string>& words, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Lines that speak of the shim are left out.
std::string readable(const std::string& said, const std::string& file, const std::string& name) {
  std::string log;
  for (std::size_t at = 0; at < said.size();) {
    std::size_t end = said.find('\n', at);
    if (end == std::string::npos) end = said.size();
    std::string line = said.substr(at, end - at);
    for (std::size_t k = 0; (k = line.find(file, k)) != std::string::npos; k += name.size())
      line.replace(k, file.size(), name);
    if (!line.empty()) log += line + "\n";
    at = end + 1;
  }
  return log;
}

}  // namespace

const std::string& compiler_path() {
  static const auto& path = *new std::string(find_compiler());
  return path;
}

compiled compile(const std::string& text, const std::string& name, bool contract) {
  std::vector<std::string> words{compiler_path(),
                                 "-x",
                                 "c++",
                                 "-std=c++17",
                                 "-O1",
                                 "-fPIC",
                                 "-shared",
                                 "-nostdlib",
                                 "-w",
                                 "-fvisibility=hidden",
                                 "-fno-exceptions",
                                 "-fno-rtti",
                                 "-fno-strict-aliasing",
                                 "-fno-stack-protector",
                                 "-fno-fast-math",
                                 "-fno-math-errno",
                                 "-ffp-contract=" + std::string(contract ? "fast" : "off")};
#if defined(__x86_64__)
  // A device has the instruction; without it here, fma is exact all the same, but slow, and nothing is
  // contracted.
  if (__builtin_cpu_supports("fma")) words.emplace_back("-mfma");
#endif
  // g++ fuses at -O1 only with this.
  if (contract) words.emplace_back("-fexpensive-optimizations");
  std::string key = text;
  for (const std::string& w : words) key += "\n" + w;
  struct stat s = {};
  stat(words[0].c_str(), &s);
  key += "\n" + std::to_string(s.st_size) + " " + std::to_string(s.st_mtime);
  const XXH128_hash_t h = XXH3_128bits(key.data(), key.size());
  char hash[64];
  std::snprintf(hash, sizeof hash, "%016llx%016llx", static_cast<unsigned long long>(h.high64),
                static_cast<unsigned long long>(h.low64));
  std::string folder = environment("FAKE_CUDA_CACHE");
  if (folder.empty()) folder = FAKE_CUDA_CACHE;
  make_folders(folder);
  const std::string kept = folder + "/" + hash + ".so";

  compiled c;
  std::string object = read_all(kept);
  if (!object.empty()) {
    c.cached = c.ok = true;
  } else {
    static unsigned serial = 0;
    const std::string own =
        folder + "/" + hash + "." + std::to_string(getpid()) + "." + std::to_string(++serial);
    const std::string source = own + ".cu", made = own + ".tmp", said = own + ".log";
    if (!write_all(source, text)) {
      c.log = "cannot write " + source;
      return c;
    }
    for (const char* w : {"-o", made.c_str(), source.c_str()}) words.emplace_back(w);
    const int status = start_and_wait(words, said);
    c.log = readable(read_all(said), source, name);
    object = read_all(made);
    c.ok = status == 0 && !object.empty();
    unlink(source.c_str());
    unlink(said.c_str());
    if (!c.ok || rename(made.c_str(), kept.c_str()) != 0) unlink(made.c_str());
  }
  c.object.assign(object.begin(), object.end());
  return c;
}

}  // namespace fake_cuda
