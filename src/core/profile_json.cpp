// A profile's JSON form: writing, and reading as untrusted input. See profile_store.hpp.
#include <busfare/error.hpp>

#include "core/json_writer.hpp"
#include "core/profile_store.hpp"
#include "core/strict_json.hpp"

namespace busfare::core {

namespace {

constexpr double most_seconds = 1e6;
constexpr double most_rate = 1e21;

std::string checksum_of(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325u;  // FNV-1a: finds accidents; the private folder keeps others out
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return "fnv1a64:" + std::to_string(h);
}

void write_link(json_writer& w, const link_curve& link) {
  w.begin_object();
  w.member("memory", link.memory).member("direction", name_of(link.way));
  w.member("provenance", name_of(link.source)).member("submit_seconds", link.submit_seconds);
  w.key("segments").begin_array();
  for (const segment& s : link.segments)
    w.begin_object()
        .member("max_bytes", s.max_bytes)
        .member("seconds", s.seconds)
        .member("seconds_per_byte", s.seconds_per_byte)
        .end_object();
  w.end_array().member("duplex_factor", link.duplex_factor);
  w.member("residual_q10", link.residual_q10);
  w.member("residual_q50", link.residual_q50);
  w.member("residual_q90", link.residual_q90).end_object();
}

void write_profile(json_writer& w, const device_profile& p) {
  w.begin_object();
  w.member("device", p.device).member("description", p.description).member("fingerprint", p.fingerprint);
  w.member("capacity_bytes", p.capacity_bytes).member("when", p.when).member("library", p.library);
  w.key("links").begin_array();
  for (const link_curve& link : p.links) write_link(w, link);
  w.end_array().key("rates").begin_object();
  const device_rates& r = p.rates;
  w.member("provenance", name_of(r.source)).member("launch_seconds", r.launch_seconds);
  w.member("run_seconds", r.run_seconds).member("submit_seconds", r.submit_seconds);
  w.member("build_seconds", r.build_seconds);
  w.member("cached_build_seconds", r.cached_build_seconds);
  w.member("build_seconds_per_operation", r.build_seconds_per_operation);
  w.member("bytes_per_second", r.bytes_per_second);
  w.member("flops_per_second_f32", r.flops_per_second_f32);
  w.member("flops_per_second_f64", r.flops_per_second_f64);
  w.member("divisions_per_second_f32", r.divisions_per_second_f32);
  w.member("divisions_per_second_f64", r.divisions_per_second_f64).end_object();
  w.key("sources").begin_array();
  for (const number_source& s : p.sources)
    w.begin_object()
        .member("number", s.number)
        .member("provenance", name_of(s.source))
        .member("source", s.text)
        .end_object();
  w.end_array().end_object();
}

std::string canonical(const device_profile& p) {
  json_writer w(0);
  write_profile(w, p);
  return w.text();
}

provenance read_provenance(json_reader& r) {
  const std::string text = r.text("provenance");
  for (const provenance p :
       {provenance::measured, provenance::shipped, provenance::datasheet, provenance::synthetic})
    if (text == name_of(p)) return p;
  r.fail("provenance", "is none of measured, shipped, datasheet, synthetic");
}

link_curve read_link(json_reader r) {
  link_curve link;
  link.memory = r.text("memory");
  if (link.memory != "pinned" && link.memory != "pageable" && link.memory != "mapped")
    r.fail("memory", "is none of pinned, pageable, mapped");
  const std::string way = r.text("direction");
  if (way != "upload" && way != "download") r.fail("direction", "is neither upload nor download");
  link.way = way == "upload" ? direction::upload : direction::download;
  link.source = read_provenance(r);
  link.submit_seconds = r.number("submit_seconds", 0, most_seconds);
  const std::vector<json_value>& pieces = r.array("segments", 3);
  if (pieces.empty()) r.fail("segments", "is empty");
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    json_reader s(pieces[i], r.path() + ".segments[" + std::to_string(i) + "]");
    const std::uint64_t before = i == 0 ? 0 : link.segments.back().max_bytes;
    if (before == UINT64_MAX) s.fail("max_bytes", "follows a segment without an end");
    link.segments.push_back({s.whole("max_bytes", before + 1, UINT64_MAX),
                             s.number("seconds", 0, most_seconds), s.number("seconds_per_byte", 0, 1)});
    s.finish();
  }
  link.duplex_factor = r.number("duplex_factor", 0.01, 1);
  link.residual_q10 = r.number("residual_q10", 1e-6, 1e6);
  link.residual_q50 = r.number("residual_q50", link.residual_q10, 1e6);
  link.residual_q90 = r.number("residual_q90", link.residual_q50, 1e6);
  r.finish();
  return link;
}

device_profile read_profile(json_reader r) {
  device_profile p;
  p.device = r.text("device");
  p.description = r.text("description");
  p.fingerprint = r.text("fingerprint");
  p.capacity_bytes = r.whole("capacity_bytes", 0, UINT64_MAX);
  p.when = r.text("when", 64);
  p.library = r.text("library", 64);
  const std::vector<json_value>& links = r.array("links", 16);
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string path = "profile.links[" + std::to_string(i) + "]";
    link_curve link = read_link({links[i], path});
    if (p.find(link.memory, link.way) != nullptr)
      throw error(error_class::corrupt, path + ": a second curve of this memory and direction");
    p.links.push_back(std::move(link));
  }
  json_reader rates = r.object("rates");
  p.rates.source = read_provenance(rates);
  p.rates.launch_seconds = rates.number("launch_seconds", 0, most_seconds);
  p.rates.run_seconds = rates.number("run_seconds", 0, most_seconds);
  p.rates.submit_seconds = rates.number("submit_seconds", 0, most_seconds);
  p.rates.build_seconds = rates.number("build_seconds", 0, most_seconds);
  p.rates.cached_build_seconds = rates.number("cached_build_seconds", 0, most_seconds);
  p.rates.build_seconds_per_operation = rates.number("build_seconds_per_operation", 0, most_seconds);
  p.rates.bytes_per_second = rates.number("bytes_per_second", 0, most_rate);
  p.rates.flops_per_second_f32 = rates.number("flops_per_second_f32", 0, most_rate);
  p.rates.flops_per_second_f64 = rates.number("flops_per_second_f64", 0, most_rate);
  p.rates.divisions_per_second_f32 = rates.number("divisions_per_second_f32", 0, most_rate);
  p.rates.divisions_per_second_f64 = rates.number("divisions_per_second_f64", 0, most_rate);
  rates.finish();
  const std::vector<json_value>& sources = r.array("sources", 256);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    json_reader s(sources[i], "profile.sources[" + std::to_string(i) + "]");
    number_source origin;
    origin.number = s.text("number");
    origin.source = read_provenance(s);
    origin.text = s.text("source");
    s.finish();
    p.sources.push_back(std::move(origin));
  }
  r.finish();
  return p;
}

}  // namespace

std::string profile_text(const device_profile& profile) {
  json_writer w;
  w.begin_object().member("schema", profile_schema).member("checksum", checksum_of(canonical(profile)));
  w.key("profile");
  write_profile(w, profile);
  w.end_object();
  return w.text();
}

device_profile parse_profile(std::string_view text) {
  const json_value root = parse_json(text);
  json_reader r(root, "");
  const std::uint64_t schema = r.whole("schema", 0, UINT64_MAX);
  if (schema != static_cast<std::uint64_t>(profile_schema))
    r.fail("schema",
           "is " + std::to_string(schema) + "; this library reads " + std::to_string(profile_schema));
  const std::string checksum = r.text("checksum");
  device_profile p = read_profile(r.object("profile"));
  r.finish();
  // Over the numbers as read, so that white space does not matter.
  if (const std::string right = checksum_of(canonical(p)); checksum != right)
    r.fail("checksum", "is wrong: the content gives " + right);
  return p;
}

}  // namespace busfare::core
