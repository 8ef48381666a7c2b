# The installed package: library, headers, program with its manual, documents, and what find_package(lineament) and
# pkg-config read.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(lineament_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lineament)

install(TARGETS lineament_library EXPORT lineamentTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/lineament DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
if(TARGET lineament_program)
  install(TARGETS lineament_program)
endif()

# What needs MPI is for those who ask for the component "mpi", and have it.
if(TARGET lineament_mpi)
  install(TARGETS lineament_mpi EXPORT lineamentMpiTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT lineamentMpiTargets NAMESPACE lineament:: DESTINATION ${lineament_config_dir})
endif()

# A shared library is found from where the program is, wherever both are moved to.
if(lineament_type STREQUAL "SHARED_LIBRARY")
  file(RELATIVE_PATH lineament_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set(lineament_origin $<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>)
  set_target_properties(lineament_library PROPERTIES INSTALL_RPATH ${lineament_origin})
  if(TARGET lineament_program)
    set_target_properties(lineament_program PROPERTIES INSTALL_RPATH ${lineament_origin}/${lineament_to_lib})
  endif()
endif()

# A static library's users link with its private dependencies, too; a shared one has done so itself.
get_target_property(hwy_is_installed hwy::hwy IMPORTED)
set(lineament_private_dependencies "")
set(lineament_pc_requires "eigen3 >= 3.4")
set(lineament_pc_libs "-llineament")
if(lineament_type STREQUAL "STATIC_LIBRARY")
  set(lineament_private_dependencies "find_dependency(pugixml)\n")
  string(APPEND lineament_pc_requires ", pugixml")
  if(hwy_is_installed)
    string(APPEND lineament_private_dependencies "find_dependency(hwy)\n")
    string(APPEND lineament_pc_requires ", libhwy")
  else()  # a downloaded Highway 1.0.3 has no package of its own
    install(TARGETS hwy EXPORT lineamentTargets)
    string(APPEND lineament_pc_libs " -lhwy")
  endif()
endif()
if(lineament_type STREQUAL "STATIC_LIBRARY" AND LINEAMENT_JPEG STREQUAL "turbo")
  string(APPEND lineament_pc_requires ", libturbojpeg")
endif()
string(APPEND lineament_pc_libs " ${CMAKE_THREAD_LIBS_INIT}")
configure_package_config_file(cmake/lineamentConfig.cmake.in lineamentConfig.cmake
                              INSTALL_DESTINATION ${lineament_config_dir})
write_basic_package_version_file(lineamentConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT lineamentTargets NAMESPACE lineament:: DESTINATION ${lineament_config_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lineamentConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/lineamentConfigVersion.cmake
        DESTINATION ${lineament_config_dir})

# Paths relative to the file itself, as in lineamentConfig.cmake: the folder may be moved.
set(lineament_pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH lineament_pc_prefix ${lineament_pc_dir} ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH lineament_pc_libdir ${lineament_pc_dir} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH lineament_pc_includedir ${lineament_pc_dir} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/lineament.pc.in lineament.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lineament.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(PROJECT_IS_TOP_LEVEL)
  set(lineament_documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/lineament)
  install(FILES README.md CHANGELOG.md CITATION.cff CONTRIBUTING.md LICENSE DESTINATION ${lineament_documents})
  install(FILES data/models/README.md DESTINATION ${lineament_documents}/data/models)
  install(DIRECTORY docs examples DESTINATION ${lineament_documents}
          FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN "*.svg" PATTERN "*.[ch]pp")
  add_custom_target(uninstall
    COMMAND ${CMAKE_COMMAND} -D MANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
            -P ${CMAKE_CURRENT_LIST_DIR}/uninstall.cmake
    COMMENT "Removing what was installed last")
endif()
