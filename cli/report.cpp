// One unit writes with nlohmann-json, and one, baseline.cpp, reads.
#include "report.hpp"

#include <cmath>
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

// A NaN, an infinity or the sign of a zero where it does not belong has no distance: null.
json row_of(const accuracy::outcome& o) {
  json j;
  const bool distance = o.judged() && o.seen.tried > 0 && std::isfinite(o.seen.worst_ulp);
  j["op"] = o.op;
  j["type"] = name_of(o.type);
  j["device"] = o.device;
  j["math"] = name_of(o.math);
  j["simulated"] = o.simulated;
  j["reference"] = o.reference;
  j["exhaustive"] = o.exhaustive;
  j["partial"] = o.partial;
  j["tried"] = o.seen.tried;
  j["worst_ulp"] = distance ? json(o.seen.worst_ulp) : json(nullptr);
  j["bound"] = o.bound;
  j["above_bound"] = o.seen.above;
  j["where"] = o.seen.worst.inputs;
  j["where_decimal"] = o.seen.worst.inputs_decimal;
  j["got"] = o.seen.worst.got;
  j["wanted"] = o.seen.worst.wanted;
  j["same_bits_promised"] = o.same_bits;
  j["compared_bits"] = o.seen.compared;
  j["different"] = o.seen.different;
  j["different_where"] = o.seen.first_difference.inputs;
  j["different_got"] = o.seen.first_difference.got;
  j["different_wanted"] = o.seen.first_difference.wanted;
  j["seconds"] = o.exhaustive ? json(o.seconds) : json(nullptr);
  j["result"] = accuracy::name_of(o.end());
  j["reason"] = o.reason;
  return j;
}

json row_of(const change& c) {
  json j;
  j["op"] = c.op;
  j["type"] = name_of(c.type);
  j["size"] = c.size;
  j["device"] = c.device;
  j["math"] = name_of(c.math);
  j["time"] = c.what;
  const bool both = c.times.before > 0 && c.times.now > 0;
  j["before_s"] = c.times.before > 0 ? json(c.times.before) : json(nullptr);
  j["now_s"] = c.times.now > 0 ? json(c.times.now) : json(nullptr);
  j["ratio"] = both ? json(c.times.ratio) : json(nullptr);
  j["p"] = both && !c.simulated ? json(c.times.p) : json(nullptr);
  j["verdict"] = bench::name_of(c.times.found);
  if (!c.reason.empty()) j["reason"] = c.reason;
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
  for (const json& each : v)
    s += (s.empty() ? "" : " ") + (each.is_string() ? each.get<std::string>() : each.dump());
  return s;
}

std::string csv_text(const json& names, const std::vector<json>& rows) {
  std::string header, lines;
  for (const auto& each : names.items()) header += (header.empty() ? "" : ",") + each.key();
  for (const json& row : rows) {
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
  if (report.since != nullptr) {
    j["compared"] = {{"file", report.since->file()},
                     {"commit", report.since->commit()},
                     {"date", report.since->date()},
                     {"cpu", report.since->cpu()},
                     {"rows", json::array()}};
    for (const change& c : report.changes) j["compared"]["rows"].push_back(row_of(c));
  }
  add_machine(j);
  return text_of(j);
}

std::string csv_of(const bench_report& report) {
  json names = row_of(bench::row{});
  names["error"] = "";
  std::vector<json> rows;
  for (const bench::row& r : report.rows) {
    rows.push_back(row_of(r));
    if (r.error.empty()) rows.back()["error"] = nullptr;
  }
  return csv_text(names, rows);
}

std::string json_of(const accuracy_report& report) {
  json j;
  j["rows"] = json::array();
  for (const accuracy::outcome& each : report.rows) j["rows"].push_back(row_of(each));
  j["seed"] = report.seed;
  j["partial"] = report.partial;
  add_machine(j);
  return text_of(j);
}

std::string csv_of(const accuracy_report& report) {
  std::vector<json> rows;
  for (const accuracy::outcome& each : report.rows) rows.push_back(row_of(each));
  return csv_text(row_of(accuracy::outcome{}), rows);
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
