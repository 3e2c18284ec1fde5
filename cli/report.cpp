// One translation unit knows nlohmann-json.
#include "report.hpp"

#include <nlohmann/json.hpp>

#include <busfare/config.hpp>

namespace busfare::cli {
namespace {

using json = nlohmann::ordered_json;

template <class T> json optional(const std::optional<T>& v) { return v ? json(*v) : json(nullptr); }

json row_of(const bench::row& r) {
  json j;
  j["op"] = r.op;
  j["type"] = name_of(r.type);
  j["size"] = r.size;
  j["device"] = r.device;
  j["math"] = name_of(r.math);
  j["threads"] = optional(r.threads);
  j["simulated"] = r.simulated;
  j["build_s"] = optional(r.build_s);
  j["cold_s"] = optional(r.cold_s);
  j["warm_s"] = optional(r.warm_s);
  j["resident_s"] = optional(r.resident_s);
  j["upload_s"] = optional(r.upload_s);
  j["download_s"] = optional(r.download_s);
  j["overhead_s"] = optional(r.overhead_s);
  j["bytes_up"] = optional(r.bytes_up);
  j["bytes_down"] = optional(r.bytes_down);
  j["gb_per_s"] = optional(r.gb_per_s);
  j["gflop_per_s"] = optional(r.gflop_per_s);
  j["limit_fraction"] = optional(r.limit_fraction);
  j["predicted_s"] = optional(r.predicted_s);
  j["prediction_error"] = optional(r.prediction_error);
  j["max_ulp"] = optional(r.max_ulp);
  j["verified"] = r.verified;
  j["speedup_vs_1_thread"] = optional(r.speedup_vs_1_thread);
  j["warm_samples_s"] = r.warm_samples_s;
  j["resident_samples_s"] = r.resident_samples_s;
  if (!r.error.empty()) j["error"] = r.error;
  return j;
}

std::string text_of(const json& j) {
  // Messages of drivers may be no UTF-8: replaced, not thrown at the user.
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

void add_machine(json& j) {
  const machine_facts m = this_machine();
  j["machine"] = {{"cpu", m.cpu}, {"threads", m.threads}, {"memory_bytes", m.memory_bytes}, {"os", m.os}};
  j["version"] = BUSFARE_VERSION;
  j["commit"] = commit_of_build();
  j["date"] = date_now();
}

std::string quoted(std::string s) {
  if (s.find_first_of(",\"\n\r") == std::string::npos) return s;
  for (std::size_t at = 0; (at = s.find('"', at)) != std::string::npos; at += 2) s.insert(at, 1, '"');
  return '"' + s + '"';
}

// null is an empty cell; a list is its values between spaces.
std::string cell_of(const json& v) {
  if (v.is_null()) return "";
  if (v.is_string()) return quoted(v.get<std::string>());
  if (!v.is_array()) return v.dump();
  std::string s;
  for (const json& each : v) s += (s.empty() ? "" : " ") + each.dump();
  return s;
}

}  // namespace

std::string json_of(const bench_report& report) {
  json j;
  j["rows"] = json::array();
  for (const bench::row& each : report.rows) j["rows"].push_back(row_of(each));
  j["crossovers"] = json::array();
  for (const bench::crossover& c : report.crossovers) {
    j["crossovers"].push_back({{"op", c.op},
                               {"type", name_of(c.type)},
                               {"device", c.device},
                               {"cold_n", optional(c.cold_n)},
                               {"resident_n", optional(c.resident_n)}});
  }
  add_machine(j);
  return text_of(j);
}

std::string csv_of(const bench_report& report) {
  std::string header, lines;
  json names = row_of(bench::row{});
  names["error"] = "";
  for (const auto& each : names.items()) header += (header.empty() ? "" : ",") + each.key();
  for (const bench::row& r : report.rows) {
    json row = row_of(r);
    if (r.error.empty()) row["error"] = nullptr;
    std::string line;
    bool first = true;
    for (const auto& each : row.items()) {
      line += (first ? "" : ",") + cell_of(each.value());
      first = false;
    }
    lines += line + "\n";
  }
  return header + "\n" + lines;
}

std::string json_of(const plan& p, const std::string& op, std::uint64_t size) {
  const auto fare_of = [](const fare& f) {
    return json{{"build_s", f.build},       {"upload_s", f.upload},     {"kernel_s", f.kernel},
                {"download_s", f.download}, {"overhead_s", f.overhead}, {"total_s", f.total()}};
  };
  json j;
  j["op"] = op;
  j["size"] = size;
  j["device"] = p.device;
  j["reason"] = p.reason;
  j["simulated"] = p.simulated;
  j["predicted"] = fare_of(p.predicted);
  j["steps"] = json::array();
  for (const plan_step& s : p.steps) {
    j["steps"].push_back({{"what", s.what},
                          {"device", s.device},
                          {"elements", s.elements},
                          {"flops", s.flops},
                          {"bytes", s.bytes},
                          {"predicted_s", s.predicted_seconds},
                          {"build", std::string(s.build == build_kind::none     ? "none"
                                                : s.build == build_kind::cached ? "cached"
                                                                                : "full")},
                          {"basis", s.basis}});
  }
  j["transfers"] = json::array();
  for (const transfer& t : p.transfers) {
    j["transfers"].push_back({{"direction", name_of(t.direction)},
                              {"device", t.device},
                              {"bytes", t.bytes},
                              {"avoided", t.avoided},
                              {"cause", t.cause},
                              {"predicted_s", t.predicted_seconds},
                              {"submit_s", t.submit_seconds}});
  }
  j["candidates"] = json::array();
  for (const candidate& c : p.candidates) {
    j["candidates"].push_back({{"device", c.device},
                               {"eligible", c.eligible},
                               {"note", c.note},
                               {"predicted", fare_of(c.predicted)}});
  }
  j["notes"] = p.notes;
  add_machine(j);
  return text_of(j);
}

}  // namespace busfare::cli
