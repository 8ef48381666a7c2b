# The installed package: library, headers, program, and what find_package(lineament) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(lineament_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lineament)

install(TARGETS lineament_library EXPORT lineamentTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/lineament DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
if(TARGET lineament_program)
  install(TARGETS lineament_program)
endif()

# A static library's users link with its private dependencies, too; a shared one has done so itself.
get_target_property(lineament_type lineament_library TYPE)
get_target_property(hwy_is_installed hwy::hwy IMPORTED)
set(lineament_private_dependencies "")
if(lineament_type STREQUAL "STATIC_LIBRARY")
  set(lineament_private_dependencies "find_dependency(pugixml)\n")
  if(hwy_is_installed)
    string(APPEND lineament_private_dependencies "find_dependency(hwy)\n")
  else()  # a downloaded Highway 1.0.3 has no package of its own
    install(TARGETS hwy EXPORT lineamentTargets)
  endif()
endif()
configure_package_config_file(cmake/lineamentConfig.cmake.in lineamentConfig.cmake
                              INSTALL_DESTINATION ${lineament_config_dir})
write_basic_package_version_file(lineamentConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT lineamentTargets NAMESPACE lineament:: DESTINATION ${lineament_config_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lineamentConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/lineamentConfigVersion.cmake
        DESTINATION ${lineament_config_dir})
