# Compiles one case as a user would. `ok_*.cpp` must compile; every other file must not, and what the compiler
# says must match the regular expression of the file's first line: `// expect: regex`.
# cmake -DCASE=file -DCOMPILER=c++ -DINCLUDE=folder -P run.cmake
get_filename_component(name "${CASE}" NAME_WE)
set(ENV{LC_ALL} C)
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${INCLUDE}" "${CASE}"
  RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)

if(name MATCHES "^ok_")
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name} must compile, but:\n${said}")
  endif()
  return()
endif()

file(STRINGS "${CASE}" first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${name}: the first line must be `// expect: regex`")
endif()
set(expected "${CMAKE_MATCH_1}")
if(code EQUAL 0)
  message(FATAL_ERROR "${name} compiles, but must not; expected: ${expected}")
elseif(said MATCHES "(No such file|cannot open|file not found)")
  message(FATAL_ERROR "${name} fails for want of a file:\n${said}")
elseif(NOT said MATCHES "${expected}")
  message(FATAL_ERROR "${name} fails, as it must, but the user does not read '${expected}':\n${said}")
endif()
