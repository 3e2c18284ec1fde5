// A fake NVRTC: CUDA text becomes a shared object of the host, its options are looked at, its calls can fail.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <nvrtc.h>

#include "fake_cuda/compiler.hpp"
#include "fake_cuda/container.hpp"
#include "fake_cuda/fault_plan.hpp"
#include "fake_cuda/kernels_of.hpp"
#include "fake_cuda/shim.hpp"

using namespace fake_cuda;

namespace {

struct program {
  std::string text, name, log;
  std::string cubin, ptx;
};

struct compiler_world {
  std::mutex lock;
  fault_plan plan;
  std::map<std::uint64_t, program> programs;
  std::uint64_t handles = 0x00fa0000abcd0000, compiled = 0, from_cache = 0, other_bits = 0;
  std::string options;
};
compiler_world& here() {
  static auto& w = *new compiler_world;
  return w;
}

/// One call: the lock, the log, the planned failure.
struct call {
  explicit call(const char* name) : lock(here().lock), w(here()) {
    if (const auto f = w.plan.meet(name, 0)) failed = static_cast<nvrtcResult>(f->code);
  }
  std::lock_guard<std::mutex> lock;
  compiler_world& w;
  nvrtcResult failed = NVRTC_SUCCESS;

  program* find(nvrtcProgram p) {
    const auto found = w.programs.find(reinterpret_cast<std::uint64_t>(p));
    if (found != w.programs.end()) return &found->second;
    w.plan.misuse(std::string(w.plan.call_name(w.plan.calls() - 1)) + ": a dead program or none");
    return nullptr;
  }
};

constexpr int architectures[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

struct chosen {
  int capability = 75;
  bool portable = true, fmad = true, exact = true, known = true;
  std::string unknown;
};

// What NVRTC does unless told: contraction on, exact division and square root, denormals kept.
chosen read_options(int n, const char* const* options) {
  chosen c;
  const auto value = [](const std::string& o) { return o.substr(o.find('=') + 1); };
  for (int i = 0; i < n; ++i) {
    const std::string o = options[i];
    if (o.starts_with("--gpu-architecture=") || o.starts_with("-arch=")) {
      const std::string a = value(o);
      const std::size_t line = a.find('_');
      c.portable = a.starts_with("compute_");
      c.capability = line != std::string::npos ? std::atoi(a.c_str() + line + 1) : 0;
      if (std::find(std::begin(architectures), std::end(architectures), c.capability) ==
          std::end(architectures))
        c.unknown = o;
    } else if (o == "--fmad=true" || o == "--fmad=false" || o == "-fmad=true" || o == "-fmad=false") {
      c.fmad = value(o) == "true";
    } else if (o == "--use_fast_math" || o == "-use_fast_math") {
      c.exact = false;
      c.fmad = true;
    } else if (o == "--prec-div=false" || o == "--prec-sqrt=false" || o == "--ftz=true" ||
               o == "-prec-div=false" || o == "-prec-sqrt=false" || o == "-ftz=true") {
      c.exact = false;
    } else if (o != "--prec-div=true" && o != "--prec-sqrt=true" && o != "--ftz=false" &&
               o != "-prec-div=true" && o != "-prec-sqrt=true" && o != "-ftz=false" &&
               !o.starts_with("--std=") && !o.starts_with("-std=") && o != "-default-device" &&
               o != "--device-as-default-execution-space" && o != "-lineinfo" &&
               o != "--generate-line-info" && o != "-w" && o != "--disable-warnings" && o != "--restrict" &&
               o != "-extra-device-vectorization" && !o.starts_with("--maxrregcount=") &&
               !o.starts_with("-D") && o != "--extra-device-vectorization") {
      c.unknown = o;
    }
  }
  return c;
}

std::string container(const chosen& c, bool portable, const std::vector<char>& object) {
  container_header h{};
  std::memcpy(h.magic, container_magic, sizeof h.magic);
  h.capability = c.capability;
  h.portable = portable ? 1 : 0;
  h.bytes = object.size();
  h.check = checksum_of(object.data(), object.size());
  std::string s(reinterpret_cast<const char*>(&h), sizeof h);
  s.append(object.begin(), object.end());
  return s;
}

nvrtcResult give(const std::string& from, char* to) {
  if (from.empty()) return NVRTC_ERROR_INVALID_PROGRAM;
  std::copy(from.begin(), from.end(), to);
  return NVRTC_SUCCESS;
}

constexpr compiler_control control = {
    [] {
      const std::lock_guard guard(here().lock);
      compiler_world& w = here();
      w.plan = fault_plan();
      w.programs.clear();
      w.compiled = w.from_cache = w.other_bits = 0;
      w.options.clear();
    },
    [](const fault* f) {
      const std::lock_guard guard(here().lock);
      here().plan.add(*f);
    },
    [] {
      const std::lock_guard guard(here().lock);
      here().plan.clear();
    },
    [] {
      const std::lock_guard guard(here().lock);
      return here().plan.calls();
    },
    [](std::uint64_t i) {
      const std::lock_guard guard(here().lock);
      return here().plan.call_name(i);
    },
    [] {
      const std::lock_guard guard(here().lock);
      return std::uint64_t{here().programs.size()};
    },
    [] {
      const std::lock_guard guard(here().lock);
      return here().plan.misuse_count();
    },
    [](std::uint64_t i) {
      const std::lock_guard guard(here().lock);
      return here().plan.misuse(i);
    },
    [] { return compiler_path().c_str(); },
    [] {
      const std::lock_guard guard(here().lock);
      return here().compiled;
    },
    [] {
      const std::lock_guard guard(here().lock);
      return here().from_cache;
    },
    [] {
      const std::lock_guard guard(here().lock);
      return here().other_bits;
    },
    [] {
      const std::lock_guard guard(here().lock);
      return here().options.c_str();
    },
};

}  // namespace

FAKE_EXPORT const compiler_control* fake_nvrtc_control() { return &control; }

FAKE_EXPORT nvrtcResult nvrtcVersion(int* major, int* minor) {
  const call c("nvrtcVersion");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  if (major == nullptr || minor == nullptr) return NVRTC_ERROR_INVALID_INPUT;
  *major = 13;
  *minor = 0;
  return NVRTC_SUCCESS;
}

FAKE_EXPORT const char* nvrtcGetErrorString(nvrtcResult r) {
  constexpr const char* names[] = {"NVRTC_SUCCESS",
                                   "NVRTC_ERROR_OUT_OF_MEMORY",
                                   "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
                                   "NVRTC_ERROR_INVALID_INPUT",
                                   "NVRTC_ERROR_INVALID_PROGRAM",
                                   "NVRTC_ERROR_INVALID_OPTION",
                                   "NVRTC_ERROR_COMPILATION",
                                   "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE"};
  if (r == NVRTC_ERROR_INTERNAL_ERROR) return "NVRTC_ERROR_INTERNAL_ERROR";
  return static_cast<std::size_t>(r) < std::size(names) ? names[r] : "NVRTC_ERROR unknown";
}

FAKE_EXPORT nvrtcResult nvrtcGetNumSupportedArchs(int* n) {
  const call c("nvrtcGetNumSupportedArchs");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  *n = static_cast<int>(std::size(architectures));
  return NVRTC_SUCCESS;
}

FAKE_EXPORT nvrtcResult nvrtcGetSupportedArchs(int* all) {
  const call c("nvrtcGetSupportedArchs");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  std::copy(std::begin(architectures), std::end(architectures), all);
  return NVRTC_SUCCESS;
}

FAKE_EXPORT nvrtcResult nvrtcCreateProgram(nvrtcProgram* out, const char* text, const char* name, int headers,
                                           const char* const*, const char* const*) {
  const call c("nvrtcCreateProgram");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  if (out == nullptr || text == nullptr || headers != 0) return NVRTC_ERROR_INVALID_INPUT;
  program& p = c.w.programs[++c.w.handles];
  p.text = text;
  p.name = name != nullptr ? name : "default_program";
  *out = reinterpret_cast<nvrtcProgram>(c.w.handles);
  return NVRTC_SUCCESS;
}

FAKE_EXPORT nvrtcResult nvrtcDestroyProgram(nvrtcProgram* p) {
  call c("nvrtcDestroyProgram");
  if (p == nullptr || c.find(*p) == nullptr) return NVRTC_ERROR_INVALID_PROGRAM;
  c.w.programs.erase(reinterpret_cast<std::uint64_t>(*p));
  *p = nullptr;
  return c.failed;
}

FAKE_EXPORT nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int n, const char* const* options) {
  call c("nvrtcCompileProgram");
  program* const p = c.find(handle);
  if (p == nullptr) return NVRTC_ERROR_INVALID_PROGRAM;
  if (c.failed != NVRTC_SUCCESS) {
    p->log = "a planned failure\n";
    return c.failed;
  }
  c.w.options.clear();
  for (int i = 0; i < n; ++i) c.w.options += (i > 0 ? " " : "") + std::string(options[i]);
  const chosen o = read_options(n, options);
  if (!o.unknown.empty()) {
    p->log = "nvrtc: error: invalid value for option or unknown option: " + o.unknown + "\n";
    return NVRTC_ERROR_INVALID_OPTION;
  }
  if (compiler_path().empty()) {
    p->log = "the fake NVRTC found no C++ compiler; set FAKE_CUDA_CXX\n";
    return NVRTC_ERROR_INTERNAL_ERROR;
  }
  const kernel_list kernels = kernels_of(p->text);
  std::string text = shim_before;
  for (int i = 0; i < n; ++i)  // definitions on the command line
    if (std::strncmp(options[i], "-D", 2) == 0) {
      std::string d = options[i] + 2;
      const std::size_t equals = d.find('=');
      text += "\n#define " + (equals == std::string::npos ? d + " 1" : d.replace(equals, 1, " "));
    }
  text += "\n#line 1 \"" + p->name + "\"\n" + p->text + shim_after(kernels.kernels, kernels.barriers);
  const compiled made = compile(text, p->name, o.fmad);
  p->log = made.log;
  if (!made.ok) return NVRTC_ERROR_COMPILATION;
  ++c.w.compiled;
  if (made.cached) ++c.w.from_cache;
  if (o.fmad || !o.exact) ++c.w.other_bits;
  p->cubin = o.portable ? "" : container(o, false, made.object);
  p->ptx = container(o, true, made.object);
  return NVRTC_SUCCESS;
}

