// Built kernels of one device: in memory, then on disk, then by NVRTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <busfare/backend/module.hpp>

#include "cuda/memory.hpp"
#include "cuda/platform.hpp"

namespace busfare::cuda {

/// A module loaded into the context; unloads itself.
class loaded_code {
 public:
  loaded_code(const context& c, CUmodule owned) noexcept : context_(c), native_(owned) {}
  ~loaded_code();
  loaded_code(const loaded_code&) = delete;
  loaded_code& operator=(const loaded_code&) = delete;
  [[nodiscard]] CUmodule get() const noexcept { return native_; }

 private:
  const context& context_;
  CUmodule native_;
};

/// Used by one thread at a time. Builds block.
class program_cache {
 public:
  struct built {
    std::shared_ptr<const loaded_code> code;
    std::string log;
    bool from_cache = false;
  };

  program_cache(const context& c, memory& m, const nvrtc& compiler, const backend::services& core,
                const found_device& target);

  /// Throws kernel_build with source and log. A source that the compiler refused is remembered: asked for
  /// again, it throws the same without compiling.
  built get(std::string_view source, bool fast = false);

  /// The compiler's options, one a line, and its version: part of every key.
  [[nodiscard]] const std::string& recipe(bool fast = false) const noexcept {
    return fast ? fast_.text : exact_.text;
  }

  static constexpr std::size_t limit = 512;  ///< modules kept in memory

 private:
  struct entry {
    std::shared_ptr<const loaded_code> code;  // null: the compiler refused
    std::string log;
    std::list<const std::string*>::iterator used;
  };
  using image = std::vector<std::byte>;
  struct recipe_of {
    std::vector<std::string> options;
    std::string text;
  };

  std::shared_ptr<const loaded_code> load(const image& what, CUresult& code);
  image compile(std::string_view source, bool fast, std::string& log);
  [[noreturn]] void refuse(std::string_view source, const std::string& log, const char* message, long code,
                           const char* call) const;

  const context& context_;
  memory& memory_;
  const nvrtc& compiler_;
  backend::services core_;
  bool is_text_;
  recipe_of exact_, fast_;  // fast_: for requests that are `fast`
  std::unordered_map<std::string, entry> entries_;
  std::list<const std::string*> order_;  // keys of entries_, last used first
};

}  // namespace busfare::cuda
