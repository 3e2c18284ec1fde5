// busfare demo photo: pictures are read, edited and written in the background, while this thread does nothing
// but keep a line on the terminal ticking, as the thread of a window would.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include <busfare/busfare.hpp>

#include "commands.hpp"
#include "exit_code.hpp"
#include "interrupt.hpp"
#include "output_file.hpp"
#include "photo_chain.hpp"
#include "photo_ticker.hpp"
#include "png.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

// Pixels that are in memory at once, over all workers: one picture of any size, or several that fit together.
class pixel_budget {
 public:
  void take(std::int64_t pixels, const std::stop_token& stop) {
    std::unique_lock hold(lock_);
    freed_.wait(hold, stop, [&] { return used_ == 0 || used_ + pixels <= most_pixels; });
    used_ += pixels;
  }
  void give(std::int64_t pixels) {
    {
      std::scoped_lock hold(lock_);
      used_ -= pixels;
    }
    freed_.notify_all();
  }

 private:
  std::mutex lock_;
  std::condition_variable_any freed_;
  std::int64_t used_ = 0;
};

class budget_share {
 public:
  budget_share(pixel_budget& from, std::int64_t pixels, const std::stop_token& stop)
      : from_(from), pixels_(pixels) {
    from_.take(pixels_, stop);
  }
  ~budget_share() { from_.give(pixels_); }
  budget_share(const budget_share&) = delete;
  budget_share& operator=(const budget_share&) = delete;

 private:
  pixel_budget& from_;
  std::int64_t pixels_;
};

struct photo {
  photo(std::string name, const std::filesystem::path& folder)
      : in(std::move(name)),
        stem(std::filesystem::path(in).stem().string()),
        edited((folder / (stem + "-edited.png")).string()),
        thumbnail((folder / (stem + "-thumbnail.png")).string()),
        shown(printable(std::filesystem::path(in).filename().string(), 24)) {}
  std::string in, stem;
  output_file edited, thumbnail;
  photo_state shown;
  std::string report, failed;
};

std::vector<unsigned char> interleaved(const read_view<std::uint8_t>& red,
                                       const read_view<std::uint8_t>& green,
                                       const read_view<std::uint8_t>& blue) {
  std::vector<unsigned char> rgb(3 * red.size());
  for (std::size_t i = 0; i < red.size(); ++i) {
    rgb[3 * i] = red[i];
    rgb[3 * i + 1] = green[i];
    rgb[3 * i + 2] = blue[i];
  }
  return rgb;
}

std::string png_or_throw(const std::vector<unsigned char>& rgb, int width, int height, const output_file& out,
                         const std::stop_token& stop) {
  std::string png = png_of(rgb, width, height, stop);
  if (stop.stop_requested()) throw error(error_class::cancelled, "stopped");
  if (png.empty()) throw failure(exit_failed, "no memory for the PNG of " + out.name());
  return png;
}

// What the engines took to bring results to the host so far, for who read them: what runs fetched for
// themselves is in their receipts. Memory that is shared crosses with 0 bytes.
struct crossing {
  double seconds = 0, bytes = 0;
};
crossing downloads(const std::string& device, span_clock which) {
  crossing c;
  const trace all = recorded_trace();
  for (const span& s : all.spans()) {
    if (s.lane != lane::download || s.device != device || s.clock != which) continue;
    c.seconds += s.seconds();
    c.bytes += static_cast<double>(s.bytes);
  }
  return c;
}

std::string text_of(const crossing& c, const std::string& way) {
  if (c.bytes == 0) return "nothing " + way;
  return bytes_text(c.bytes) + " " + way + " in " + seconds_text(c.seconds);
}

