# Is this compiler one that the headers accept, and how is it started.
set(busfare_compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(NOT ((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12) OR
        (CMAKE_CXX_COMPILER_ID MATCHES "^(Apple)?Clang$" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 14)))
  message(FATAL_ERROR "busfare needs g++ >= 12 or clang >= 14, this is ${busfare_compiler}; "
                      "choose one with -DCMAKE_CXX_COMPILER=g++-12")
endif()

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
  endif()
  find_program(BUSFARE_CCACHE ccache)
  mark_as_advanced(BUSFARE_CCACHE)
  if(BUSFARE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${BUSFARE_CCACHE}")
  endif()
endif()

busfare_decided(compiler "${busfare_compiler}" "${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS}")
if(BUILD_SHARED_LIBS)
  busfare_decided(library shared "BUILD_SHARED_LIBS=${BUILD_SHARED_LIBS}")
else()
  busfare_decided(library static "BUILD_SHARED_LIBS=${BUILD_SHARED_LIBS}")
endif()
