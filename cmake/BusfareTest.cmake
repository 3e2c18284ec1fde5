# How tests are built and run: private caches, sanitizer settings, shards for the cores.

# busfare_test_environment(NAME): no test reads or writes the caches of the person who runs it. Most of the time of
# the tests is PoCL's compiling, and it compiles the same text whatever sanitizers we are built with: what it
# compiled for a test, or for the other half of it, is kept for the same test of other builds. Its key is the text,
# the options and the device.
function(busfare_test_environment name)
  set(home "${PROJECT_BINARY_DIR}/test_home/${name}")
  file(MAKE_DIRECTORY "${home}/cache" "${home}/config" "${home}/tmp")
  set(pocl "${home}/cache/pocl")
  if(BUSFARE_TEST_POCL_CACHE)
    string(REGEX REPLACE "\\.[0-9]+$" "" whole "${name}")
    set(pocl "${BUSFARE_TEST_POCL_CACHE}/${whole}")
    file(MAKE_DIRECTORY "${pocl}")
  endif()
  set(suppressions "${PROJECT_SOURCE_DIR}/tests/support")
  # intercept_tls_get_addr=0: with it on, runtimes up to gcc 13 and LLVM 16 may take a block of dynamic TLS for one with
  # a header of old C libraries, by where it happens to lie, and die at exit ("Tracer caught signal 11").
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 900
    SKIP_RETURN_CODE 77
    ENVIRONMENT
      "HOME=${home};XDG_CACHE_HOME=${home}/cache;XDG_CONFIG_HOME=${home}/config;TMPDIR=${home}/tmp;POCL_CACHE_DIR=${pocl};ASAN_OPTIONS=detect_stack_use_after_return=1:intercept_tls_get_addr=0;LSAN_OPTIONS=suppressions=${suppressions}/leaks.supp:print_suppressions=0;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=suppressions=${suppressions}/races.supp:halt_on_error=1")
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT ${ARGN})
  if(BUSFARE_OPENCL STREQUAL "OFF") # also the tests that look for a platform at run time do without
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "OCL_ICD_VENDORS=${home}/config")
  endif()
endfunction()

# busfare_add_gtest(NAME FOLDER): every *.cpp of the folder in one program, run in two halves.
function(busfare_add_gtest name folder)
  busfare_sources(sources "${folder}")
  # The tests of a backend that this build leaves out would not link.
  get_property(absent GLOBAL PROPERTY BUSFARE_ABSENT_BACKENDS)
  foreach(row IN LISTS absent)
    string(REGEX REPLACE "[|].*" "" backend "${row}")
    list(FILTER sources EXCLUDE REGEX "/${backend}_[a-z_]*_test\\.cpp$")
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources} "${PROJECT_SOURCE_DIR}/tests/support/crash_report.cpp")
  busfare_own(${name})
  target_include_directories(${name} PRIVATE
    "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/bench" "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${name} PRIVATE BUSFARE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE busfare_bench busfare_internal GTest::gtest_main)
  get_property(loaded GLOBAL PROPERTY BUSFARE_LOADED_BACKENDS)
  foreach(backend IN LISTS loaded)
    add_dependencies(${name} busfare_${backend})
  endforeach()
  set(shards 2)
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}.${shard} COMMAND ${name} --gtest_brief=1)
    busfare_test_environment(${name}.${shard}
      GTEST_TOTAL_SHARDS=${shards} GTEST_SHARD_INDEX=${index})
  endforeach()
endfunction()
