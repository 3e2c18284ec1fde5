// Collecting a cone and fusing it.
#include "core/fusion.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>

namespace busfare::core {
namespace {

using backend::parameter_kind;

parameter_kind kind_of(const cone::member& m, std::size_t argument) {
  return m.what->map != nullptr ? m.what->map->program->arguments[argument].kind : parameter_kind::element;
}

struct reason {
  cut_cause why = cut_cause::none;
  std::string text;
  void tell(group& g) const { g.why = why, g.cut = text; }
};
// No static: jobs may still plan while the process ends.
reason math_cut() { return {cut_cause::math, "math: exact and fast do not fuse"}; }
reason alone_cut() { return {cut_cause::none, "check mode: every node is a kernel of its own"}; }

// A hand-written kernel is a launch of its own.
bool is_native(const node& n) { return n.map != nullptr && n.map->native != nullptr; }

extents launch_shape(const node& n) {
  return n.map != nullptr && n.map->index_rank > 1 ? n.shape : extents(n.shape.count());
}

}  // namespace

cone collect(std::span<const detail::array_handle> wanted) {
  cone c;
  std::unordered_map<const node*, int> seen;  // -1: on the stack
  std::unordered_map<const detail::array_state*, int> existing;
  struct frame {
    std::shared_ptr<node> what;
    std::size_t next = 0;
  };
  std::vector<frame> stack;
  const auto enter = [&](const detail::array_state& a) {
    if (a.producer && seen.try_emplace(a.producer.get(), -1).second) stack.push_back({a.producer, 0});
  };
  const auto drain = [&] {
    while (!stack.empty()) {
      frame& top = stack.back();
      if (top.next < top.what->arguments.size()) {
        const auto& a = top.what->arguments[top.next++].array;
        if (a) enter(*a);
        continue;
      }
      cone::member m;
      m.what = std::move(top.what);
      stack.pop_back();
      m.wanted.resize(m.what->outputs.size());
      m.uses.resize(m.what->outputs.size());
      for (const detail::map_argument& a : m.what->arguments) {
        value_ref r{-2, 0};
        if (a.array && a.array->producer) {
          r.node = seen.at(a.array->producer.get());
          cone::member& from = c.nodes[static_cast<std::size_t>(r.node)];
          for (std::size_t k = 0; k < from.what->outputs.size(); ++k) {
            if (from.what->outputs[k].lock() == a.array) r.output = static_cast<int>(k);
          }
          ++from.uses[static_cast<std::size_t>(r.output)];
        } else if (a.array) {
          const auto [at, fresh] = existing.try_emplace(a.array.get(), static_cast<int>(c.existing.size()));
          if (fresh) c.existing.push_back(a.array);
          r = {-1, at->second};
        }
        m.arguments.push_back(r);
      }
      seen[m.what.get()] = static_cast<int>(c.nodes.size());
      c.nodes.push_back(std::move(m));
    }
  };
  for (const detail::array_handle& a : wanted) {
    enter(*a);
    drain();
  }
  for (const detail::array_handle& a : wanted) {
    if (!a->producer) continue;
    cone::member& m = c.nodes[static_cast<std::size_t>(seen.at(a->producer.get()))];
    // A node with several results is run once for all that somebody still holds.
    for (std::size_t k = 0; k < m.wanted.size(); ++k) {
      const auto held = m.what->outputs[k].lock();
      if (held && (held == a || m.wanted.size() > 1)) m.wanted[k] = true;
    }
  }
  return c;
}

namespace {

// Fusing by stages: a map may join the groups of its producers only if everything else it reads belongs to an
// earlier stage, so that groups never wait for each other in a circle.
class fuser {
 public:
  fuser(const cone& c, const fusion_limits& limits) : c_(c), limits_(limits), group_of_(c.nodes.size(), -1) {}

