# Installs the build into an empty folder, then configures, builds and runs the consumer project against that folder.
# Called by ctest with BUILD, CONFIG, GENERATOR, COMPILER, SANITIZE and VERSION set.
include(${CMAKE_CURRENT_LIST_DIR}/../tools/steps.cmake)
set(work ${BUILD}/tests/consumer)
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})

run("Installing" ${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${prefix})

# Nothing in the package may point back into the source or build folder.
get_filename_component(source ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
file(GLOB_RECURSE configs ${prefix}/*.cmake ${prefix}/*.pc)
foreach(config ${configs})
  file(READ ${config} text)
  foreach(folder ${source}/include ${source}/src ${BUILD})
    string(FIND "${text}" "${folder}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${config} names ${folder}")
    endif()
  endforeach()
endforeach()

set(flags "")
if(SANITIZE)
  set(flags -DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE})
endif()
# nlohmann/json and CLI11 are used inside only: a user must not need them.
run("Configuring the consumer" ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/build -G ${GENERATOR}
    -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix} ${flags}
    -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON)
file(STRINGS ${work}/build/CMakeCache.txt found REGEX "^lineament_DIR")
expect("${found}" ${prefix})
run("Building the consumer" ${CMAKE_COMMAND} --build ${work}/build --config ${CONFIG})
run("The consumer" ${work}/build/consumer ${work}/model.safetensors)
expect("${output}" "128x128x3 49152 50 30x40")
expect("${output}" "network, model file and landmarker: 68 points")
expect("${output}" "the library's own models: 0 faces in a grey picture")
expect("${output}" "no such file")

if(EXISTS ${prefix}/bin/lineament)
  run("The installed program" ${prefix}/bin/lineament --version)
  expect("${output}" ${VERSION})
endif()

file(GLOB_RECURSE pc ${prefix}/*lineament.pc)
get_filename_component(pc_folder "${pc}" DIRECTORY)
find_program(pkg_config pkg-config)
if(pkg_config)
  set(ENV{PKG_CONFIG_PATH} ${pc_folder})
  run("pkg-config" ${pkg_config} --print-errors --exists "lineament = ${VERSION}")
endif()

run("Uninstalling" ${CMAKE_COMMAND} --build ${BUILD} --config ${CONFIG} --target uninstall)
file(GLOB_RECURSE left ${prefix}/*)
if(left)
  message(FATAL_ERROR "uninstall left ${left}")
endif()
message(STATUS "the installed package works")
