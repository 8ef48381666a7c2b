# What cpack makes of an installed tree: an archive, and a package for Debian and its kin (cpack -G DEB).
set(CPACK_PACKAGE_NAME lineament)
set(CPACK_PACKAGE_VENDOR "The Lineament authors")
set(CPACK_PACKAGE_CONTACT "The Lineament authors <maintainers@lineament.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "Trains and runs convolutional networks that find the 68 points of a face (iBUG 300-W).
The package holds the program lineament, its manual, and the C++20 library with headers, for CMake and pkg-config.
It needs no Python and no GPU.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
if(UNIX AND NOT APPLE)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
endif()
if(NOT CPACK_GENERATOR)
  set(CPACK_GENERATOR TGZ)
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # the libraries that the program is linked with; needs dpkg-dev
# Our headers include Eigen; a static library is linked together with the two others.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4)")
if(lineament_type STREQUAL "STATIC_LIBRARY")
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libpugixml-dev, libhwy-dev")
else()
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})  # where the program's own library is found
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/triggers)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
endif()
include(CPack)
