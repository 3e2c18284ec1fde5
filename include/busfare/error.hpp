// The one exception type of the library. Header-only, so that a module throws the very type that core
// catches.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <busfare/config.hpp>
#include <busfare/source_line.hpp>

namespace busfare {

/// What went wrong, in classes that ask for different reactions.
enum class error_class : unsigned char {
  invalid_argument,  ///< the caller's mistake: extents, types, names, ranges
  unavailable,       ///< a device or module that is not here; the message holds the reason and the remedy
  out_of_memory,     ///< host or device memory; clean replicas were dropped already
  kernel_build,      ///< a device compiler refused a kernel; source and log attached
  transient,         ///< worth retrying
  timeout,           ///< a deadline passed
  device_lost,       ///< the device takes no more calls
  corrupt,           ///< data that fails its checksum or its schema
  io,                ///< a file could not be read or written
  cancelled,         ///< the caller asked to stop
  internal,          ///< a defect of this library
};

/// The class's name as it stands in the enumeration, e.g. "invalid_argument". Never null.
constexpr const char* name_of(error_class c) noexcept {
  constexpr const char* names[] = {"invalid_argument", "unavailable", "out_of_memory",
                                   "kernel_build",     "transient",   "timeout",
                                   "device_lost",      "corrupt",     "io",
                                   "cancelled",        "internal"};
  return names[static_cast<unsigned char>(c)];
}

/// Untrusted text as messages quote it: at most `most` bytes, "..." where it was cut, and question marks for
/// control characters, which a terminal would obey.
inline std::string printable(std::string_view text, std::size_t most = 64) {
  std::string s(text.substr(0, most));
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text.size() > most ? s + "..." : s;
}

/// Thrown by everything that can fail. The runtime stays usable afterwards.
/// `what()` is one text: class, message, device, recording line, native code, hint; each part only where
/// known.
class BUSFARE_API error : public std::runtime_error {
 public:
  struct details {
    std::string device;       ///< "cpu", "opencl:0"; empty where no device was involved
    source_line line{};       ///< the recorded node; line 0 where there is none
    long native_code = 0;     ///< the vendor's code; 0 where there is none
    std::string native_call;  ///< the vendor call that failed, e.g. "clCreateBuffer"
    std::string hint;         ///< what to do about it
    std::string source;       ///< generated source (kernel_build)
    std::string log;          ///< compiler log (kernel_build)
  };

  error(error_class kind, const std::string& message) : error(kind, message, source_line{}) {}
  error(error_class kind, const std::string& message, source_line line)
      : error(kind, message, details{"", line, 0, "", "", "", ""}) {}
  error(error_class kind, const std::string& message, details d)
      : std::runtime_error(text(kind, message, d)), kind_(kind), message_(message), details_(std::move(d)) {}

  [[nodiscard]] error_class kind() const noexcept { return kind_; }
  /// The message alone, without the details that `what()` appends.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const details& where() const noexcept { return details_; }

 private:
  static std::string text(error_class kind, const std::string& message, const details& d) {
    std::string s = std::string(name_of(kind)) + ": " + message;
    if (!d.device.empty()) s += " [device " + d.device + "]";
    if (d.line.line != 0)
      s += " [recorded at " + std::string(d.line.file) + ":" + std::to_string(d.line.line) + "]";
    if (!d.native_call.empty())
      s += " [" + d.native_call + " returned " + std::to_string(d.native_code) + "]";
    if (!d.hint.empty()) s += "; " + d.hint;
    if (!d.log.empty()) s += "\n--- build log ---\n" + d.log;
    return s;
  }

  error_class kind_;
  std::string message_;
  details details_;
};

}  // namespace busfare
