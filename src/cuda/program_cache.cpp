// Compiling, keeping and loading of kernels.
#include "cuda/program_cache.hpp"

namespace busfare::cuda {

namespace {

constexpr std::size_t log_limit = std::size_t{64} << 10, image_limit = std::size_t{256} << 20;
constexpr const char* compile_call = "nvrtcCompileProgram";

// Owns a program of NVRTC, which is source text and what became of it.
class nvrtc_program {
 public:
  explicit nvrtc_program(const nvrtc& n) : nvrtc_(n) {}
  ~nvrtc_program() {
    if (native != nullptr) nvrtc_.nvrtcDestroyProgram(&native);
  }
  nvrtc_program(const nvrtc_program&) = delete;
  nvrtc_program& operator=(const nvrtc_program&) = delete;
  nvrtcProgram native = nullptr;

 private:
  const nvrtc& nvrtc_;
};

}  // namespace

loaded_code::~loaded_code() {
  if (const current here(context_, std::nothrow); here)
    context_.errors().quietly(context_.calls().cuModuleUnload(native_), "cuModuleUnload");
}

program_cache::program_cache(const context& c, memory& m, const nvrtc& compiler,
                             const backend::services& core, const found_device& target)
    : context_(c), memory_(m), compiler_(compiler), core_(core), is_text_(target.is_text) {
  // One rounding per operation, as on every other device; denormals are kept in both.
  exact_.options = {"--fmad=false", "--prec-div=true", "--prec-sqrt=true"};
  fast_.options = {"--fmad=true", "--prec-div=false", "--prec-sqrt=false"};
  for (recipe_of* r : {&exact_, &fast_}) {
    r->options.insert(r->options.begin(), "--gpu-architecture=" + target.architecture);
    r->options.insert(r->options.end(), {"--ftz=false", "-std=c++17"});
    r->text = "cuda\nnvrtc " + std::to_string(compiler.major) + "." + std::to_string(compiler.minor) + "\n";
    for (const std::string& o : r->options) r->text += o + "\n";
  }
}

void program_cache::refuse(std::string_view source, const std::string& log, const char* message, long code,
                           const char* call) const {
  error::details d;
  d.device = context_.errors().device();
  d.source = std::string(source);
  d.log = log;
  d.native_code = code;
  d.native_call = call;
  throw error(error_class::kernel_build, message, std::move(d));
}

// Null where the driver does not take the image; `code` says why.
std::shared_ptr<const loaded_code> program_cache::load(const image& what, CUresult& code) {
  const current here(context_);
  CUmodule native = nullptr;
  code = memory_.with_relief([&] { return context_.calls().cuModuleLoadData(&native, what.data()); });
  if (code == CUDA_SUCCESS) return std::make_shared<loaded_code>(context_, native);
  if (class_of(code) != error_class::kernel_build)
    context_.errors().check(code, "cuModuleLoadData", std::uint64_t{what.size()});
  return nullptr;
}

// Empty where the compiler refuses the text.
program_cache::image program_cache::compile(std::string_view source, bool fast, std::string& log) {
  const wall& w = context_.errors();
  const auto check = [&](nvrtcResult code, const char* call) {
    if (code == NVRTC_SUCCESS) return;
    error::details d;
    d.device = w.device();
    d.source = std::string(source);
    d.log = log;
    d.native_code = code;
    d.native_call = call;
    const char* words = compiler_.nvrtcGetErrorString(code);
    error_class kind = error_class::kernel_build;
    if (code == NVRTC_ERROR_OUT_OF_MEMORY) kind = error_class::out_of_memory;
    if (code == NVRTC_ERROR_BUILTIN_OPERATION_FAILURE) {
      kind = error_class::unavailable;
      d.hint = "install libnvrtc-builtins of the same version beside libnvrtc";
    }
    throw error(kind, std::string(call) + " failed with " + (words != nullptr ? words : "an unknown code"),
                std::move(d));
  };
  nvrtc_program p(compiler_);
  const std::string text(source);
  check(compiler_.nvrtcCreateProgram(&p.native, text.c_str(), "kernel.cu", 0, nullptr, nullptr),
        "nvrtcCreateProgram");
  std::vector<const char*> options;
  for (const std::string& o : (fast ? fast_ : exact_).options) options.push_back(o.c_str());
  const nvrtcResult verdict =
      compiler_.nvrtcCompileProgram(p.native, static_cast<int>(options.size()), options.data());
  std::size_t bytes = 0;
  if (compiler_.nvrtcGetProgramLogSize(p.native, &bytes) == NVRTC_SUCCESS && bytes > 1 &&
      bytes <= image_limit) {
    log.resize(bytes);
    if (compiler_.nvrtcGetProgramLog(p.native, log.data()) != NVRTC_SUCCESS) log.clear();
    if (const std::size_t end = log.find('\0'); end != std::string::npos) log.resize(end);
    if (log.size() > log_limit) log = log.substr(0, log_limit) + "\n(cut)";
  }
  if (verdict == NVRTC_ERROR_COMPILATION) return {};
  check(verdict, compile_call);
  bytes = 0;
  check(
      is_text_ ? compiler_.nvrtcGetPTXSize(p.native, &bytes) : compiler_.nvrtcGetCUBINSize(p.native, &bytes),
      is_text_ ? "nvrtcGetPTXSize" : "nvrtcGetCUBINSize");
  if (bytes == 0 || bytes > image_limit)
    w.refuse(error_class::internal, "NVRTC made a kernel of " + std::to_string(bytes) + " bytes");
  image made(bytes);
  char* const to = reinterpret_cast<char*>(made.data());
  check(is_text_ ? compiler_.nvrtcGetPTX(p.native, to) : compiler_.nvrtcGetCUBIN(p.native, to),
        is_text_ ? "nvrtcGetPTX" : "nvrtcGetCUBIN");
  return made;
}

program_cache::built program_cache::get(std::string_view source, bool fast) {
  context_.errors().require_alive();
  if (source.empty()) refuse(source, "", "the kernel has no source", 0, "");
  const std::string key = recipe(fast) + std::string(source);
  constexpr const char* refused = "NVRTC refused a kernel";
  if (const auto found = entries_.find(key); found != entries_.end()) {
    order_.splice(order_.begin(), order_, found->second.used);
    if (!found->second.code)
      refuse(source, found->second.log, refused, NVRTC_ERROR_COMPILATION, compile_call);
    return {found->second.code, found->second.log, true};
  }

  entry fresh;
  bool from_cache = false;
  CUresult code = CUDA_SUCCESS;
  // The driver trusts what it is given: the end of text that it would read as a string is made sure of.
  if (image kept; core_.cache_get != nullptr && core_.cache_get(key, kept) && !kept.empty() &&
                  (!is_text_ || kept.back() == std::byte{0})) {
    fresh.code = load(kept, code);  // an image that the driver no longer takes is built again and replaced
    from_cache = fresh.code != nullptr;
  }
  if (!from_cache) {
    const image made = compile(source, fast, fresh.log);
    if (!made.empty()) {
      fresh.code = load(made, code);
      if (!fresh.code)
        refuse(source, fresh.log,
               ("the driver refused a compiled kernel: " + words_for(&context_.calls(), code)).c_str(), code,
               "cuModuleLoadData");
      if (core_.cache_put != nullptr) core_.cache_put(key, made.data(), made.size());
    }
  }

  if (entries_.size() >= limit) {
    const auto oldest = entries_.find(*order_.back());
    order_.pop_back();
    entries_.erase(oldest);
  }
  const auto [at, inserted] = entries_.emplace(key, std::move(fresh));
  static_cast<void>(inserted);
  order_.push_front(&at->first);
  at->second.used = order_.begin();
  if (!at->second.code) refuse(source, at->second.log, refused, NVRTC_ERROR_COMPILATION, compile_call);
  return {at->second.code, at->second.log, from_cache};
}

}  // namespace busfare::cuda