  std::vector<group> run() {
    for (std::size_t i = 0; i < c_.nodes.size(); ++i) {
      if (c_.nodes[i].what->map != nullptr)
        place_map(static_cast<int>(i));
      else
        place_fold(static_cast<int>(i));
    }
    for (std::size_t i = 0; i < c_.nodes.size(); ++i) {
      if (c_.nodes[i].what->fold != nullptr) attach(static_cast<int>(i));
    }
    std::vector<group> out;
    for (group& g : groups_) {
      if (g.nodes.empty() && g.fold < 0) continue;
      complete(g);
      out.push_back(std::move(g));
    }
    // A fold waits for its own stage's maps: they come first.
    std::stable_sort(out.begin(), out.end(), [](const group& a, const group& b) {
      return a.stage * 2 + (a.fold >= 0 ? 1 : 0) < b.stage * 2 + (b.fold >= 0 ? 1 : 0);
    });
    return out;
  }

 private:
  const cone::member& member(int i) const { return c_.nodes[static_cast<std::size_t>(i)]; }
  group& group_at(int i) { return groups_[static_cast<std::size_t>(group_of_[static_cast<std::size_t>(i)])]; }

  int stage_of(int n) { return group_at(n).stage; }

  // Whether element i of the map `from` is element i of `n`, in one launch. Through a reshape that is so
  // where no kernel needs coordinates.
  bool same_elements(int from, const node& n) {
    const node& before = *member(from).what;
    return before.shape == n.shape || (before.shape.count() == n.shape.count() && n.map->index_rank <= 1 &&
                                       group_at(from).index_rank <= 1);
  }

  void place_map(int i) {
    const cone::member& m = member(i);
    const node& n = *m.what;
    const extents shape = launch_shape(n);
    const int rank = n.map->index_rank;
    int stage = 0;
    std::vector<int> joinable;
    bool other_math = false;
    for (std::size_t k = 0; k < m.arguments.size(); ++k) {
      const value_ref& a = m.arguments[k];
      if (a.node < 0) continue;
      const cone::member& from = member(a.node);
      const bool alike = kind_of(m, k) == parameter_kind::element && from.what->map != nullptr &&
                         !is_native(n) && !is_native(*from.what) && same_elements(a.node, n);
      const bool elementwise = alike && from.what->how == n.how;
      other_math = other_math || (alike && from.what->how.math != n.how.math);
      stage = std::max(stage, stage_of(a.node) + (elementwise ? 0 : 1));
      if (elementwise) joinable.push_back(group_of_[static_cast<std::size_t>(a.node)]);
    }
    std::sort(joinable.begin(), joinable.end());
    joinable.erase(std::unique(joinable.begin(), joinable.end()), joinable.end());
    std::erase_if(joinable, [&](int g) { return groups_[static_cast<std::size_t>(g)].stage != stage; });
    // One launch has one kind of coordinates: the map's own, else those of the first group that has any.
    int coordinates = rank;
    extents of = shape;
    for (std::size_t k = 0; k < joinable.size() && coordinates == 0; ++k) {
      const group& each = groups_[static_cast<std::size_t>(joinable[k])];
      coordinates = each.index_rank;
      if (coordinates > 1) of = each.shape;
    }
    const bool at_odds = std::any_of(joinable.begin(), joinable.end(), [&](int g) {
      const group& each = groups_[static_cast<std::size_t>(g)];
      return each.index_rank != 0 &&
             (each.index_rank != coordinates || (coordinates > 1 && each.shape != of));
    });
    if (at_odds) {  // it runs after all of them
      joinable.clear();
      ++stage;
    }
    reason cut = other_math ? math_cut() : reason{};
    if (limits_.alone && !joinable.empty()) {
      joinable.clear();
      cut = alone_cut();
      ++stage;
    }
    if (!joinable.empty()) {
      group merged;
      cut.tell(merged);
      for (int g : joinable) {
        const group& each = groups_[static_cast<std::size_t>(g)];
        merged.nodes.insert(merged.nodes.end(), each.nodes.begin(), each.nodes.end());
        if (merged.why == cut_cause::none) reason{each.why, each.cut}.tell(merged);
      }
      std::sort(merged.nodes.begin(), merged.nodes.end());
      merged.nodes.push_back(i);
      merged.index_rank = coordinates;
      cut = over(merged);
      if (cut.why == cut_cause::none) {
        merged.stage = stage;
        merged.how = n.how;
        merged.shape = of;
        for (int g : joinable) groups_[static_cast<std::size_t>(g)] = group{};
        const int at = joinable.front();
        for (int each : merged.nodes) group_of_[static_cast<std::size_t>(each)] = at;
        groups_[static_cast<std::size_t>(at)] = std::move(merged);
        return;
      }
      ++stage;
    }
    group g;
    g.nodes = {i};
    g.stage = stage;
    g.how = n.how;
    g.index_rank = rank;
    g.shape = shape;
    cut.tell(g);
    group_of_[static_cast<std::size_t>(i)] = static_cast<int>(groups_.size());
    groups_.push_back(std::move(g));
  }

