// posix_spawn of /proc/self/exe with a changed environment, its stdout read through a pipe.
#include "child.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <busfare/error.hpp>

extern char** environ;

namespace busfare::cli {
namespace {

using variables = std::map<std::string, std::string>;

[[noreturn]] void fail(const std::string& what) { throw error(error_class::io, what); }

// A private folder that goes with its holder.
class temporary_folder {
 public:
  temporary_folder() {
    std::error_code failed;
    const auto base = std::filesystem::temp_directory_path(failed);
    path_ = (failed ? std::filesystem::path("/tmp") : base) / "busfare-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr)
      fail("cannot make a folder " + path_ + ": " + std::strerror(errno));
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// Everything that the child printed on stdout. Its stderr is dropped: drivers talk there.
std::string output_of(const std::vector<std::string>& arguments, const variables& changes) {
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    if (changes.find(text.substr(0, text.find('='))) == changes.end()) environment.push_back(text);
  }
  for (const auto& [name, value] : changes) environment.push_back(name + "=" + value);
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> p;
    for (const std::string& each : texts) p.push_back(const_cast<char*>(each.c_str()));
    p.push_back(nullptr);
    return p;
  };

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(std::string("no pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t child = 0;
  const int code = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, pointers(arguments).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    fail(std::string("cannot start the program again: ") + std::strerror(code));
  }
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail("the fresh process for " + arguments[1] + " ended with " +
         (WIFEXITED(status) ? "code " + std::to_string(WEXITSTATUS(status))
                            : "signal " + std::to_string(WTERMSIG(status))));
  }
  return out;
}

// Where the library and the drivers keep what they built.
variables caches_in(const std::string& own, const std::string& drivers) {
  return {{"BUSFARE_CACHE", own},
          {"XDG_CACHE_HOME", drivers + "/xdg"},
          {"POCL_CACHE_DIR", drivers + "/pocl"},
          {"CUDA_CACHE_PATH", drivers + "/cuda"}};
}

std::string label_of(const bench::operation& op) { return op.name + ":" + name_of(op.type); }

const bench::operation& operation_called(const std::string& label) {
  const auto found = bench::find_operations(label);
  if (found.size() != 1) throw error(error_class::invalid_argument, "no operation '" + label + "'");
  return *found.front();
}

}  // namespace

// One folder per device with nothing but its calibration.
struct cold_starter::insides {
  std::map<std::string, temporary_folder> calibrated;
};

cold_starter::cold_starter() : insides_(std::make_unique<insides>()) {}
cold_starter::~cold_starter() = default;

bench::cold_times cold_starter::operator()(const bench::operation& op, std::uint64_t size,
                                           const std::string& device, math m) {
  const auto [known, is_new] = insides_->calibrated.try_emplace(device);
  const std::string& calibration = known->second.path();
  const temporary_folder drivers;
  if (is_new) {
    (void)output_of({"busfare", "devices", "--device", device},
                    caches_in(calibration + "/busfare", drivers.path() + "/0"));
  }
  const temporary_folder own;
  std::error_code failed;
  std::filesystem::copy(calibration, own.path(), std::filesystem::copy_options::recursive, failed);
  const std::string out =
      output_of({"busfare", "bench-cold", label_of(op), std::to_string(size), device, name_of(m)},
                caches_in(own.path() + "/busfare", drivers.path() + "/1"));
  bench::cold_times t;
  std::istringstream in(out);
  if (!(in >> t.cold >> t.build)) fail("the fresh process for bench-cold printed no times");
  return t;
}

std::map<std::uint64_t, double> one_thread_in_child(const bench::operation& op,
                                                    const std::vector<std::uint64_t>& sizes, math m) {
  std::vector<std::string> arguments = {"busfare", "bench-one-thread", label_of(op), name_of(m)};
  for (const std::uint64_t size : sizes) arguments.push_back(std::to_string(size));
  std::istringstream in(output_of(arguments, {{"BUSFARE_THREADS", "1"}}));
  std::map<std::uint64_t, double> seconds;
  std::uint64_t size = 0;
  double s = 0;
  while (in >> size >> s) seconds[size] = s;
  return seconds;
}

int run_bench_cold(const std::string& op, std::uint64_t size, const std::string& device, math m) {
  const bench::cold_times t = bench::measure_cold(operation_called(op), size, device, m);
  std::printf("%.9g %.9g\n", t.cold, t.build);
  return 0;
}

int run_bench_one_thread(const std::string& op, const std::vector<std::uint64_t>& sizes, math m) {
  for (const std::uint64_t size : sizes) {
    try {
      std::printf("%llu %.9g\n", static_cast<unsigned long long>(size),
                  bench::measure_warm_cpu(operation_called(op), size, 0.08, m));
    } catch (const error&) {
      // A size that does not fit is missing from the output.
    }
  }
  return 0;
}

}  // namespace busfare::cli
