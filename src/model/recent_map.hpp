// A map that remembers in which order its entries were used, so that it can be kept small.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace busfare::model {

/// Finding, inserting and dropping an entry take constant time, whatever the size. Entries stay where they
/// are until they are dropped, and nothing is dropped but by `keep` and `clear`: a user may hold references
/// in between. One thread at a time.
template <class Key, class Value, class Hash = std::hash<Key>> class recent_map {
 public:
  using entry = std::pair<const Key, Value>;
  using iterator = typename std::list<entry>::iterator;
  using const_iterator = typename std::list<entry>::const_iterator;

  recent_map() = default;
  recent_map(const recent_map&) = delete;
  recent_map& operator=(const recent_map&) = delete;

  /// Counts as a use.
  iterator find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return entries_.end();
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second;
  }
  /// Does not.
  [[nodiscard]] const_iterator peek(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? entries_.end() : const_iterator(found->second);
  }
  /// The entry of that key, made of `value` where there was none (true). Counts as a use.
  std::pair<iterator, bool> emplace(Key key, Value value) {
    if (const iterator old = find(key); old != entries_.end()) return {old, false};
    entries_.emplace_front(std::move(key), std::move(value));
    try {
      places_.emplace(entries_.front().first, entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    return {entries_.begin(), true};
  }
  /// The same, but a value that was there is replaced.
  void assign(Key key, Value value) {
    const auto [at, made] = emplace(std::move(key), value);
    if (!made) at->second = std::move(value);
  }
  /// Drops the entries that were not used for longest until `limit` are left; tells `dropped` of each before.
  template <class F> void keep(std::size_t limit, F&& dropped) {
    while (entries_.size() > limit) {
      dropped(std::as_const(entries_.back()));
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }
  void keep(std::size_t limit) {
    keep(limit, [](const entry&) {});
  }
  void clear() noexcept {
    places_.clear();
    entries_.clear();
  }

  [[nodiscard]] iterator begin() noexcept { return entries_.begin(); }
  [[nodiscard]] iterator end() noexcept { return entries_.end(); }
  [[nodiscard]] const_iterator end() const noexcept { return entries_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct hash_of {
    std::size_t operator()(const Key& key) const { return Hash{}(key); }
  };
  struct equal {
    bool operator()(const Key& a, const Key& b) const { return a == b; }
  };

  std::list<entry> entries_;  // last used first
  std::unordered_map<std::reference_wrapper<const Key>, iterator, hash_of, equal> places_;
};

}  // namespace busfare::model