FAKE_EXPORT nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram handle, std::size_t* size) {
  call c("nvrtcGetProgramLogSize");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  const program* const p = c.find(handle);
  if (p == nullptr) return NVRTC_ERROR_INVALID_PROGRAM;
  *size = p->log.size() + 1;
  return NVRTC_SUCCESS;
}

FAKE_EXPORT nvrtcResult nvrtcGetProgramLog(nvrtcProgram handle, char* log) {
  call c("nvrtcGetProgramLog");
  if (c.failed != NVRTC_SUCCESS) return c.failed;
  const program* const p = c.find(handle);
  if (p == nullptr) return NVRTC_ERROR_INVALID_PROGRAM;
  std::memcpy(log, p->log.c_str(), p->log.size() + 1);
  return NVRTC_SUCCESS;
}

#define FAKE_RESULT(what, member)                                                        \
  FAKE_EXPORT nvrtcResult nvrtcGet##what##Size(nvrtcProgram handle, std::size_t* size) { \
    call c("nvrtcGet" #what "Size");                                                     \
    if (c.failed != NVRTC_SUCCESS) return c.failed;                                      \
    const program* const p = c.find(handle);                                             \
    if (p == nullptr) return NVRTC_ERROR_INVALID_PROGRAM;                                \
    *size = p->member.size();                                                            \
    return NVRTC_SUCCESS;                                                                \
  }                                                                                      \
  FAKE_EXPORT nvrtcResult nvrtcGet##what(nvrtcProgram handle, char* to) {                \
    call c("nvrtcGet" #what);                                                            \
    if (c.failed != NVRTC_SUCCESS) return c.failed;                                      \
    const program* const p = c.find(handle);                                             \
    return p != nullptr ? give(p->member, to) : NVRTC_ERROR_INVALID_PROGRAM;             \
  }
FAKE_RESULT(CUBIN, cubin)
FAKE_RESULT(PTX, ptx)
