// Plans and receipts as text.
#include "core/printing.hpp"

#include <cstdio>
#include <ostream>
#include <string>

#include <busfare/plan.hpp>
#include <busfare/receipt.hpp>

namespace busfare {
namespace core {

std::string time_text(double seconds) {
  if (seconds < 0) return "-";
  char text[32];
  if (seconds < 1e-3)
    std::snprintf(text, sizeof text, "%.1f us", seconds * 1e6);
  else if (seconds < 1)
    std::snprintf(text, sizeof text, "%.2f ms", seconds * 1e3);
  else
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  return text;
}

}  // namespace core

namespace {

using core::time_text;

std::string bytes_text(std::uint64_t bytes) {
  char text[32];
  const double b = static_cast<double>(bytes);
  if (b < 1024)
    std::snprintf(text, sizeof text, "%.0f B", b);
  else if (b < 1024.0 * 1024)
    std::snprintf(text, sizeof text, "%.1f KiB", b / 1024);
  else if (b < 1024.0 * 1024 * 1024)
    std::snprintf(text, sizeof text, "%.1f MiB", b / 1024 / 1024);
  else
    std::snprintf(text, sizeof text, "%.2f GiB", b / 1024 / 1024 / 1024);
  return text;
}

std::string padded(std::string s, std::size_t width) {
  if (s.size() < width) s.insert(0, width - s.size(), ' ');
  return s;
}

void row(std::ostream& out, const std::string& name, const fare& f) {
  out << "  " << name << std::string(name.size() < 18 ? 18 - name.size() : 1, ' ');
  for (const double s : {f.build, f.upload, f.kernel, f.download, f.overhead, f.total()})
    out << padded(time_text(s), 11);
  out << '\n';
}

void heading(std::ostream& out) {
  out << "                    "
      << "      build"
      << "     upload"
      << "     kernel"
      << "   download"
      << "   overhead"
      << "      total\n";
}

void steps(std::ostream& out, const plan& p, bool measured) {
  for (const plan_step& s : p.steps) {
    out << "  " << s.what << " of " << s.elements << " on " << s.device << ": predicted "
        << time_text(s.predicted_seconds) << " (" << s.basis << ")";
    if (s.build == build_kind::cached) out << ", built kernel from the cache";
    if (s.build == build_kind::full) out << ", kernel to be built";
    if (measured) out << (p.simulated ? ", simulated " : ", measured ") << time_text(s.measured_seconds);
    if (!s.lines.empty() && s.lines.front().line != 0) {
      out << ", recorded at ";
      for (std::size_t i = 0; i < s.lines.size(); ++i)
        out << (i != 0 ? ", " : "") << s.lines[i].file << ':' << s.lines[i].line;
    }
    if (!s.cut.empty()) out << "; not fused with what is before it: " << s.cut;
    out << '\n';
  }
}

void crossings(std::ostream& out, const plan& p, bool measured) {
  for (const transfer& t : p.transfers) {
    out << "  " << name_of(t.direction) << ' ';
    if (t.fence)
      out << "no copy (shared memory, " << bytes_text(t.avoided) << " stay)";
    else if (t.bytes == 0 && t.avoided != 0)
      out << "avoided " << bytes_text(t.avoided);
    else
      out << bytes_text(t.bytes);
    if (measured && t.measured_seconds >= 0)
      out << ", predicted " << time_text(t.predicted_seconds)
          << (p.simulated ? ", simulated " : ", measured ") << time_text(t.measured_seconds);
    else if (!measured && (t.fence || t.bytes != 0))
      out << ", predicted " << time_text(t.predicted_seconds);
    out << ": " << t.cause << '\n';
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const plan& p) {
  out << "plan: " << (p.device.empty() ? "nothing to run" : p.device) << " (" << p.reason << ")"
      << (p.simulated ? ", simulated" : "") << '\n';
  if (!p.candidates.empty()) {
    heading(out);
    for (const candidate& c : p.candidates) {
      if (c.eligible)
        row(out, c.device, c.predicted);
      else
        out << "  " << c.device << ": not eligible: " << c.note << '\n';
    }
  } else if (!p.steps.empty()) {
    heading(out);
    row(out, "predicted", p.predicted);
  }
  steps(out, p, false);
  crossings(out, p, false);
  if (p.result_on_host) out << "  the total is that of having the result on the host\n";
  for (const std::string& n : p.notes) out << "  note: " << n << '\n';
  return out;
}

std::ostream& operator<<(std::ostream& out, const receipt& r) {
  out << "receipt: " << (r.plan.device.empty() ? "nothing ran" : r.plan.device) << " (" << r.plan.reason
      << "), " << r.cause << '\n';
  if (!r.plan.steps.empty()) {
    heading(out);
    row(out, "predicted", r.plan.predicted);
    row(out, r.plan.simulated ? "simulated" : "measured", r.measured);
  }
  steps(out, r.plan, true);
  crossings(out, r.plan, true);
  out << "  " << r.launches << " launches, " << bytes_text(r.bytes_up) << " up, " << bytes_text(r.bytes_down)
      << " down, " << bytes_text(r.bytes_avoided) << " did not have to cross; wall "
      << time_text(r.wall_seconds);
  out << '\n';
  if (r.plan.left_bytes != 0)
    out << "  " << bytes_text(r.plan.left_bytes)
        << " of results stay on the device; reading them on the host is "
        << "predicted to take " << time_text(r.plan.later.total()) << " more\n";
  for (const std::string& n : r.plan.notes) out << "  note: " << n << '\n';
  for (const std::string& n : r.notes) out << "  note: " << n << '\n';
  for (const finding& f : r.findings) out << "  found: " << f << '\n';
  return out;
}

}  // namespace busfare
