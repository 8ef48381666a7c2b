# Configures a project that has this tree as a subdirectory: its own CMakeLists.txt checks what came of that. Nothing is
# built. Called by ctest with BUILD, GENERATOR and COMPILER set.
include(${CMAKE_CURRENT_LIST_DIR}/../tools/steps.cmake)
set(work ${BUILD}/tests/subproject)
file(REMOVE_RECURSE ${work})
get_filename_component(source ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)

foreach(shared OFF ON)
  run("Configuring the parent, BUILD_SHARED_LIBS=${shared}," ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}
      -B ${work}/${shared} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER} -DLINEAMENT_SOURCE=${source}
      -DBUILD_SHARED_LIBS=${shared})
  file(STRINGS ${work}/${shared}/CMakeCache.txt type REGEX "^CMAKE_BUILD_TYPE:")
  if(NOT type MATCHES "=$")
    message(FATAL_ERROR "the parent's cache has ${type}")
  endif()
endforeach()
