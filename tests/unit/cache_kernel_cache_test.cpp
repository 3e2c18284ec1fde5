// The kernel cache in folders that somebody tampered with.
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "core/kernel_cache.hpp"
#include "core/safe_directory.hpp"

namespace {

namespace fs = std::filesystem;
using busfare::core::kernel_cache;

using bytes = std::vector<std::byte>;

bytes payload_of(const std::string& text) {
  bytes b;
  for (const char c : text) b.push_back(static_cast<std::byte>(c));
  return b;
}

std::string read_all(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_all(const fs::path& p, const std::string& content) {
  std::ofstream(p, std::ios::binary | std::ios::trunc) << content;
  fs::permissions(p, fs::perms::owner_read | fs::perms::owner_write);
}

class kernel_cache_on_disk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "busfare-cache-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    folder = root / "kernels";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(folder, fs::perms::owner_all, ignored);
    fs::remove_all(root, ignored);
  }
  fs::path entry(const std::string& key) const { return folder / kernel_cache::file_name(key); }
  void put(const std::string& key, const std::string& value) const {
    kernel_cache c(folder);
    const bytes b = payload_of(value);
    c.put(key, b.data(), b.size());
    ASSERT_EQ(c.stats().written, 1u);
  }
  fs::path root, folder;
};