// `download`: the receipt's, and that of reading the results, which is no part of it.
std::string report_of(const photo& p, const picture& size, const receipt& r, const crossing& download,
                      double read, double chain, double written) {
  const fare& m = r.measured;
  return printable(p.in, 200) + ": " + std::to_string(size.width) + " x " + std::to_string(size.height) +
         " pixels on " + r.plan.device + "; read in " + seconds_text(read) + ", edited in " +
         seconds_text(chain) + ", encoded and written in " + seconds_text(written) +
         " (measured)\n  crossing: " + text_of({m.upload, static_cast<double>(r.bytes_up)}, "up") + ", " +
         text_of(download, "down") + "; kernels " + seconds_text(m.kernel) + ", build " +
         seconds_text(m.build) + ", overhead " + seconds_text(m.overhead) +
         (r.plan.simulated ? " (simulated; the results are real)\n" : " (measured)\n");
}

// One picture from file to files. Throws; `stop` ends it between its steps and within most.
void edit(photo& p, const std::string& device, const std::stop_token& stop, pixel_budget& budget) {
  const auto check = [&] {
    if (stop.stop_requested()) throw error(error_class::cancelled, "stopped");
  };
  p.shown.enter("reading");
  std::vector<unsigned char> bytes = bytes_of_picture(p.in);
  const budget_share share(budget, declared_pixels(bytes, p.in), stop);
  check();
  auto begin = clock::now();
  picture all = decode_picture(bytes, p.in, stop);
  bytes = {};
  const double read = seconds_since(begin);

  begin = clock::now();
  const picture size{all.width, all.height, {}, {}, {}};
  edited_photo e = record_edit(device, all);
  all = {};
  const job running = start(stop, e.red, e.green, e.blue, e.thumbnail);
  p.shown.enter(running);
  const receipt r = running.get();

  // One at a time, so that what was downloaded meanwhile is this picture's.
  static std::mutex reading;
  crossing download;
  p.shown.enter("fetching");
  std::vector<unsigned char> rgb, small;
  {
    std::scoped_lock hold(reading);
    const span_clock which = r.plan.simulated ? span_clock::simulated : span_clock::measured;
    const crossing before = downloads(r.plan.device, which);
    const auto red = e.red.host(), green = e.green.host(), blue = e.blue.host();
    const auto thumbnail = e.thumbnail.host();
    const crossing after = downloads(r.plan.device, which);
    download = {r.measured.download + after.seconds - before.seconds,
                static_cast<double>(r.bytes_down) + after.bytes - before.bytes};
    rgb = interleaved(red, green, blue);
    small.assign(thumbnail.begin(), thumbnail.end());
  }
  const extents thumb = e.thumbnail.extents();
  e = {};
  const double chain = seconds_since(begin);
  check();

  p.shown.enter("writing");
  begin = clock::now();
  const std::string large = png_or_throw(rgb, size.width, size.height, p.edited, stop);
  const std::string thumbnail =
      png_or_throw(small, static_cast<int>(thumb[1] / 3), static_cast<int>(thumb[0]), p.thumbnail, stop);
  p.edited.write(large);
  p.thumbnail.write(thumbnail);
  p.report = report_of(p, size, r, download, read, chain, seconds_since(begin));
}

void edit_or_say_why(photo& p, const std::string& device, const std::stop_token& stop, pixel_budget& budget) {
  try {
    edit(p, device, stop, budget);
    p.shown.enter("done");
    return;
  } catch (const failure& e) {
    p.failed = e.what();
  } catch (const std::bad_alloc&) {
    p.failed = printable(p.in, 200) + ": out of memory; fewer pictures at once (--at-once 1) need less";
  } catch (const std::exception& e) {
    p.failed = printable(p.in, 200) + ": " + e.what();
  }
  if (stop.stop_requested()) p.failed.clear();
  p.shown.enter("failed");
}

