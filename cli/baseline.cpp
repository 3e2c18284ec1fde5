// Reads an earlier result with nlohmann-json, compares, and prints: see baseline.hpp.
#include "baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "exit_code.hpp"
#include "machine.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

using nlohmann::json;

constexpr std::streamoff most_bytes = std::streamoff{64} << 20;
constexpr std::size_t most_samples = 1000, most_text = 100;

std::string key_of(const std::string& op, const std::string& type, std::uint64_t size,
                   const std::string& device, const std::string& math) {
  return op + '|' + type + '|' + std::to_string(size) + '|' + device + '|' + math;
}

std::string key_of(const bench::row& r) {
  return key_of(r.op, name_of(r.type), r.size, r.device, name_of(r.math));
}

std::string printable(std::string text) {
  if (text.size() > most_text) text = text.substr(0, most_text) + "...";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

[[noreturn]] void fail(const std::string& file, const std::string& why) {
  throw failure(exit_failed, file + " " + why + "; --compare takes what busfare bench --json wrote");
}

std::string contents_of(const std::string& file) {
  std::error_code ignored;  // opening says what is wrong
  if (std::filesystem::is_directory(file, ignored)) fail(file, "is a folder");
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) fail(file, "cannot be read");
  const std::streamoff bytes = in.tellg();
  if (bytes < 0) fail(file, "cannot be read");
  if (bytes > most_bytes) fail(file, "has more than 64 MiB");
  in.seekg(0);
  std::string text(static_cast<std::size_t>(bytes), '\0');
  if (!in.read(text.data(), bytes)) fail(file, "cannot be read");
  return text;
}

std::vector<double> samples_of(const json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || !found->is_array() || found->size() > most_samples)
    throw std::runtime_error(std::string(name) + " is no list of at most 1000 times");
  std::vector<double> samples;
  for (const json& each : *found) {
    const double x = each.is_number() ? each.get<double>() : 0;
    if (!(x > 0) || !std::isfinite(x)) throw std::runtime_error(std::string(name) + " holds what is no time");
    samples.push_back(x);
  }
  return samples;
}

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    throw std::runtime_error(std::string(name) + " is no text");
  return found->get<std::string>();
}

std::string percent_of(double ratio) { return percent_text(ratio - 1, true); }

}  // namespace

baseline::baseline(const std::string& file) : file_(file) {
  const std::string text = contents_of(file);
  const json root = json::parse(text, nullptr, false);
  if (root.is_discarded()) fail(file, "is no JSON");
  std::size_t at = 0;
  try {
    if (!root.is_object() || !root.contains("rows") || !root["rows"].is_array())
      throw std::runtime_error("it has no rows");
    commit_ = printable(text_in(root, "commit"));
    date_ = printable(text_in(root, "date"));
    const json& machine = root.at("machine");
    cpu_ = printable(text_in(machine, "cpu"));
    threads_ = machine.at("threads").get<int>();
    for (const json& row : root["rows"]) {
      ++at;
      const json& size = row.at("size");
      if (!size.is_number_unsigned()) throw std::runtime_error("size is no number of elements");
      const std::string key = key_of(text_in(row, "op"), text_in(row, "type"), size.get<std::uint64_t>(),
                                     text_in(row, "device"), text_in(row, "math"));
      times t{row.at("simulated").get<bool>(), samples_of(row, "warm_samples_s"),
              samples_of(row, "resident_samples_s")};
      if (!rows_.emplace(key, std::move(t)).second) throw std::runtime_error("it is there twice");
    }
  } catch (const std::exception& e) {
    fail(file, (at > 0 ? "is not understood, row " + std::to_string(at) + ": " : "is not understood: ") +
                   printable(e.what()));
  }
}

void baseline::add(const baseline& other) {
  if (other.commit_ != commit_ || other.cpu_ != cpu_ || other.threads_ != threads_)
    throw failure(exit_failed, other.file_ + " is of another commit or machine than " + file_ +
                                   "; --compare takes one run, or several of one build on one machine");
  for (const auto& [key, theirs] : other.rows_) {
    const auto [at, fresh] = rows_.try_emplace(key, theirs);
    if (fresh) continue;
    for (const auto what : {&times::warm, &times::resident}) {
      std::vector<double>& mine = at->second.*what;
      const std::vector<double>& more = theirs.*what;
      if (!theirs.simulated && !mine.empty() && !more.empty()) {
        const double ratio = bench::compare(mine, more, false).ratio;
        differences_.push_back(std::max(ratio, 1 / ratio) - 1);
      }
      mine.insert(mine.end(), more.begin(), more.end());
      if (mine.size() > most_samples) mine.resize(most_samples);
    }
  }
  file_ += ", " + other.file_;
}

