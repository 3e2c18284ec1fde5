// The thread that runs jobs, in the order in which they were started.
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <busfare/job.hpp>

#include "core/executor.hpp"
#include "core/graph.hpp"
#include "core/residency.hpp"
#include "core/run_control.hpp"

namespace busfare {
namespace detail {

class job_state {
 public:
  job_state(std::span<const array_handle> wanted, std::stop_token stop, job_listener listener,
            source_line line)
      : wanted_(wanted.begin(), wanted.end()),
        line_(line),
        control_(own_.get_token(), std::move(stop), std::move(listener)) {}

  void run() noexcept {
    receipt made;
    std::exception_ptr failed;
    try {
      control_.check();
      std::scoped_lock hold(core::run_lock());
      made = core::execute(wanted_, false, "start at " + core::at_line(line_), &control_);
    } catch (...) {
      failed = std::current_exception();
    }
    // Arrays may hold much memory, and whoever waits may want it next.
    std::vector<array_handle> gone = std::move(wanted_);
    gone.clear();
    std::scoped_lock hold(lock_);
    receipt_ = std::move(made);
    failed_ = std::move(failed);
    done_ = true;
    over_.notify_all();
  }

  void cancel() noexcept { own_.request_stop(); }
  [[nodiscard]] job_progress progress() const {
    job_progress p = control_.progress();
    std::scoped_lock hold(lock_);
    if (done_ && !failed_) p.fraction = 1;
    return p;
  }
  [[nodiscard]] bool done() const {
    std::scoped_lock hold(lock_);
    return done_;
  }
  // A deadline that the clock cannot hold means none.
  bool wait_for(std::chrono::nanoseconds time) {
    std::unique_lock hold(lock_);
    if (time > std::chrono::hours(24 * 365)) {
      over_.wait(hold, [&] { return done_; });
      return true;
    }
    return over_.wait_for(hold, time, [&] { return done_; });
  }
  receipt get() {
    std::unique_lock hold(lock_);
    over_.wait(hold, [&] { return done_; });
    if (failed_) std::rethrow_exception(failed_);
    return receipt_;
  }

 private:
  std::vector<array_handle> wanted_;
  source_line line_;
  std::stop_source own_;
  core::run_control control_;
  mutable std::mutex lock_;
  std::condition_variable over_;
  bool done_ = false;
  receipt receipt_;
  std::exception_ptr failed_;
};

namespace {

// Never destroyed: handles may wait in it while the process ends.
class dispatcher {
 public:
  static dispatcher& shared() {
    static auto* const d = [] {
      auto* made = new dispatcher;
      // Registered after everything that a run uses was made, so that it ends before that goes.
      std::atexit([] { shared().close(); });
      return made;
    }();
    return *d;
  }

  void add(job_handle j) {
    std::scoped_lock hold(lock_);
    if (closed_) {
      j->cancel();
      j->run();
      return;
    }
    waiting_.push_back(std::move(j));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    changed_.notify_one();
  }

 private:
  void work() {
    std::unique_lock hold(lock_);
    for (;;) {
      changed_.wait(hold, [&] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      running_ = std::move(waiting_.front());
      waiting_.pop_front();
      if (closed_) running_->cancel();
      hold.unlock();
      running_->run();
      hold.lock();
      job_handle last = std::exchange(running_, nullptr);
      hold.unlock();
      last.reset();  // may be the last handle
      hold.lock();
    }
  }

  void close() {
    {
      std::scoped_lock hold(lock_);
      closed_ = true;
      if (running_) running_->cancel();
      changed_.notify_one();
    }
    // A listener that ends the process is on this very thread.
    if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
  }

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<job_handle> waiting_;
  job_handle running_;
  std::thread thread_;
  bool closed_ = false;
};

}  // namespace
}  // namespace detail

job start_arrays(std::span<const detail::array_handle> wanted, std::stop_token stop,
                 detail::job_listener listener, source_line line) {
  job j;
  j.state_ = std::make_shared<detail::job_state>(wanted, std::move(stop), std::move(listener), line);
  // Core's own statics are made before the dispatcher's end is registered.
  (void)core::run_lock();
  detail::dispatcher::shared().add(j.state_);
  return j;
}

bool job::done() const { return state_ == nullptr || state_->done(); }
job_progress job::progress() const { return state_ ? state_->progress() : job_progress{}; }
void job::cancel() const {
  if (state_) state_->cancel();
}
void job::wait() const { (void)wait_for(std::chrono::nanoseconds::max()); }
bool job::wait_for(std::chrono::nanoseconds time) const {
  return state_ == nullptr || state_->wait_for(time);
}
receipt job::get() const {
  if (!state_) throw error(error_class::invalid_argument, "this handle holds no job: bf::start makes one");
  return state_->get();
}

}  // namespace busfare
