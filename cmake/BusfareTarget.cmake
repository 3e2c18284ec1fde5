# What every target of this project shares: warnings, visibility, arithmetic, and the table of decisions.

# busfare_decided(WHAT VALUE REASON): one row of the table that ends the configure.
function(busfare_decided what value reason)
  string(REPLACE ";" "," reason "${reason}") # rows are kept in a list
  set_property(GLOBAL APPEND PROPERTY BUSFARE_DECISIONS "${what}|${value}|${reason}")
endfunction()

function(busfare_print_decisions)
  get_property(rows GLOBAL PROPERTY BUSFARE_DECISIONS)
  message(STATUS "")
  message(STATUS "busfare ${PROJECT_VERSION}: what was decided, and why")
  foreach(row IN LISTS rows)
    string(REPLACE "|" ";" cells "${row}")
    list(GET cells 0 what)
    list(GET cells 1 value)
    list(GET cells 2 reason)
    string(LENGTH "${what}" used)
    math(EXPR pad "12 - ${used}")
    string(REPEAT " " ${pad} what_pad)
    string(LENGTH "${value}" used)
    math(EXPR pad "16 - ${used}")
    if(pad LESS 1)
      set(pad 1)
    endif()
    string(REPEAT " " ${pad} value_pad)
    message(STATUS "  ${what}:${what_pad}${value}${value_pad}${reason}")
  endforeach()
  message(STATUS "")
endfunction()

# busfare_warnings(TARGET): for code that is compiled as a user compiles (examples, consumers). Sign conversion,
# which only clang counts to -Wconversion, is off for both compilers.
function(busfare_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees an overlap in every `std::string + "x"` (its bug 105651, mended in 13).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(BUSFARE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()

# busfare_own(TARGET): our own sources. Contraction is off so that one operation stays one rounding.
function(busfare_own target)
  busfare_warnings(${target})
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  set_target_properties(${target} PROPERTIES
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PRIVATE busfare_headers)
endfunction()

# busfare_sources(VARIABLE FOLDER): the folder's sources, also in folders below; may be empty.
function(busfare_sources variable folder)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS "${folder}/*.cpp")
  list(SORT found)
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# busfare_add_part(NAME source...): a folder of the library that is no backend.
function(busfare_add_part name)
  if(NOT ARGN)
    return()
  endif()
  add_library(busfare_${name}_objects OBJECT ${ARGN})
  busfare_own(busfare_${name}_objects)
  target_include_directories(busfare_${name}_objects PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_include_directories(busfare_${name}_objects SYSTEM PRIVATE "${BUSFARE_XXHASH_DIR}")
  target_link_libraries(busfare_${name}_objects PRIVATE nlohmann_json::nlohmann_json)
endfunction()
