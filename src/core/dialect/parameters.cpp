// Parameter lists and the frame of a source.
#include "core/dialect/parameters.hpp"

#include "core/dialect/helpers.hpp"

namespace busfare::core {

parameter_list parameters_of(std::span<const backend::parameter> arguments, std::span<const type> results,
                             const dialect_spec& d) {
  using kind = backend::parameter_kind;
  parameter_list l;
  const auto add = [&](const std::string& declaration, const std::string& name) {
    l.received += declaration + name + ", ";
    l.passed += name + ", ";
  };
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const backend::parameter& p = arguments[k];
    const std::string number = std::to_string(k), a = "a" + number, n = "n" + number;
    const auto t = static_cast<std::uint8_t>(p.type);
    const std::string pointer = std::string(d.global) + "const " + d.stored[t] + "*";
    if (p.kind == kind::number) {
      add("const " + std::string(d.values[static_cast<std::uint8_t>(value_of(p.type))]) + " ", a);
    } else if (p.kind == kind::whole) {
      add(pointer + d.restrict_pointer + " ", a);
      add("const " + std::string(d.values[4]) + " ", n);
    } else {  // may be the very memory of a result: not restrict
      add(pointer + " ", a);
    }
    l.names.inputs.push_back(p.kind == kind::element     ? loaded_text(p.type, a + "[i]")
                             : p.kind == kind::broadcast ? loaded_text(p.type, a + "[0]")
                                                         : a);
    l.names.tables.push_back(a);
    l.names.sizes.push_back(n);
  }
  const std::string u64 = std::string("const ") + d.values[5] + " ";
  const std::string shape = u64 + "shape0, " + u64 + "shape1, " + u64 + "shape2";
  l.declared = l.received;
  for (std::size_t k = 0; k < results.size(); ++k)
    l.declared += std::string(d.global) + d.stored[static_cast<std::uint8_t>(results[k])] + "* r" +
                  std::to_string(k) + ", ";
  l.declared += u64 + "first, " + u64 + "count, " + shape;
  l.received += shape;
  l.passed += "shape0, shape1, shape2";
  return l;
}

std::string whole_source(const std::string& code, const dialect_spec& d) {
  const std::string text = helpers_for(code, d) + code;
  return d.head + std::string(mentions_f64(text) ? d.f64_head : "") + text;
}

}  // namespace busfare::core