std::deque<photo> photos_of(const demo_flags& wanted) {
  if (wanted.inputs.empty())
    throw failure(exit_usage,
                  "busfare demo photo needs pictures: busfare demo photo IN.jpg ... --out FOLDER");
  const std::filesystem::path folder = wanted.out.value_or(".");
  if (folder.empty()) throw failure(exit_usage, "--out needs a folder");
  std::error_code failed;
  std::filesystem::create_directory(folder, failed);
  if (failed || !std::filesystem::is_directory(folder, failed))
    throw failure(exit_failed, "cannot write to the folder " + printable(folder.string(), 200) + ": " +
                                   (failed ? failed.message() : "it is none"));
  std::deque<photo> all;
  std::vector<std::string> taken, sources;
  for (const std::string& in : wanted.inputs) {
    all.emplace_back(in, folder);
    for (const output_file* out : {&all.back().edited, &all.back().thumbnail}) taken.push_back(out->name());
    const auto real = std::filesystem::canonical(in, failed);
    if (!failed) sources.push_back(real.string());
  }
  for (std::size_t k = 0; k < taken.size(); ++k) {
    const std::filesystem::path here = std::filesystem::weakly_canonical(taken[k], failed);
    if (std::count(taken.begin(), taken.end(), taken[k]) > 1)
      throw failure(exit_usage, "two pictures would be written to " + printable(taken[k], 200) +
                                    "; edit them one after the other, into two folders");
    if (std::find(sources.begin(), sources.end(), failed ? taken[k] : here.string()) != sources.end())
      throw failure(exit_usage,
                    printable(taken[k], 200) + " would be read and written; name another folder with --out");
  }
  return all;
}

}  // namespace

int run_demo_photo(const common_flags& flags, const demo_flags& wanted) {
  const std::string device = one_device(flags);
  const output_file timeline(flags.trace);
  std::deque<photo> photos = photos_of(wanted);
  record_trace(true);  // also tells what downloads took

  const interrupt ctrl_c;
  const auto begin = clock::now();
  std::stop_source stop;
  pixel_budget budget;
  std::atomic<std::size_t> next{0}, busy{0};
  const auto work = [&] {
    for (std::size_t k; !stop.stop_requested() && (k = next.fetch_add(1)) < photos.size();)
      edit_or_say_why(photos[k], device, stop.get_token(), budget);
    busy.fetch_sub(1);
  };
  std::vector<std::jthread> workers;
  const std::size_t at_once = std::min(static_cast<std::size_t>(wanted.at_once), photos.size());
  for (std::size_t k = 0; k < at_once; ++k) {
    busy.fetch_add(1);
    workers.emplace_back(work);
  }

  std::vector<const photo_state*> shown;
  for (const photo& p : photos) shown.push_back(&p.shown);
  photo_ticker ticker;
  while (busy.load() > 0) {
    ticker.wait();
    if (ctrl_c.seen() != 0) stop.request_stop();
    show_progress(flags, live_line(shown, seconds_since(begin), stop.stop_requested()));
    ticker.drawn();
  }
  workers.clear();
  show_progress(flags, "");
  const double seconds = seconds_since(begin);

  std::size_t done = 0, failed = 0;
  for (const photo& p : photos) {
    done += p.report.empty() ? 0u : 1u;
    failed += p.failed.empty() ? 0u : 1u;
    if (!flags.quiet) std::cout << p.report << std::flush;
    if (!p.failed.empty()) std::cerr << "busfare: " << p.failed << "\n";
  }
  if (timeline.wanted()) timeline.write(chrome_trace(recorded_trace()));
  if (!flags.quiet) {
    std::cout << done << " of " << photos.size() << " pictures in " << seconds_text(seconds) << ", "
              << at_once << " at a time; " << ticker.text() << "\n";
  }
  if (const int signal = ctrl_c.seen(); signal != 0)
    throw failure(128 + signal, "stopped; " + std::to_string(done) + " of " + std::to_string(photos.size()) +
                                    " pictures are written, the others left nothing");
  return failed == 0 ? exit_ok : exit_failed;
}

}  // namespace busfare::cli
