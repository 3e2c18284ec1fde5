// The timeline as Chrome's trace format, and the recording of a whole process.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/strict_json.hpp"

namespace {

namespace bf = busfare;
using busfare::core::json_value;

struct slice {
  std::string name, category;
  double begin, end;
};
struct rows {
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<slice>> slices;  // by process and thread
  std::map<std::int64_t, std::string> processes;
  std::map<std::pair<std::int64_t, std::int64_t>, std::string> threads;
};

double number(const json_value& v) {
  return v.what == json_value::kind::real ? v.real : static_cast<double>(v.unsigned_integer);
}

rows parsed(const std::string& text) {
  rows r;
  const json_value all = bf::core::parse_json(text);
  for (const json_value& e : all.find("traceEvents")->items) {
    const auto process = static_cast<std::int64_t>(e.find("pid")->unsigned_integer);
    const auto thread = static_cast<std::int64_t>(e.find("tid")->unsigned_integer);
    const std::string phase = e.find("ph")->text, name = e.find("name")->text;
    if (phase == "M") {
      const std::string value = e.find("args")->find("name")->text;
      if (name == "process_name")
        r.processes[process] = value;
      else
        r.threads[{process, thread}] = value;
      continue;
    }
    EXPECT_EQ(phase, "X");
    EXPECT_TRUE(r.threads.contains({process, thread})) << "named before it is used";
    const double begin = number(*e.find("ts"));
    r.slices[{process, thread}].push_back({name, e.find("cat")->text, begin, begin + number(*e.find("dur"))});
  }
  return r;
}

void expect_no_overlap(const rows& r) {
  for (const auto& [row, slices] : r.slices) {
    for (std::size_t i = 1; i < slices.size(); ++i)
      EXPECT_GE(slices[i].begin, slices[i - 1].end - 1e-6) << r.threads.at(row) << " slice " << i;
  }
}

bf::span made(bf::lane on, const std::string& device, double begin, double end,
              bf::span_clock clock = bf::span_clock::measured) {
  bf::span s;
  s.lane = on;
  s.device = device;
  s.name = "\"quoted\"\n\x1b";
  s.start_seconds = begin;
  s.end_seconds = end;
  s.clock = clock;
  return s;
}

TEST(chrome_trace, gives_each_engine_rows_that_never_overlap) {
  bf::trace t;
  t.add(made(bf::lane::kernel, "cpu", 3, 4));
  t.add(made(bf::lane::kernel, "cpu", 0, 2));
  t.add(made(bf::lane::kernel, "cpu", 1, 3));  // over the one before: a second row
  t.add(made(bf::lane::upload, "cpu", 0, 2));
  t.add(made(bf::lane::kernel, "cpu", 0, 1, bf::span_clock::predicted));
  const rows r = parsed(bf::chrome_trace(t));
  expect_no_overlap(r);
  std::vector<std::string> names;
  for (const auto& [row, name] : r.threads) names.push_back(r.processes.at(row.first) + "/" + name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names,
            (std::vector<std::string>{"cpu (predicted)/kernel", "cpu/kernel", "cpu/kernel 2", "cpu/upload"}));
  std::size_t count = 0;
  for (const auto& [row, slices] : r.slices) {
    count += slices.size();
    EXPECT_EQ(slices[0].name, "\"quoted\"\n\x1b");
  }
  EXPECT_EQ(count, 5u);
  EXPECT_TRUE(parsed(bf::chrome_trace({})).slices.empty());
}

struct halved {
  auto operator()(auto x) const { return x * 0.5f; }
};

// Runs of several devices on one axis: measured spans lie inside of the run that made them.
TEST(record_trace, keeps_the_runs_of_the_process) {
  const auto x = bf::copy_of(std::vector<float>(50000, 3.0f));
  const auto work = [&](const char* device) { bf::run(bf::map(bf::on(device), halved{}, x)); };
  work("cpu");
  bf::record_trace(true);
  work("cpu");
  work("sim:h200-pcie5");
  work("sim:h200-pcie5");
  work("cpu");
  const rows r = parsed(bf::chrome_trace(bf::recorded_trace()));
  bf::record_trace(false);
  expect_no_overlap(r);
  std::map<std::string, std::vector<slice>> by_name;
  for (const auto& [row, slices] : r.slices)
    by_name[r.processes.at(row.first) + "/" + r.threads.at(row)] = slices;
  ASSERT_EQ(by_name["host/host"].size(), 4u);
  ASSERT_EQ(by_name["cpu/kernel"].size(), 2u);
  EXPECT_EQ(by_name["sim:h200-pcie5 (simulated)/kernel"].size(), 2u);
  EXPECT_EQ(by_name["sim:h200-pcie5 (simulated)/upload"].size(), 1u) << "the second run finds x there";
  const slice &run = by_name["host/host"][3], &kernel = by_name["cpu/kernel"][1];
  EXPECT_GE(kernel.begin, run.begin);
  EXPECT_LE(kernel.end, run.end);
  EXPECT_NE(run.name.find("trace_json_test.cpp"), std::string::npos);
  EXPECT_TRUE(bf::recorded_trace().empty());
}

}  // namespace
