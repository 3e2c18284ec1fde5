// Private folders and small files in them: openat, no links, owner and mode checked on the descriptor.
#include "core/safe_directory.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

namespace busfare::core {
namespace {

std::string because(const std::string& what, int code) {
  return what + ": " + std::generic_category().message(code);
}

// One path component, never one that leaves the folder.
bool plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos && name != "." && name != "..";
}

bool private_to_us(const struct stat& s) {
  return s.st_uid == ::geteuid() && (s.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

template <class Call> auto retry(Call call) {
  decltype(call()) r;
  do r = call();
  while (r < 0 && errno == EINTR);
  return r;
}

// Distinct in all threads and, with O_EXCL, in all processes.
std::string temporary_name() {
  static std::atomic<unsigned> counter{0};
  struct timespec now {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return temporary_prefix + std::to_string(::getpid()) + "-" + std::to_string(now.tv_nsec) + "-" +
         std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

void file_descriptor::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool privileges_are_raised() noexcept { return ::geteuid() != ::getuid() || ::getegid() != ::getgid(); }

std::string safe_environment(const char* name) {
  const char* value = ::secure_getenv(name);
  return value != nullptr ? std::string(value) : std::string();
}

std::string user_cache_directory() {
  if (privileges_are_raised()) return {};
  const std::string xdg = safe_environment("XDG_CACHE_HOME");
  if (!xdg.empty() && xdg.front() == '/') return xdg + "/busfare";
  const std::string home = safe_environment("HOME");
  if (!home.empty() && home.front() == '/') return home + "/.cache/busfare";
  return {};
}

file_descriptor open_private_directory(const std::string& path, bool create, std::string& why) {
  if (privileges_are_raised()) {
    why = "the process runs with raised privileges";
    return {};
  }
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) {
    why = "not an absolute path: '" + path + "'";
    return {};
  }
  file_descriptor at(retry([] { return ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!at) {
    why = because("/", errno);
    return {};
  }
  const std::size_t last = path.find_last_not_of('/');
  std::size_t begin = 0;
  while (begin <= last && last != std::string::npos) {
    if (path[begin] == '/') {
      ++begin;
      continue;
    }
    std::size_t end = path.find('/', begin);
    if (end == std::string::npos) end = path.size();
    const std::string name = path.substr(begin, end - begin);
    // Folders above may be links that the user made; the last one decides and must be the real thing.
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (end > last ? O_NOFOLLOW : 0);
    int next = retry([&] { return ::openat(at.get(), name.c_str(), flags); });
    if (next < 0 && errno == ENOENT && create) {
      if (::mkdirat(at.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
        why = because(path.substr(0, end), errno);
        return {};
      }
      next = retry([&] { return ::openat(at.get(), name.c_str(), flags); });
    }
    if (next < 0) {
      const int code = errno;
      why = code == ELOOP || (code == ENOTDIR && end > last) ? path + " is a link or not a folder"
                                                             : because(path.substr(0, end), code);
      return {};
    }
    at = file_descriptor(next);
    begin = end;
  }
  struct stat s {};
  if (::fstat(at.get(), &s) != 0) {
    why = because(path, errno);
    return {};
  }
  if (!S_ISDIR(s.st_mode) || !private_to_us(s)) {
    why = path + " is not a folder of this user that others cannot write to";
    return {};
  }
  return at;
}

read_status read_file_at(int directory, const std::string& name, std::uint64_t limit,
                         std::vector<std::byte>& out, std::string& why) {
  out.clear();
  if (!plain_name(name)) {
    why = "not a file name: '" + name + "'";
    return read_status::rejected;
  }
  // O_NONBLOCK: a FIFO in our place must not hang us.
  const file_descriptor file(retry([&] {
    return ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  }));
  if (!file) {
    const int code = errno;
    if (code == ENOENT) return read_status::absent;
    why = because(name, code);
    return code == ELOOP || code == ENXIO ? read_status::rejected : read_status::failed;
  }
  struct stat s {};
  if (::fstat(file.get(), &s) != 0) {
    why = because(name, errno);
    return read_status::failed;
  }
  if (!S_ISREG(s.st_mode) || !private_to_us(s)) {
    why = name + " is not a regular file of this user that others cannot write to";
    return read_status::rejected;
  }
  if (s.st_size < 0 || static_cast<std::uint64_t>(s.st_size) > limit) {
    why = name + " has " + std::to_string(s.st_size) + " bytes, more than " + std::to_string(limit);
    return read_status::rejected;
  }
  out.resize(static_cast<std::size_t>(s.st_size));
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = retry([&] { return ::read(file.get(), out.data() + have, out.size() - have); });
    if (n < 0) {
      why = because(name, errno);
      out.clear();
      return read_status::failed;
    }
    if (n == 0) break;  // cut short meanwhile: the content check of the caller decides
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return read_status::ok;
}

bool write_file_at(int directory, const std::string& name, std::span<const std::byte> bytes,
                   std::string& why) {
  if (!plain_name(name) || name.starts_with(temporary_prefix)) {
    why = "not a file name: '" + name + "'";
    return false;
  }
  const std::string temporary = temporary_name();
  file_descriptor file(retry([&] {
    return ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  }));
  if (!file) {
    why = because(temporary, errno);
    return false;
  }
  int code = 0;
  for (std::size_t done = 0; done < bytes.size() && code == 0;) {
    const ssize_t n = retry([&] { return ::write(file.get(), bytes.data() + done, bytes.size() - done); });
    if (n < 0)
      code = errno;
    else if (n == 0)
      code = ENOSPC;
    else
      done += static_cast<std::size_t>(n);
  }
  // Without the fsync a crash could leave the new name with none of the content.
  if (code == 0 && retry([&] { return ::fsync(file.get()); }) != 0) code = errno;
  file.close();
  if (code == 0 && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) code = errno;
  if (code == 0) return true;
  ::unlinkat(directory, temporary.c_str(), 0);
  why = because(name, code);
  return false;
}

bool remove_file_at(int directory, const std::string& name) noexcept {
  return plain_name(name) && ::unlinkat(directory, name.c_str(), 0) == 0;
}

}  // namespace busfare::core
