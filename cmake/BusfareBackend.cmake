# busfare_add_backend(NAME [BUILTIN] [LIBRARIES target...] [INCLUDES folder...] [REASON text])
#
# A backend is one folder: its sources, one CMakeLists.txt that calls this function, and one line in the top
# CMakeLists.txt. The file module.cpp exports the entry: `busfare_module_NAME`, or `busfare_module` when
# BUSFARE_LOADED_MODULE is defined. BUILTIN backends are always linked in; others follow BUSFARE_MODULES.
function(busfare_add_backend name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BUILTIN" "REASON" "LIBRARIES;INCLUDES")
  busfare_sources(sources "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT sources)
    busfare_leave_out_backend(${name} "no sources in this tree")
    return()
  endif()
  set(entry "${CMAKE_CURRENT_SOURCE_DIR}/module.cpp")
  if(NOT entry IN_LIST sources)
    message(FATAL_ERROR "backend ${name}: ${entry} is missing; it exports busfare_module_${name}")
  endif()
  list(REMOVE_ITEM sources "${entry}")

  # Compiled once; the entry alone differs between a loaded module and a linked one (which the tests use).
  add_library(busfare_${name}_objects OBJECT ${sources})
  add_library(busfare_${name}_entry OBJECT EXCLUDE_FROM_ALL module.cpp)
  foreach(part objects entry)
    busfare_own(busfare_${name}_${part})
    target_include_directories(busfare_${name}_${part} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_include_directories(busfare_${name}_${part} SYSTEM PRIVATE ${arg_INCLUDES})
    target_link_libraries(busfare_${name}_${part} PRIVATE nlohmann_json::nlohmann_json ${arg_LIBRARIES})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY BUSFARE_BACKEND_INCLUDES ${arg_INCLUDES})

  if(arg_BUILTIN OR BUSFARE_MODULES STREQUAL "builtin")
    set_property(GLOBAL APPEND PROPERTY BUSFARE_BUILTIN_BACKENDS ${name})
    set_property(GLOBAL APPEND PROPERTY BUSFARE_BUILTIN_LIBRARIES ${arg_LIBRARIES})
    busfare_decided(${name} "linked in" "${arg_REASON}")
    return()
  endif()

  add_library(busfare_${name} MODULE module.cpp $<TARGET_OBJECTS:busfare_${name}_objects>)
  busfare_own(busfare_${name})
  target_compile_definitions(busfare_${name} PRIVATE BUSFARE_LOADED_MODULE)
  target_include_directories(busfare_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_include_directories(busfare_${name} SYSTEM PRIVATE ${arg_INCLUDES})
  target_link_libraries(busfare_${name} PRIVATE ${arg_LIBRARIES} Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(busfare_${name} PROPERTIES
    PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY "${BUSFARE_OUTPUT_DIR}/lib/busfare")
  install(TARGETS busfare_${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/busfare")
  set_property(GLOBAL APPEND PROPERTY BUSFARE_LOADED_BACKENDS ${name})
  set_property(GLOBAL APPEND PROPERTY BUSFARE_LOADED_LIBRARIES ${arg_LIBRARIES})
  busfare_decided(${name} "loaded module" "${arg_REASON}")
endfunction()

# busfare_leave_out_backend(NAME REASON): the library can tell why the backend is not there.
function(busfare_leave_out_backend name reason)
  string(REPLACE ";" "," reason "${reason}") # rows are kept in a list
  set_property(GLOBAL APPEND PROPERTY BUSFARE_ABSENT_BACKENDS "${name}|${reason}")
  busfare_decided(${name} "left out" "${reason}")
endfunction()

# busfare_write_module_list(FILE): the lists that src/core/builtin_modules.hpp declares.
function(busfare_write_module_list file)
  get_property(builtin GLOBAL PROPERTY BUSFARE_BUILTIN_BACKENDS)
  get_property(loaded GLOBAL PROPERTY BUSFARE_LOADED_BACKENDS)
  get_property(absent GLOBAL PROPERTY BUSFARE_ABSENT_BACKENDS)
  file(RELATIVE_PATH from_program
       "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}/busfare")
  set(folders "busfare" "../lib/busfare" "${from_program}")
  list(REMOVE_DUPLICATES folders)
  foreach(name IN LISTS builtin)
    string(APPEND BUSFARE_ENTRY_DECLARATIONS
           "const busfare::backend::module* busfare_module_${name}();\n")
    string(APPEND BUSFARE_ENTRY_LIST "busfare_module_${name}, ")
  endforeach()
  foreach(name IN LISTS loaded)
    string(APPEND BUSFARE_LOADED_LIST "\"${name}\", ")
  endforeach()
  foreach(folder IN LISTS folders)
    string(APPEND BUSFARE_FOLDER_LIST "\"${folder}\", ")
  endforeach()
  foreach(row IN LISTS absent)
    string(REPLACE "|" "\", \"" row "${row}")
    string(APPEND BUSFARE_ABSENT_LIST "{\"${row}\"}, ")
  endforeach()
  list(LENGTH builtin BUSFARE_ENTRY_COUNT)
  list(LENGTH loaded BUSFARE_LOADED_COUNT)
  list(LENGTH folders BUSFARE_FOLDER_COUNT)
  list(LENGTH absent BUSFARE_ABSENT_COUNT)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/builtin_modules.cpp.in" "${file}" @ONLY)
endfunction()
