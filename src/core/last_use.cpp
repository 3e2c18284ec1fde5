// Memory that is free before its run ends: a chain of large arrays holds a few of them at a time.
#include "core/last_use.hpp"

#include <iterator>
#include <utility>

namespace busfare::core {
namespace {

struct life {
  std::size_t last = 0;  // group that reads it; the first one reads nothing of this run
  int device = -1;       // that writes it to memory; -1: it stays inside a kernel
  bool leaves = false;   // it is read on another
  bool kept = false;     // somebody may ask for it after this run
};

}  // namespace

last_uses::last_uses(const cone& c, const compiled_plan& made,
                     const std::vector<std::vector<detail::array_handle>>& outputs) {
  const std::size_t groups = made.groups.size();
  if (groups < 2) return;
  ends_.resize(groups);
  std::vector<std::vector<life>> lives(c.nodes.size());
  for (std::size_t n = 0; n < lives.size(); ++n) lives[n].resize(outputs[n].size());
  const auto life_of = [&](const value_ref& v) -> life& {
    return lives[static_cast<std::size_t>(v.node)][static_cast<std::size_t>(v.output)];
  };
  for (std::size_t g = 0; g < groups; ++g) {
    for (const value_ref& v : made.groups[g].inputs) {
      if (v.node < 0) continue;
      life& l = life_of(v);
      l.last = g;
      l.leaves = l.leaves || made.device[g] != l.device;
    }
    for (const value_ref& v : made.groups[g].results) life_of(v).device = made.device[g];
  }
  // Readers come before what they read.
  for (std::size_t n = lives.size(); n-- > 0;) {
    const cone::member& m = c.nodes[n];
    bool stays = false;  // recorded: a result that this run does not write is wanted from outside
    for (std::size_t k = 0; k < lives[n].size(); ++k) {
      life& l = lives[n][k];
      // Other handles than this list's and those of the nodes that read it.
      l.kept = l.kept || (outputs[n][k] && outputs[n][k].use_count() != 1 + m.uses[k]);
      stays = stays || (l.kept && l.device < 0);
      if (l.kept || l.leaves || l.last == 0 || !outputs[n][k]) continue;
      ends_[l.last].push_back({static_cast<int>(n), static_cast<int>(k)});
    }
    if (!stays) continue;
    for (const value_ref& v : m.arguments)
      if (v.node >= 0) life_of(v).kept = true;
  }
}

void retire(detail::array_state& a, device_slot& slot, run_log& log) {
  if (slot.is_host()) {
    a.host.reset();
    return;
  }
  if (a.replicas.size() != 1 || a.replicas.front().device != slot.index || a.on_host.load()) return;
  log.idle.push_back({&slot, a.bytes, a.replicas.front(), a.host});
  a.replicas.clear();
  a.host.reset();
}

const backend::block* reuse_room(device_slot& slot, detail::array_state& a, run_log& log) {
  // Last in, first out: the caches may still hold it.
  for (auto each = log.idle.rbegin(); each != log.idle.rend(); ++each) {
    if (each->slot != &slot || each->bytes != a.bytes) continue;
    a.replicas.push_back(std::move(each->memory));
    a.host = std::move(each->host);
    log.idle.erase(std::next(each).base());
    return &a.replicas.back().memory;
  }
  return nullptr;
}

}  // namespace busfare::core
