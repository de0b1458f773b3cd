# Headers, the static library and the CMake package, for those who embed the core. In a wheel they lie below the Python
# package, where `coals.get_cmake_dir()` finds them; `cmake --install` puts them where the prefix has such things.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(SKBUILD)
  set(coals_include coals/include)
  set(coals_lib coals/lib)
else()
  set(coals_include ${CMAKE_INSTALL_INCLUDEDIR})
  set(coals_lib ${CMAKE_INSTALL_LIBDIR})
endif()
set(coals_package ${coals_lib}/cmake/coals)

target_include_directories(coals PUBLIC $<INSTALL_INTERFACE:${coals_include}>)
install(TARGETS coals EXPORT coalsTargets ARCHIVE DESTINATION ${coals_lib})
install(DIRECTORY csrc/include/coals DESTINATION ${coals_include})
install(EXPORT coalsTargets NAMESPACE coals:: DESTINATION ${coals_package})

configure_package_config_file(csrc/package/coalsConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/coalsConfig.cmake
  INSTALL_DESTINATION ${coals_package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/coalsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/coalsConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/coalsConfigVersion.cmake
  DESTINATION ${coals_package})
