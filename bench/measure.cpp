// The harness: rounds over all devices, so that a machine that slows down slows all of them down.
#include "measure.hpp"

#include <algorithm>
#include <exception>

#include <busfare/busfare.hpp>

#include "job.hpp"

namespace busfare::bench {

// One device's place at the table for one size.
struct harness::seat {
  row found;
  const place* where = nullptr;
  std::unique_ptr<job> work;
  std::vector<warm_sample> warm;
  double spent = 0;

  void fail(const std::string& why) {
    found.error = why;
    work.reset();
  }
  // An error of one device ends its row, not the bench.
  template <class F> void guarded(const F& f) {
    if (!work) return;
    try {
      f();
    } catch (const std::exception& e) {
      fail(e.what());
    }
  }
};

place place_of(const std::string& device, math m) {
  place p;
  p.math = m;
  p.device = device;
  for (const device_description& each : devices()) {
    if (each.name == device) p.simulated = each.simulated;
  }
  p.profile = profile_of(device);
  return p;
}

harness::harness(settings how) : how_(std::move(how)), begin_(now()) {
  for (const std::string& name : how_.devices) {
    say("profile of " + name);
    try {
      places_.emplace(name, place_of(name, how_.math));
    } catch (const std::exception& e) {
      broken_.emplace(name, e.what());
    }
  }
  for (const device_description& each : devices()) {
    if (each.name == "cpu") threads_ = each.compute_units;
  }
}

void harness::say(const std::string& what) const {
  if (how_.progress) how_.progress(what);
}

// Not before one operation is measured whole: a slow machine's table would have no cold time at all, and
// nothing in it would tell why.
bool harness::late(double budget_s) const {
  return measured_ > 0 && budget_s > 0 && now() - begin_ > budget_s;
}

std::vector<row> harness::measure(const operation& op) {
  const std::string label = op.name + " " + name_of(op.type);
  std::vector<row> rows;
  const auto& sizes = !how_.sizes.empty() ? how_.sizes : how_.quick ? op.quick_sizes : op.full_sizes;
  for (const std::uint64_t size : sizes) {
    say(label + ", n = " + std::to_string(size));
    std::vector<seat> seats;
    for (const std::string& name : how_.devices) {
      seat& s = seats.emplace_back();
      s.found.op = op.name;
      s.found.type = op.type;
      s.found.size = size;
      s.found.device = name;
      s.found.math = how_.math;
      if (const auto broken = broken_.find(name); broken != broken_.end()) {
        s.found.error = broken->second;
        continue;
      }
      s.where = &places_.at(name);
      s.found.simulated = s.where->simulated;
      if (name == "cpu" && threads_ > 0) s.found.threads = threads_;
      try {
        check_size(op, size);
        s.work = op.make(size, *s.where);
      } catch (const std::exception& e) {
        s.fail(e.what());
      }
    }
    // The first call builds; its sample is not kept.
    for (seat& s : seats) s.guarded([&] { (void)s.work->warm(); });
    warm_rounds(seats);
    for (seat& s : seats) {
      s.guarded([&] {
        const check c = s.work->verify();
        s.found.verified = c.verified;
        s.found.max_ulp = c.max_ulp;
        if (!c.verified) s.found.error = "wrong result: " + c.detail;
      });
    }
    resident_rounds(seats);
    for (seat& s : seats) {
      finish(s, op);
      rows.push_back(std::move(s.found));
    }
  }
  add_cold(rows, op);
  if (how_.one_thread && !late(how_.total_budget_s)) {
    say(label + ", one thread");
    std::map<std::uint64_t, double> single;
    try {
      single = how_.one_thread(op, sizes);
    } catch (const std::exception&) {
      single.clear();  // the column stays null
    }
    for (row& r : rows) {
      const auto found = single.find(r.size);
      if (found != single.end() && r.warm_s && *r.warm_s > 0)
        r.speedup_vs_1_thread = found->second / *r.warm_s;
    }
  }
  ++measured_;
  return rows;
}

void harness::warm_rounds(std::vector<seat>& seats) {
  for (int round = 0; round < how_.most_samples; ++round) {
    bool any = false;
    for (seat& s : seats) {
      // Virtual time has no noise: one sample tells all.
      if (s.work && s.where->simulated && round > 0) continue;
      if (round >= how_.least_samples && s.spent > how_.row_budget_s) continue;
      // Slow rows make do with three.
      if (round >= 3 && s.spent > 8 * how_.row_budget_s) continue;
      s.guarded([&] {
        const double begin = now();
        s.warm.push_back(s.work->warm());
        s.spent += now() - begin;
        any = true;
      });
    }
    if (!any) return;
  }
}

void harness::resident_rounds(std::vector<seat>& seats) {
  for (seat& s : seats) s.spent = 0;
  for (int round = 0; round < how_.most_samples; ++round) {
    bool any = false;
    for (seat& s : seats) {
      if (s.work && s.where->simulated && round > 0) continue;
      if (round >= how_.least_samples && s.spent > how_.row_budget_s / 2) continue;
      if (round >= 3 && s.spent > 4 * how_.row_budget_s) continue;
      s.guarded([&] {
        const double begin = now();
        s.found.resident_samples_s.push_back(s.work->resident());
        s.spent += now() - begin;
        any = true;
      });
    }
    if (!any) return;
  }
}

void harness::finish(seat& s, const operation& op) {
  row& r = s.found;
  if (s.warm.empty()) return;
  const auto middle = [&](double warm_sample::*what) {
    std::vector<double> values;
    for (const warm_sample& each : s.warm) values.push_back(each.*what);
    return median_of(std::move(values));
  };
  for (const warm_sample& each : s.warm) r.warm_samples_s.push_back(each.seconds);
  r.warm_s = middle(&warm_sample::seconds);
  r.upload_s = middle(&warm_sample::upload);
  r.download_s = middle(&warm_sample::download);
  r.bytes_up = s.warm.back().bytes_up;
  r.bytes_down = s.warm.back().bytes_down;
  r.predicted_s = middle(&warm_sample::predicted);
  if (!r.simulated) {
    r.overhead_s = middle(&warm_sample::overhead);
    if (*r.warm_s > 0 && *r.predicted_s > 0) r.prediction_error = *r.predicted_s / *r.warm_s - 1;
  }
  if (r.resident_samples_s.empty()) return;
  r.resident_s = median_of(r.resident_samples_s);
  if (*r.resident_s <= 0) return;
  double flops = op.flops(r.size);
  const double bytes = op.bytes(r.size);
  if (flops <= 0) {
    s.guarded([&] {
      for (const plan_step& step : s.work->quote().steps) flops += step.flops;
    });
  }
  if (bytes > 0) r.gb_per_s = bytes / *r.resident_s / 1e9;
  if (flops > 0) r.gflop_per_s = flops / *r.resident_s / 1e9;
  const device_rates& rates = s.where->profile.rates;
  const double peak = op.type == type::f64 ? rates.flops_per_second_f64 : rates.flops_per_second_f32;
  double least = 0;
  if (rates.bytes_per_second > 0) least = bytes / rates.bytes_per_second;
  if (peak > 0) least = std::max(least, flops / peak);
  if (least > 0) r.limit_fraction = least / *r.resident_s;
}

// A fresh process per row. In a quick bench only the largest size that worked on a device, since a process
// with empty caches builds and loads everything anew.
void harness::add_cold(std::vector<row>& rows, const operation& op) {
  if (!how_.cold) return;
  for (row& r : rows) {
    if (!r.warm_s) continue;
    const bool last = std::none_of(rows.begin(), rows.end(), [&](const row& other) {
      return other.device == r.device && other.warm_s && other.size > r.size;
    });
    if (how_.quick && !last) continue;
    if (late(how_.cold_budget_s)) return;
    say(op.name + " " + name_of(op.type) + ", n = " + std::to_string(r.size) + ", a fresh process on " +
        r.device);
    try {
      const cold_times t = how_.cold(op, r.size, r.device);
      r.cold_s = t.cold;
      r.build_s = t.build;
    } catch (const std::exception& e) {
      if (r.error.empty()) r.error = std::string("cold: ") + e.what();
    }
  }
}

cold_times measure_cold(const operation& op, std::uint64_t size, const std::string& device, math m) {
  check_size(op, size);
  const auto work = op.make(size, place_of(device, m));
  const warm_sample first = work->warm();
  return {first.seconds, first.build};
}

double measure_warm_cpu(const operation& op, std::uint64_t size, double budget_s, math m) {
  check_size(op, size);
  place cpu;  // no profile is needed: the cpu has no link
  cpu.device = "cpu";
  cpu.math = m;
  const auto work = op.make(size, cpu);
  (void)work->warm();
  std::vector<double> samples;
  const double begin = now();
  while (samples.size() < 3 || (now() - begin < budget_s && samples.size() < 40)) {
    samples.push_back(work->warm().seconds);
    if (now() - begin > 8 * budget_s) break;
  }
  return median_of(std::move(samples));
}

}  // namespace busfare::bench
