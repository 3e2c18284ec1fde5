// Any kernel: its name is stable, canonical order and fusion keep its meaning, every dialect gets whole text.
#include <cctype>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/canonical.hpp"
#include "core/compose.hpp"
#include "core/dialect/emit.hpp"
#include "core/program_text.hpp"
#include "random_program.hpp"

namespace {

using namespace busfare;
using namespace busfare::core;
using backend::parameter_kind;

constexpr const char* dialects[] = {"opencl-cpu", "opencl-gpu", "cuda"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// v12 and s1_0: the values and loop states of a body.
bool is_value(const std::string& word) {
  return word.size() > 1 && (word[0] == 'v' || word[0] == 's') &&
         word.find_first_not_of("0123456789_", 1) == std::string::npos;
}

// Brackets close, no placeholder is left, every value is declared once where it is used.
void check_text(const generated& g) {
  const std::string& s = g.source;
  fuzz::require(s.find('$') == std::string::npos, "a placeholder is left", s);
  fuzz::require(s.find(g.entry + "(") != std::string::npos, "the entry is missing", s);
  std::vector<std::set<std::string>> scopes(1);
  int round = 0;
  std::string before;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '(') ++round;
    if (s[i] == ')') --round;
    if (s[i] == '{') scopes.emplace_back();
    if (s[i] == '}') scopes.pop_back();
    fuzz::require(round >= 0 && !scopes.empty(), "a bracket closes nothing", s);
    if (!is_word(s[i])) {
      if (s[i] != ' ') before.clear();
      continue;
    }
    const std::size_t begin = i;
    while (i + 1 < s.size() && is_word(s[i + 1])) ++i;
    const std::string word = s.substr(begin, i - begin + 1);
    if (is_value(word)) {
      const bool declares = !before.empty() && before != "return";
      if (declares)
        fuzz::require(scopes.back().insert(word).second, "a value is declared twice", word + "\n" + s);
      bool known = false;
      for (const std::set<std::string>& scope : scopes) known = known || scope.contains(word);
      fuzz::require(known, "a value is used where it is not declared", word + "\n" + s);
    }
    before = word;
  }
  fuzz::require(round == 0 && scopes.size() == 1, "a bracket stays open", s);
}

program_ptr sums(const std::vector<type>& components) {
  std::vector<backend::parameter> arguments;
  for (int twice = 0; twice < 2; ++twice)
    for (const type t : components) arguments.push_back({parameter_kind::element, compute_of(t)});
  detail::trace_session s(arguments, source_line::here());
  std::vector<detail::symbol_id> results;
  std::vector<type> stored;
  const int k = static_cast<int>(components.size());
  for (int i = 0; i < k; ++i) {
    const type t = compute_of(components[static_cast<std::size_t>(i)]);
    results.push_back(detail::trace_op(op::add, value_of(t), {s.input(i), s.input(i + k)}));
    stored.push_back(t);
  }
  return s.finish(results, stored);
}

void check_dialects(const program& p) {
  const program_ptr fold = sums(p.stored);
  for (const char* dialect : dialects) {
    const generated map = emit_map(p, dialect);
    check_text(map);
    fuzz::require(emit_map(p, dialect).source == map.source, "generated text is not stable", map.source);
    const generated fast = emit_map(p, dialect, spelling::native);
    check_text(fast);
    fuzz::require(fast.fast || fast.source.find("FP_CONTRACT ON") == std::string::npos,
                  "a text contracts and does not say so", fast.source);
    const generated folded = emit_fold(&p, *fold, p.stored, dialect);
    check_text(folded);
    fuzz::require(folded.entry != map.entry, "a map and a fold have one name", map.entry);
  }
}

// Equal names, equal programs: over everything that this process has seen.
void check_name(const program& p) {
  static std::unordered_map<std::string, std::string> seen;
  if (seen.size() > 20000) seen.clear();
  const std::string words = text(p);
  const auto [at, added] = seen.emplace(hex(p.id), words);
  fuzz::require(added || at->second == words, "two programs have one name", at->second + words);
}