  void place_fold(int i) {
    const cone::member& m = member(i);
    int stage = 0;
    for (const value_ref& a : m.arguments) {
      if (a.node >= 0) stage = std::max(stage, stage_of(a.node));
    }
    group g;
    g.fold = i;
    g.stage = stage;
    g.how = m.what->how;
    g.shape = extents(m.what->shape.count());
    group_of_[static_cast<std::size_t>(i)] = static_cast<int>(groups_.size());
    groups_.push_back(std::move(g));
  }

  // A fold takes the maps before it into its kernel when nobody else wants what they produce.
  void attach(int i) {
    const cone::member& m = member(i);
    int from = -1;
    for (const value_ref& a : m.arguments) {
      if (a.node < 0 || member(a.node).what->map == nullptr || is_native(*member(a.node).what)) return;
      const int g = group_of_[static_cast<std::size_t>(a.node)];
      if (from >= 0 && g != from) return;
      from = g;
    }
    group& maps = groups_[static_cast<std::size_t>(from)];
    if (maps.how.math != m.what->how.math) math_cut().tell(group_at(i));
    if (maps.fold >= 0 || !(maps.how == m.what->how)) return;
    for (int n : maps.nodes) {
      const cone::member& each = member(n);
      for (std::size_t k = 0; k < each.uses.size(); ++k) {
        int inside = 0;
        for (int user : maps.nodes) {
          inside += static_cast<int>(std::count(member(user).arguments.begin(), member(user).arguments.end(),
                                                value_ref{n, static_cast<int>(k)}));
        }
        const int folded = static_cast<int>(
            std::count(m.arguments.begin(), m.arguments.end(), value_ref{n, static_cast<int>(k)}));
        if (each.wanted[k] || each.uses[k] != inside + folded) return;
      }
    }
    group& own = group_at(i);
    if (limits_.alone) {
      alone_cut().tell(own);
      return;
    }
    maps.fold = i;
    own = group{};
    group_of_[static_cast<std::size_t>(i)] = from;
  }

  // Which limit a group would pass.
  reason over(const group& g) {
    double operations = 0;
    for (int n : g.nodes) operations += static_cast<double>(member(n).what->map->program->nodes.size());
    group filled = g;
    complete(filled);
    const int arguments = static_cast<int>(filled.inputs.size()) * 16 +
                          static_cast<int>(filled.numbers.size() + filled.results.size()) * 8 + 40;
    if (operations > limits_.operations)
      return {cut_cause::operations, "operations: more than " + std::to_string(limits_.operations)};
    if (static_cast<int>(filled.inputs.size()) > limits_.inputs)
      return {cut_cause::inputs, "inputs: more than " + std::to_string(limits_.inputs)};
    if (static_cast<int>(filled.results.size()) > limits_.outputs)
      return {cut_cause::outputs, "outputs: more than " + std::to_string(limits_.outputs)};
    if (arguments > limits_.argument_bytes)
      return {cut_cause::arguments,
              "arguments: more than " + std::to_string(limits_.argument_bytes) + " bytes"};
    return {};
  }

