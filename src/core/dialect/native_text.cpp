// Which text of a hand-written kernel a device takes.
#include "core/dialect/native_text.hpp"

namespace busfare::core {

std::array<std::string_view, 2> native_texts(const native_source& source) {
  return {source.opencl, source.cuda};
}

std::string_view native_text(const native_source& source, std::string_view dialect) {
  if (dialect.starts_with("opencl-")) return source.opencl;
  return dialect == "cuda" ? std::string_view(source.cuda) : std::string_view();
}

std::string_view native_language(std::string_view dialect) {
  if (dialect.starts_with("opencl-")) return "OpenCL C";
  return dialect == "cuda" ? "CUDA C" : dialect;
}

}  // namespace busfare::core
