// What the environment may hold: BUSFARE_THREADS, BUSFARE_ISA, BUSFARE_CACHE and the folders of the user.
#include "core/profile_store.hpp"
#include "core/safe_directory.hpp"
#include "cpu/processor.hpp"
#include "fuzz.hpp"
#include "pool/thread_count.hpp"

namespace {

using namespace busfare;

template <class F> void answers_or(F ask) {
  try {
    ask();
  } catch (const error& e) {
    fuzz::require_class(e, {error_class::invalid_argument});
    fuzz::require_printable(e);
  }
}

void check_folder(const std::string& folder) {
  fuzz::require(folder.empty() || folder.front() == '/', "a folder that is not absolute", folder);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string value = std::string(fuzz::text_of({data, size})).c_str();  // up to the first zero byte
  for (const char* name : {"BUSFARE_THREADS", "BUSFARE_ISA", "BUSFARE_CACHE", "XDG_CACHE_HOME", "HOME"}) {
    ::setenv(name, value.c_str(), 1);
    answers_or([] {
      const unsigned n = pool::default_thread_count(3);
      fuzz::require(n >= 1 && n <= 1024, "a number of threads out of range");
    });
    answers_or([&] {
      const isa chosen = cpu::choose_isa();
      fuzz::require(cpu::supports(chosen), "an instruction set that this processor lacks");
    });
    check_folder(core::user_cache_directory());
    const core::profile_store store;  // opens nothing yet
    check_folder(store.directory());
    for (const std::string& note : store.notes())
      for (const char c : note)
        fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a note holds a control character",
                      note);
    ::unsetenv(name);
  }
  return 0;
}
