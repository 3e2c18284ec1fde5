// Temporary neighbour, fsync, rename.
#include "output_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "exit_code.hpp"

namespace busfare::cli {
namespace {

[[noreturn]] void fail(const std::string& name, int code) {
  throw failure(exit_failed, "cannot write " + name + ": " + std::strerror(code));
}

std::string neighbour_of(const std::string& name) { return name + ".part" + std::to_string(getpid()); }

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

output_file::output_file(std::string name) : name_(std::move(name)) {
  if (name_.empty()) return;
  // A link stays a link: its target is replaced. What the system offers as files (/dev/stdout) never is.
  if (name_.compare(0, 5, "/dev/") == 0 || name_.compare(0, 6, "/proc/") == 0) {
    in_place_ = true;
  } else if (char* real = ::realpath(name_.c_str(), nullptr)) {
    name_ = real;
    std::free(real);
  }
  struct stat s {};
  if (::stat(name_.c_str(), &s) == 0) {
    if (S_ISDIR(s.st_mode)) fail(name_, EISDIR);
    in_place_ = in_place_ || !S_ISREG(s.st_mode);
    if (::access(name_.c_str(), W_OK) != 0) fail(name_, errno);
  } else if (errno != ENOENT) {
    fail(name_, errno);
  }
  if (in_place_) return;
  // The folder takes the neighbour now, so it will take it later.
  const std::string neighbour = neighbour_of(name_);
  const int fd = ::open(neighbour.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) fail(name_, errno);
  ::close(fd);
  ::unlink(neighbour.c_str());
}

void output_file::write(std::string_view bytes) const {
  if (name_.empty()) return;
  const std::string target = in_place_ ? name_ : neighbour_of(name_);
  const int fd =
      ::open(target.c_str(),
             in_place_ ? O_WRONLY | O_APPEND | O_CLOEXEC : O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) fail(name_, errno);
  bool good = write_all(fd, bytes) && (in_place_ || ::fsync(fd) == 0);
  int code = errno;
  if (::close(fd) != 0 && good) {
    good = false;
    code = errno;
  }
  if (good && !in_place_ && ::rename(target.c_str(), name_.c_str()) != 0) {
    good = false;
    code = errno;
  }
  if (good) return;
  if (!in_place_) ::unlink(target.c_str());
  fail(name_, code);
}

}  // namespace busfare::cli
