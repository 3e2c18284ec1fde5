// Built programs of one device: in memory, then on disk, then by the driver's compiler.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include <busfare/backend/module.hpp>

#include "opencl/check.hpp"

namespace busfare::opencl {

/// Used by one thread at a time. Builds block.
class program_cache {
 public:
  struct built {
    program_handle program;
    std::string log;
    bool from_cache = false;
  };

  /// What the driver's compiler is given for a text, and for one whose request is `fast`.
  struct recipes {
    std::string exact, fast;
  };

  /// `fingerprint` and the options are part of every key. `driver_keeps`: the driver has a cache of its own
  /// on disk, and ours keeps no binaries but only what was built, which says that building it again is quick.
  program_cache(const wall& w, const backend::services& core, cl_context context, cl_device_id device,
                std::string fingerprint, recipes options, bool driver_keeps);

  /// Throws kernel_build with source and log. A refused source is remembered: asked for again, it throws the
  /// same without compiling.
  built get(std::string_view source, bool fast = false);
  /// Whether `get` would find a program in memory or on disk. Reads the disk.
  [[nodiscard]] bool holds(std::string_view source, bool fast = false) const;

  /// What the driver's compiler is given.
  [[nodiscard]] const std::string& options(bool fast = false) const noexcept {
    return fast ? options_.fast : options_.exact;
  }
  /// Times that the compiler was given source text.
  [[nodiscard]] std::uint64_t compiled() const noexcept { return compiled_; }

  static constexpr std::size_t limit = 512;  ///< programs kept in memory

 private:
  struct entry {
    program_handle program;  ///< empty: the build failed
    std::string log;
    std::list<const std::string*>::iterator used;
  };

  [[nodiscard]] std::string key_of(std::string_view source, bool fast) const;
  program_handle from_binary(const std::vector<std::byte>& binary, bool fast);
  entry from_source(std::string_view source, bool fast);
  void store(const std::string& key, cl_program program);
  std::string log_of(cl_program program) const;
  [[noreturn]] void refuse(std::string_view source, const std::string& log) const;

  const wall& wall_;
  backend::services core_;
  cl_context context_;
  cl_device_id device_;
  std::string fingerprint_;
  recipes options_;
  bool driver_keeps_;
  std::uint64_t compiled_ = 0;
  std::unordered_map<std::string, entry> entries_;
  std::list<const std::string*> order_;  // keys of entries_, last used first
};

}  // namespace busfare::opencl
