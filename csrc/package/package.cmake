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

# The declarations for Cython, which cannot include the tables of constants.
function(coals_constants variable table macro prefix)
  set(path ${PROJECT_SOURCE_DIR}/csrc/include/coals/${table})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(STRINGS ${path} rows REGEX "^${macro}\\(")
  list(TRANSFORM rows REPLACE "^${macro}\\([a-z0-9_]+, ([A-Z0-9_]+),.*" "        ${prefix}\\1")
  list(JOIN rows "\n" rows)
  set(${variable} "${rows}" PARENT_SCOPE)
endfunction()
if(SKBUILD)
  coals_constants(similarities similarities.def COALS_BY_COUNTS COALS_)
  coals_constants(common_similarities similarities.def COALS_ON_COMMON COALS_COMMON_)
  coals_constants(ranking_metrics ranking_metrics.def COALS_RANKING_METRIC COALS_)
  configure_file(csrc/package/core_api.pxd.in ${CMAKE_CURRENT_BINARY_DIR}/core_api.pxd @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/core_api.pxd DESTINATION coals)
endif()