fuzz::bits stored_result(const program& p, const fuzz::evaluation& e, std::size_t k) {
  const value_type had = p.nodes[p.results[k]].type;
  fuzz::require(had == value_type::mask || had == value_of(p.stored[k]),
                "a result is stored as another type");
  return fuzz::through_memory(e.result(k), p.stored[k]);
}

// What `second` makes of what `first` has stored must be what the fused program makes.
void check_fusion(const program& first, const fuzz::random_arguments& a, const program& second,
                  const fuzz::random_arguments& b) {
  fuzz::random_arguments fused = a, apart = b;
  apart.held.index = a.held.index;
  std::vector<int> same_place, bound;
  for (std::size_t k = 0; k < a.list.size(); ++k) same_place.push_back(static_cast<int>(k));
  const fuzz::evaluation of_first(first, a.held);
  for (std::size_t k = 0; k < b.list.size(); ++k) {
    int source = static_cast<int>(fused.list.size());
    if (b.list[k].kind == parameter_kind::element) {
      for (std::size_t r = 0; r < first.results.size(); ++r) {
        if (first.stored[r] != b.list[k].type) continue;
        source = ~static_cast<int>(r);
        apart.held.values[k] = stored_result(first, of_first, r);
      }
    }
    bound.push_back(source);
    if (source < 0) continue;
    fused.list.push_back(b.list[k]);
    fused.held.values.push_back(b.held.values[k]);
    fused.held.tables.push_back(b.held.tables[k]);
  }
  std::vector<int> results;
  std::vector<type> stored = first.stored;
  stored.insert(stored.end(), second.stored.begin(), second.stored.end());
  for (std::size_t k = 0; k < stored.size(); ++k) results.push_back(static_cast<int>(k));
  const fused_part parts[] = {{&first, same_place}, {&second, bound}};
  const program_ptr both = compose(parts, fused.list, results, stored);
  check_name(*both);
  const fuzz::evaluation of_second(second, apart.held), of_both(*both, fused.held);
  const auto agree = [&](const program& p, const fuzz::evaluation& e, std::size_t k, std::size_t at) {
    fuzz::require(
        fuzz::equal_bits(stored_result(p, e, k), stored_result(*both, of_both, at), value_of(p.stored[k])),
        "fusion changes a result", text(first) + text(second) + text(*both));
  };
  for (std::size_t k = 0; k < first.results.size(); ++k) agree(first, of_first, k, k);
  for (std::size_t k = 0; k < second.results.size(); ++k)
    agree(second, of_second, k, first.results.size() + k);
  check_text(emit_map(*both, dialects[0]));
}

program_ptr checked(const fuzz::random_arguments& arguments, fuzz::bytes& in) {
  fuzz::bytes again = in;
  fuzz::random_program recorder(arguments, in);
  const program_ptr p = recorder.record();
  const program_ptr repeated = fuzz::random_program(arguments, again).record();
  fuzz::require(same(*p, *repeated) && text(*p) == text(*repeated), "recording is not stable", text(*p));
  program copy = *p;
  fuzz::require(same(*p, *canonical(std::move(copy))), "canonical order is not stable", text(*p));
  check_name(*p);
  const fuzz::evaluation e(*p, arguments.held);
  for (std::size_t k = 0; k < p->results.size(); ++k) {
    fuzz::bits expected = 0;
    if (recorder.expects(k, expected))
      fuzz::require(fuzz::equal_bits(e.result(k), expected, p->nodes[p->results[k]].type),
                    "canonical order changes a result", text(*p));
  }
  check_dialects(*p);
  return p;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::bytes in({data, size});
  const std::size_t split = size - in.below(size / 2 + 1 < 256 ? size / 2 + 1 : 256);
  fuzz::bytes head({data, split}), tail({data + split, size - split});
  head.byte();
  const fuzz::random_arguments a = fuzz::arguments_from(head);
  const program_ptr first = checked(a, head);
  const fuzz::random_arguments b = fuzz::arguments_from(tail, first->stored);
  const program_ptr second = checked(b, tail);
  check_fusion(*first, a, *second, b);
  return 0;
}