double baseline::spread() const {
  if (differences_.empty()) return 0;
  std::vector<double> sorted = differences_;
  std::sort(sorted.begin(), sorted.end());
  return std::max(bench::least_change, sorted[sorted.size() * 19 / 20]);
}

std::vector<change> baseline::changes_to(const std::vector<bench::row>& rows, std::size_t& missing) const {
  std::vector<change> changes;
  std::set<std::string> met;
  const double least = std::max(bench::least_change, spread());
  for (const bench::row& r : rows) {
    const auto then = rows_.find(key_of(r));
    if (then == rows_.end()) continue;
    met.insert(then->first);
    for (const bool warm : {true, false}) {
      const std::vector<double>& before = warm ? then->second.warm : then->second.resident;
      const std::vector<double>& now = warm ? r.warm_samples_s : r.resident_samples_s;
      if (before.empty() && now.empty()) continue;
      change c{r.op, r.type, r.size, r.device, r.math, r.simulated, warm ? "warm" : "resident", {}, {}};
      c.times = bench::compare(before, now, r.simulated, r.simulated ? bench::least_change : least);
      if (before.empty() || now.empty()) {
        c.reason = before.empty() ? "not measured then" : "not measured now";
      } else if (c.times.found == bench::verdict::unclear) {
        c.reason = "too few samples: " + std::to_string(before.size()) + " and " + std::to_string(now.size());
      }
      changes.push_back(std::move(c));
    }
  }
  missing = rows_.size() - met.size();
  return changes;
}

std::string text_of(const std::vector<change>& changes, std::size_t missing, const baseline& since,
                    bool color) {
  using bench::verdict;
  const table lines({{"op", 14, true},
                     {"type", 4, true},
                     {"n", 11},
                     {"device", 14, true},
                     {"time", 8, true},
                     {"before", 8},
                     {"now", 8},
                     {"change", 7},
                     {"chance", 8},
                     {"since then", 10, true}},
                    color);
  std::string text = "\nSince " + since.file() + " (" + since.commit() + ", " + since.date() + ")\n";
  const machine_facts here = this_machine();
  if (since.cpu() != here.cpu || since.threads() != here.threads)
    text += "  Another machine (" + since.cpu() + ", " + std::to_string(since.threads()) +
            " threads): this compares machines, not commits\n";
  text += lines.header() + "\n";
  std::array<std::size_t, 4> counts{};
  for (const change& c : changes) {
    ++counts[static_cast<std::size_t>(c.times.found)];
    const bool told = c.reason.empty();
    std::vector<paint> paints(10, paint::none);
    paints.back() = c.times.found == verdict::slower   ? paint::red
                    : c.times.found == verdict::faster ? paint::green
                                                       : paint::dim;
    const auto seconds = [](double s) { return seconds_text(s > 0 ? std::optional(s) : std::nullopt); };
    text +=
        lines.line({c.op, name_of(c.type), std::to_string(c.size), c.device, c.what, seconds(c.times.before),
                    seconds(c.times.now), c.times.now > 0 ? percent_of(c.times.ratio) : "-",
                    told && !c.simulated ? number_text(c.times.p) : "-",
                    name_of(c.times.found) + (told ? "" : " (" + c.reason + ")")},
                   paints) +
        "\n";
  }
  const auto counted = [&](verdict v) {
    return std::to_string(counts[static_cast<std::size_t>(v)]) + " " + bench::name_of(v);
  };
  text += "  " + counted(verdict::faster) + ", " + counted(verdict::slower) + ", " + counted(verdict::same) +
          ", " + counted(verdict::unclear);
  if (missing > 0) text += "; " + std::to_string(missing) + " rows of the file were not measured now";
  text +=
      "\n  change: the middle quotient of all pairs of samples; chance: how often the noise within a run "
      "does as "
      "much (Mann and Whitney's rank test)\n  faster and slower: a chance of 1 % or less, and a change of ";
  if (since.spread() > 0) {
    text += percent_text(since.spread(), false) +
            " or more, since 19 of 20 times of the earlier runs differ by less\n";
  } else {
    text +=
        "5 % or more. One earlier run does not tell how far two runs of one build lie apart\n  on this "
        "machine; "
        "with several of them (--compare A,B), what they differ by is not told\n";
  }
  return text;
}

}  // namespace busfare::cli
