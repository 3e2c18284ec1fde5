// Rows as JSON, and the file that holds them.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "contest.hpp"

namespace busfare::peers {

inline nlohmann::ordered_json json_of(const row& r) {
  nlohmann::ordered_json j;
  j["op"] = r.op;
  j["type"] = r.type;
  j["size"] = r.size;
  j["device"] = r.device;
  j["peer"] = r.peer;
  j["peer_s"] = r.peer_s;
  j["ours_s"] = r.ours_s;
  j["ratio"] = r.ratio;
  j["ratio_low"] = r.ratio_low;
  j["ratio_high"] = r.ratio_high;
  if (r.limit_fraction > 0)
    j["limit_fraction"] = r.limit_fraction;
  else
    j["limit_fraction"] = nullptr;
  j["others_cores"] = r.disturbed;
  j["agrees"] = r.agrees;
  return j;
}

/// False where the file cannot be written.
inline bool write_rows(const std::string& file, const nlohmann::ordered_json& rows) {
  std::ofstream out(file);
  out << nlohmann::ordered_json{{"rows", rows}}.dump(1) << '\n';
  return static_cast<bool>(out.flush());
}

}  // namespace busfare::peers