  // Inputs, numbers and results of a group. While fusing is going on, uses by nodes not placed yet count as
  // outside uses.
  void complete(group& g) {
    g.inputs.clear();
    g.input_whole.clear();
    g.numbers.clear();
    g.results.clear();
    const auto inside = [&](const value_ref& v) {
      return v.node >= 0 && std::binary_search(g.nodes.begin(), g.nodes.end(), v.node);
    };
    // The text of a hand-written kernel has a parameter for each argument and each result.
    const bool all = g.nodes.size() == 1 && is_native(*member(g.nodes.front()).what);
    const auto need = [&](const value_ref& v, bool whole) {
      for (std::size_t k = 0; k < g.inputs.size(); ++k) {
        if (!all && g.inputs[k] == v && g.input_whole[k] == whole) return;
      }
      g.inputs.push_back(v);
      g.input_whole.push_back(whole);
    };
    for (int n : g.nodes) {
      const cone::member& m = member(n);
      for (std::size_t k = 0; k < m.arguments.size(); ++k) {
        const parameter_kind kind = kind_of(m, k);
        if (kind == parameter_kind::number)
          g.numbers.push_back({n, static_cast<int>(k)});
        else if (!inside(m.arguments[k]))
          need(m.arguments[k], kind == parameter_kind::whole);
      }
    }
    if (g.fold >= 0) {
      const cone::member& m = member(g.fold);
      for (const value_ref& a : m.arguments) {
        if (!inside(a)) need(a, false);
      }
      for (std::size_t k = 0; k < m.uses.size(); ++k) g.results.push_back({g.fold, static_cast<int>(k)});
      return;
    }
    for (int n : g.nodes) {
      const cone::member& m = member(n);
      for (std::size_t k = 0; k < m.uses.size(); ++k) {
        int uses = 0;
        for (int user : g.nodes) {
          uses += static_cast<int>(std::count(member(user).arguments.begin(), member(user).arguments.end(),
                                              value_ref{n, static_cast<int>(k)}));
        }
        if (all || m.wanted[k] || m.uses[k] > uses) g.results.push_back({n, static_cast<int>(k)});
      }
    }
  }

  const cone& c_;
  const fusion_limits limits_;
  std::vector<int> group_of_;
  std::vector<group> groups_;
};

}  // namespace

std::vector<group> fuse(const cone& c, const fusion_limits& limits) { return fuser(c, limits).run(); }

int input_position(const group& g, const value_ref& v, bool whole) {
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    if (g.inputs[k] == v && g.input_whole[k] == whole) return static_cast<int>(k);
  }
  return -1;
}

source_line first_line(const cone& c, const group& g) {
  return c.nodes[static_cast<std::size_t>(g.nodes.empty() ? g.fold : g.nodes.front())].what->line;
}

void lines_of(const cone& c, const group& g, std::vector<source_line>& lines) {
  lines.clear();
  for (const int n : g.nodes) lines.push_back(c.nodes[static_cast<std::size_t>(n)].what->line);
  if (g.fold >= 0) lines.push_back(c.nodes[static_cast<std::size_t>(g.fold)].what->line);
}

std::vector<std::uint64_t> signature(const cone& c,
                                     std::uint64_t (*place_words)(const detail::array_state&)) {
  std::vector<std::uint64_t> words;
  words.reserve(c.nodes.size() * 16 + c.existing.size() * 5);
  const auto put_shape = [&](const extents& e) {
    words.push_back(static_cast<std::uint64_t>(e.rank()));
    for (int axis = 0; axis < 3; ++axis) words.push_back(e[axis]);
  };
  for (const cone::member& m : c.nodes) {
    words.push_back(reinterpret_cast<std::uintptr_t>(m.what->map));
    words.push_back(reinterpret_cast<std::uintptr_t>(m.what->fold));
    words.push_back(std::hash<std::string>{}(m.what->how.device));
    words.push_back(static_cast<std::uint64_t>(m.what->how.bits) * 256 +
                    static_cast<std::uint64_t>(m.what->how.math));
    put_shape(m.what->shape);
    for (const value_ref& a : m.arguments)
      words.push_back((static_cast<std::uint64_t>(static_cast<std::uint32_t>(a.node)) << 32) |
                      static_cast<std::uint32_t>(a.output));
    for (const bool w : m.wanted) words.push_back(w ? 1 : 0);
  }
  for (const detail::array_handle& a : c.existing) {
    words.push_back(static_cast<std::uint64_t>(a->element));
    put_shape(a->shape);
    words.push_back(place_words(*a));
  }
  return words;
}

}  // namespace busfare::core
