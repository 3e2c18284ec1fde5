# install, export, busfareConfig.cmake and busfare.pc; the installed tree may be moved.
include(CMakePackageConfigHelpers)

install(TARGETS busfare EXPORT busfareTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY include/busfare DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp"
        PATTERN "*.def" PATTERN "*.inc")
if(TARGET busfare_cli)
  file(RELATIVE_PATH busfare_origin "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
  set_target_properties(busfare_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${busfare_origin}")
  install(TARGETS busfare_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
file(GLOB busfare_profiles CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/profiles/*.json")
if(busfare_profiles)
  install(FILES ${busfare_profiles} DESTINATION "${CMAKE_INSTALL_DATADIR}/busfare/profiles")
endif()
install(FILES LICENSE NOTICE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# A static library hands the libraries it needs to its user.
set(BUSFARE_FIND_DEPENDENCIES "find_dependency(Threads)")
set(BUSFARE_PC_PRIVATE "-pthread -ldl")
get_property(busfare_builtin GLOBAL PROPERTY BUSFARE_BUILTIN_BACKENDS)
if(NOT BUILD_SHARED_LIBS AND "opencl" IN_LIST busfare_builtin)
  string(APPEND BUSFARE_FIND_DEPENDENCIES "\nfind_dependency(OpenCL)")
  string(APPEND BUSFARE_PC_PRIVATE " -lOpenCL")
endif()
if(BUILD_SHARED_LIBS)
  set(BUSFARE_PC_LIBS "-L\${libdir} -lbusfare -pthread")
else()
  set(BUSFARE_PC_LIBS "-L\${libdir} -lbusfare ${BUSFARE_PC_PRIVATE}")
endif()

set(busfare_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/busfare")
install(EXPORT busfareTargets NAMESPACE busfare:: DESTINATION "${busfare_cmake_dir}")
configure_package_config_file(cmake/busfareConfig.cmake.in "${PROJECT_BINARY_DIR}/generated/busfareConfig.cmake"
  INSTALL_DESTINATION "${busfare_cmake_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/busfareConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/busfareConfig.cmake"
              "${PROJECT_BINARY_DIR}/generated/busfareConfigVersion.cmake"
        DESTINATION "${busfare_cmake_dir}")

file(RELATIVE_PATH BUSFARE_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/busfare.pc.in "${PROJECT_BINARY_DIR}/generated/busfare.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/generated/busfare.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
