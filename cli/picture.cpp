// Reads a picture's file, and nothing that only looks like one.
#include "picture.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <busfare/error.hpp>

#include "exit_code.hpp"

namespace busfare::cli {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw failure(exit_failed, "cannot read " + printable(name, 200) + ": " + why);
}

struct descriptor {
  int fd;
  ~descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

std::vector<unsigned char> bytes_of_picture(const std::string& name) {
  // A pipe without a writer would block the open.
  const descriptor file{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat s {};
  if (file.fd < 0 || ::fstat(file.fd, &s) != 0) refuse(name, std::strerror(errno));
  if (S_ISDIR(s.st_mode)) refuse(name, "it is a folder; name the pictures in it");
  if (!S_ISREG(s.st_mode)) refuse(name, "it is no regular file");
  if (s.st_size == 0) refuse(name, "it is empty");
  if (s.st_size > most_file_bytes)
    refuse(name, "it has " + std::to_string(s.st_size) + " bytes, more than the 1 GiB of the largest file");
  std::vector<unsigned char> bytes(static_cast<std::size_t>(s.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::read(file.fd, bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse(name, std::strerror(errno));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  if (bytes.empty()) refuse(name, "it is empty");
  return bytes;
}

}  // namespace busfare::cli
