// Maps: one element per work item.
#include "core/dialect/emit.hpp"
#include "core/dialect/parameters.hpp"
#include "core/program_text.hpp"

namespace busfare::core {

generated emit_map(const program& p, std::string_view dialect) {
  const dialect_spec& d = dialect_named(dialect);
  const parameter_list l = parameters_of(p.arguments, p.stored, d);
  const int indent = d.map_end[0] == 0 ? 2 : 4;  // inside a loop over the grid
  const std::string in(static_cast<std::size_t>(indent), ' ');
  std::string body = d.map_begin + body_text(p, d, l.names, indent);
  for (std::size_t k = 0; k < p.results.size(); ++k)
    body += in + "r" + std::to_string(k) + "[i] = " + stored_value(p, k, p.stored[k], d) + ";\n";
  body += d.map_end;
  // The entry's name would be taken for a helper's: it joins after the helpers are known.
  generated g;
  g.entry = "bf_" + hex(p.id).substr(0, 16);
  const std::string kernel = d.kernel + std::string("$entry(") + l.declared + ") {\n" + body + "}\n";
  g.source = whole_source(kernel, d);
  g.source.replace(g.source.find("$entry("), 6, g.entry);
  return g;
}

}  // namespace busfare::core
