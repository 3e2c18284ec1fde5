// Any order that streams and events allow, chosen by a seed.
#include "fake_cuda/work.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace fake_cuda {

// Chains of work can be long: no recursion through `after`.
scheduler::~scheduler() {
  for (auto& s : streams_)
    for (const work_ptr& w : s->queue) w->after.clear();
}

stream* scheduler::open(std::uint64_t context, bool blocking, bool null) {
  auto s = std::make_unique<stream>();
  s->number = made_++;
  s->context = context;
  s->blocking = blocking;
  s->null = null;
  streams_.push_back(std::move(s));
  return streams_.back().get();
}

void scheduler::close(stream* s) {
  s->closed = true;
  if (s->queue.empty()) std::erase_if(streams_, [s](const auto& each) { return each.get() == s; });
}

void scheduler::put(stream& s, const work_ptr& w) {
  w->context = s.context;
  w->at = {s.number, s.last != nullptr ? s.last->at.number + 1 : 1};
  if (s.last != nullptr) w->after.push_back(s.last);
  if (s.blocking) {  // the null stream is ordered with all blocking ones
    for (const auto& other : streams_)
      if (other->context == s.context && other->blocking && (s.null || other->null) && other.get() != &s &&
          other->last != nullptr)
        w->after.push_back(other->last);
  }
  w->past.add(host_past_);
  for (const work_ptr& a : w->after) w->past.add(a->past);
  std::erase_if(w->after, [](const work_ptr& a) { return a->done; });
  w->past.add(w->at);
  for (const address a : w->uses) {
    memory_block* const b = memory_.find(a);
    if (b == nullptr) continue;
    std::erase_if(b->uses, [&](const moment& m) { return m.stream == w->at.stream; });
    b->uses.push_back(w->at);
  }
  s.last = w;
  s.queue.push_back(w);
}

bool scheduler::ready(const work& w, bool waiting) {
  return !w.hangs && (w.late == 0 || waiting) &&
         std::all_of(w.after.begin(), w.after.end(), [](const work_ptr& a) { return a->done; });
}

void scheduler::finish(const work_ptr& w) {
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  now_ =
      std::max<std::int64_t>(now_ + 500, std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count());
  w->time = now_;
  w->done = true;
  w->after.clear();
  w->run = nullptr;
}

void scheduler::run(stream& s) {
  const work_ptr w = s.queue.front();
  s.queue.pop_front();
  CUresult result = w->breaks;
  if (result == CUDA_SUCCESS && w->run) result = w->run();
  finish(w);
  const std::uint64_t context = w->context;
  if (s.closed && s.queue.empty()) close(&s);
  if (result != CUDA_SUCCESS) broke(context, result);
}

// Among the heads of the streams; `among` null: any.
bool scheduler::run_some(std::uint64_t most, const std::vector<work_ptr>* among, bool waiting) {
  std::unordered_set<const work*> wanted;
  if (among != nullptr)
    for (const work_ptr& w : *among) wanted.insert(w.get());
  bool ran = false;
  for (std::uint64_t k = 0; k < most; ++k) {
    std::vector<stream*> heads;
    for (const auto& s : streams_)
      if (!s->queue.empty() && ready(*s->queue.front(), waiting) &&
          (among == nullptr || wanted.contains(s->queue.front().get())))
        heads.push_back(s.get());
    if (heads.empty()) return ran;
    // The latest stream first is the order that a program expects least.
    run(*heads[when_ == order::random ? random_() % heads.size() : heads.size() - 1]);
    ran = true;
  }
  return ran;
}

void scheduler::run_all() { run_some(UINT64_MAX, nullptr, false); }

void scheduler::drift() {
  if (when_ == order::early) {
    run_all();
  } else if (when_ == order::random && random_() % 4 == 0) {
    run_some(random_() % 4, nullptr, false);
  }
}

std::vector<work_ptr> scheduler::needs_of(const work_ptr& w) const {
  std::vector<work_ptr> needs{w};
  std::unordered_set<const work*> seen{w.get()};
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const std::vector<work_ptr> after = needs[i]->after;
    for (const work_ptr& a : after)
      if (!a->done && seen.insert(a.get()).second) needs.push_back(a);
  }
  return needs;
}

bool scheduler::run_until(const work_ptr& w) {
  while (!w->done) {
    const std::vector<work_ptr> needs = needs_of(w);
    if (when_ == order::random && random_() % 2 == 0) run_some(random_() % 4, nullptr, true);
    if (w->done) break;
    if (!run_some(needs.size(), &needs, true)) return w->done;
  }
  saw(*w);
  return true;
}

bool scheduler::query(const work_ptr& w) {
  if (!w->done) {
    ++w->asked;
    const std::vector<work_ptr> needs = needs_of(w);
    bool late = false;
    for (const work_ptr& n : needs) {
      late = late || n->late != 0;
      if (n->late != 0) --n->late;
    }
    if (!late && (when_ != order::late || w->asked > 1)) run_some(1 + random_() % 16, &needs, false);
  }
  if (w->done) saw(*w);
  return w->done;
}

void scheduler::drop(std::uint64_t context) {
  std::vector<stream*> empty;
  for (const auto& s : streams_) {
    if (s->context != context) continue;
    for (const work_ptr& w : s->queue) finish(w);
    s->queue.clear();
    if (s->closed) empty.push_back(s.get());
  }
  for (stream* s : empty) close(s);
}

void scheduler::release_hung() {
  for (const auto& s : streams_)
    for (const work_ptr& w : s->queue) w->hangs = false;
}

std::uint64_t scheduler::queued() const {
  std::uint64_t n = 0;
  for (const auto& s : streams_) n += s->queue.size();
  return n;
}

}  // namespace fake_cuda