TEST_F(kernel_cache_on_disk, keeps_and_gives_back) {
  kernel_cache c(folder);
  bytes out;
  EXPECT_FALSE(c.get("key", out));
  const bytes value = payload_of("value"), empty;
  c.put("key", value.data(), value.size());
  c.put("nothing", empty.data(), 0);
  EXPECT_TRUE(c.get("key", out));
  EXPECT_EQ(out, value);
  EXPECT_TRUE(c.get("nothing", out));
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(c.get("kez", out));
  kernel_cache other(folder);
  EXPECT_TRUE(other.get("key", out));
  EXPECT_EQ(c.stats().hits, 2u);
  EXPECT_EQ(c.stats().misses, 2u);
  EXPECT_EQ(c.stats().written, 2u);
  EXPECT_EQ(c.stats().rejected, 0u);
  EXPECT_TRUE(c.notes().empty());
  EXPECT_EQ(c.directory(), folder.string());
  struct stat s {};
  ASSERT_EQ(::stat(folder.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(entry("key").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600u);
}

TEST_F(kernel_cache_on_disk, a_bit_flip_anywhere_is_a_miss_and_the_entry_goes) {
  put("key of the entry", "payload");
  const std::string good = read_all(entry("key of the entry"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    write_all(entry("key of the entry"), bad);
    kernel_cache c(folder);
    bytes out;
    EXPECT_FALSE(c.get("key of the entry", out)) << i;
    EXPECT_TRUE(out.empty());
    EXPECT_EQ(c.stats().rejected, 1u);
    EXPECT_EQ(c.notes().size(), 1u);
    EXPECT_FALSE(fs::exists(entry("key of the entry"))) << i;
  }
}

TEST_F(kernel_cache_on_disk, a_cut_or_lengthened_entry_is_a_miss) {
  put("key", "payload");
  const std::string good = read_all(entry("key"));
  for (std::size_t n = 0; n < good.size(); ++n) {
    write_all(entry("key"), good.substr(0, n));
    kernel_cache c(folder);
    bytes out;
    EXPECT_FALSE(c.get("key", out)) << n;
    EXPECT_FALSE(fs::exists(entry("key")));
  }
  write_all(entry("key"), good + "x");
  kernel_cache c(folder);
  bytes out;
  EXPECT_FALSE(c.get("key", out));
  write_all(entry("key"), good);
  EXPECT_TRUE(c.get("key", out));
}

TEST_F(kernel_cache_on_disk, an_entry_of_another_key_or_version_is_a_miss) {
  put("one", "payload");
  fs::rename(entry("one"), entry("two"));
  kernel_cache c(folder);
  bytes out;
  EXPECT_FALSE(c.get("two", out));
  EXPECT_FALSE(fs::exists(entry("two")));
  for (const std::size_t at : {std::size_t{8}, std::size_t{12}}) {  // format, library
    put("one", "payload");
    std::string content = read_all(entry("one"));
    content[at] = static_cast<char>(content[at] + 1);
    write_all(entry("one"), content);
    EXPECT_FALSE(c.get("one", out));
    EXPECT_FALSE(fs::exists(entry("one")));
  }
}

TEST_F(kernel_cache_on_disk, links_fifos_folders_and_foreign_modes_are_not_read) {
  put("key", "payload");
  const std::string good = read_all(entry("key"));
  const fs::path elsewhere = root / "elsewhere";
  write_all(elsewhere, good);
  const auto refused = [&](const char* what) {
    kernel_cache c(folder);
    bytes out;
    EXPECT_FALSE(c.get("key", out)) << what;
    EXPECT_EQ(c.notes().size(), 1u) << what;
  };
  fs::remove(entry("key"));
  fs::create_symlink(elsewhere, entry("key"));
  refused("link");
  const bytes value = payload_of("new");
  kernel_cache writer(folder);
  writer.put("key", value.data(), value.size());  // replaces the link, not what it points to
  EXPECT_EQ(read_all(elsewhere), good);
  EXPECT_FALSE(fs::is_symlink(entry("key")));
  bytes out;
  EXPECT_TRUE(writer.get("key", out));

  ASSERT_EQ(::chmod(entry("key").c_str(), 0620), 0);
  refused("group-writable");
  ASSERT_EQ(::chmod(entry("key").c_str(), 0602), 0);
  refused("world-writable");
  fs::remove(entry("key"));
  ASSERT_EQ(::mkfifo(entry("key").c_str(), 0600), 0);
  refused("fifo");  // and does not hang
  fs::remove(entry("key"));
  ASSERT_EQ(::mkdir(entry("key").c_str(), 0700), 0);
  refused("folder");
  kernel_cache blocked(folder);
  blocked.put("key", value.data(), value.size());
  EXPECT_EQ(blocked.stats().written, 0u);
  EXPECT_EQ(blocked.notes().size(), 1u);
}

TEST_F(kernel_cache_on_disk, a_giant_entry_is_not_read) {
  put("key", "payload");
  ASSERT_EQ(::truncate(entry("key").c_str(), static_cast<off_t>(kernel_cache::entry_limit) + 1), 0);
  kernel_cache c(folder);
  bytes out;
  EXPECT_FALSE(c.get("key", out));
  EXPECT_EQ(c.stats().rejected, 1u);
}

TEST_F(kernel_cache_on_disk, an_unsafe_folder_turns_it_off_and_says_so_once) {
  const auto is_off = [&](const std::string& path, const char* what) {
    kernel_cache c(path);
    const bytes value = payload_of("x");
    c.put("key", value.data(), value.size());
    bytes out;
    EXPECT_FALSE(c.get("key", out)) << what;
    EXPECT_FALSE(c.get("key", out)) << what;
    EXPECT_EQ(c.stats().written, 0u) << what;
    EXPECT_EQ(c.notes().size(), 1u) << what;
    EXPECT_EQ(c.directory(), "") << what;
  };
  fs::create_directory(root / "real");
  ASSERT_EQ(::chmod((root / "real").c_str(), 0700), 0);
  fs::create_symlink(root / "real", folder);
  is_off(folder, "link");
  is_off(folder.string() + "/", "link with a slash");
  EXPECT_TRUE(fs::is_empty(root / "real"));
  fs::remove(folder);
  fs::create_directory(folder);
  for (const mode_t mode : {0770u, 0707u, 0777u, 01777u}) {
    ASSERT_EQ(::chmod(folder.c_str(), mode), 0);
    is_off(folder, "mode");
  }
  fs::remove(folder);
  write_all(folder, "a file");
  is_off(folder, "file");
  is_off("relative/path", "relative");
}

TEST_F(kernel_cache_on_disk, a_folder_that_cannot_be_written_still_reads) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes anywhere";
  put("key", "payload");
  ASSERT_EQ(::chmod(folder.c_str(), 0500), 0);
  kernel_cache c(folder);
  bytes out;
  EXPECT_TRUE(c.get("key", out));
  c.put("other", out.data(), out.size());
  c.put("other", out.data(), out.size());
  EXPECT_EQ(c.stats().written, 0u);
  EXPECT_GE(c.notes().size(), 1u);
}

TEST_F(kernel_cache_on_disk, least_recently_used_goes_first_and_foreign_files_stay) {
  const bytes value(1000);
  kernel_cache c(folder, 3500);
  c.put("a", value.data(), value.size());
  c.put("b", value.data(), value.size());
  c.put("c", value.data(), value.size());
  write_all(folder / "notes.txt", std::string(5000, 'x'));
  const auto age = [&](const char* key, int seconds) {
    fs::last_write_time(entry(key), fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
  };
  age("a", 300);
  age("b", 200);
  age("c", 100);
  bytes out;
  EXPECT_TRUE(c.get("a", out));  // used just now
  c.put("d", value.data(), value.size());
  EXPECT_TRUE(fs::exists(entry("a")));
  EXPECT_FALSE(fs::exists(entry("b")));
  EXPECT_TRUE(fs::exists(entry("c")));
  EXPECT_TRUE(fs::exists(entry("d")));
  EXPECT_TRUE(fs::exists(folder / "notes.txt"));
  age("c", -100000);  // a date in the future does not make it immortal
  c.put("e", value.data(), value.size());
  EXPECT_FALSE(fs::exists(entry("c")));
  const bytes big(4000);
  c.put("big", big.data(), big.size());  // more than the whole limit
  EXPECT_FALSE(fs::exists(entry("big")));
}

TEST_F(kernel_cache_on_disk, leftovers_of_killed_writers_are_swept) {
  put("key", "payload");
  const fs::path old = folder / (std::string(busfare::core::temporary_prefix) + "1-2-3"),
                 fresh = folder / (std::string(busfare::core::temporary_prefix) + "4-5-6");
  write_all(old, "half");
  write_all(fresh, "half");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  put("other", "payload");  // a new object sweeps at its first write
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST_F(kernel_cache_on_disk, writers_in_threads_and_processes_leave_whole_entries) {
  const auto hammer = [this](char seed) {
    kernel_cache c(folder);
    bool good = true;
    for (int i = 0; i < 30; ++i) {
      const bytes value(2000, static_cast<std::byte>(seed));
      c.put("key", value.data(), value.size());
      bytes out;
      if (c.get("key", out)) good = good && out == bytes(2000, out.front());
      good = good && out.size() == 2000;
    }
    return good && c.stats().rejected == 0;
  };
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(hammer('c') ? 0 : 1);
  bool first = false, second = false;
  std::thread one([&] { first = hammer('a'); }), two([&] { second = hammer('b'); });
  one.join();
  two.join();
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  for (const auto& item : fs::directory_iterator(folder))
    EXPECT_EQ(item.path(), entry("key"));  // no temporary file is left
}

class kernel_cache_by_environment : public kernel_cache_on_disk {
 protected:
  void SetUp() override {
    kernel_cache_on_disk::SetUp();
    for (const char* name : {"BUSFARE_CACHE", "XDG_CACHE_HOME", "HOME"})
      if (const char* v = std::getenv(name))
        kept.push_back({name, v});
      else
        kept.push_back({name, ""});
  }
  void TearDown() override {
    for (const auto& [name, value] : kept)
      if (value.empty())
        ::unsetenv(name.c_str());
      else
        ::setenv(name.c_str(), value.c_str(), 1);
    kernel_cache_on_disk::TearDown();
  }
  std::vector<std::pair<std::string, std::string>> kept;
};

TEST_F(kernel_cache_by_environment, names_the_folder) {
  ::unsetenv("BUSFARE_CACHE");
  ::setenv("XDG_CACHE_HOME", (root / "xdg").c_str(), 1);
  EXPECT_EQ(kernel_cache().directory(), (root / "xdg/busfare/kernels").string());
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", root.c_str(), 1);
  EXPECT_EQ(kernel_cache().directory(), (root / ".cache/busfare/kernels").string());
  ::setenv("BUSFARE_CACHE", folder.c_str(), 1);
  EXPECT_EQ(kernel_cache().directory(), folder.string());
}

TEST_F(kernel_cache_by_environment, off_read_only_and_nonsense) {
  ::setenv("XDG_CACHE_HOME", root.c_str(), 1);
  const bytes value = payload_of("x");
  bytes out;
  ::setenv("BUSFARE_CACHE", "off", 1);
  {
    kernel_cache c;
    c.put("key", value.data(), value.size());
    EXPECT_FALSE(c.get("key", out));
    EXPECT_TRUE(c.notes().empty());
    EXPECT_FALSE(fs::exists(root / "busfare"));
  }
  ::setenv("BUSFARE_CACHE", "ro", 1);
  {
    kernel_cache c;
    c.put("key", value.data(), value.size());
    EXPECT_FALSE(c.get("key", out));
    EXPECT_FALSE(fs::exists(root / "busfare"));  // creates nothing
  }
  ::unsetenv("BUSFARE_CACHE");
  kernel_cache().put("key", value.data(), value.size());
  ::setenv("BUSFARE_CACHE", "ro", 1);
  {
    kernel_cache c;
    EXPECT_TRUE(c.get("key", out));
    c.put("other", value.data(), value.size());
    EXPECT_EQ(c.stats().written, 0u);
    const fs::path at = root / "busfare/kernels" / kernel_cache::file_name("key");
    write_all(at, "damaged");
    EXPECT_FALSE(c.get("key", out));
    EXPECT_TRUE(fs::exists(at));  // read only means that nothing is removed either
  }
  ::setenv("BUSFARE_CACHE", "cache-in-the-current-folder", 1);
  {
    kernel_cache c;
    c.put("key", value.data(), value.size());
    EXPECT_EQ(c.directory(), "");
    EXPECT_EQ(c.notes().size(), 1u);
    EXPECT_FALSE(fs::exists("cache-in-the-current-folder"));
  }
}

}  // namespace
