# What the library, the program, the tests and the benches need. An installed package is used if there is one; otherwise
# the version that Debian 12 has is downloaded and checked against its hash.
include(FetchContent)
find_package(Threads REQUIRED)
if(POLICY CMP0135)  # CMake 3.24: a changed download makes everything that uses it out of date
  cmake_policy(SET CMP0135 NEW)
endif()

# Called when <name> was not found: downloads it, or says what to install. A function, so that the settings for the
# other project's build do not leak into ours.
function(lineament_fetch name debian url sha256)
  if(NOT LINEAMENT_FETCH_MISSING)
    message(FATAL_ERROR "${name} was not found, and LINEAMENT_FETCH_MISSING is off. On Debian or Ubuntu: "
                        "apt-get install ${debian}")
  endif()
  message(STATUS "${name} was not found (Debian package: ${debian}); downloading ${url}")
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # option() in the other project keeps the values set here
  set(CMAKE_POLICY_DEFAULT_CMP0126 NEW)  # and so does set(... CACHE)
  set(CMAKE_POLICY_VERSION_MINIMUM 3.5)  # CMake 4 refuses projects that say they are for less, as some of these do
  set(CMAKE_WARN_DEPRECATED OFF)
  set(CMAKE_UNITY_BUILD OFF)
  set(BUILD_TESTING OFF)
  set(EIGEN_BUILD_DOC OFF)
  set(EIGEN_BUILD_PKGCONFIG ON)  # ours names it
  set(JSON_Install OFF)  # private and header-only: users of our installed package do not need it
  set(HWY_FORCE_STATIC_LIBS ON)  # inside ours: a shared one would have to be installed beside it
  set(HWY_ENABLE_INSTALL OFF)
  set(HWY_ENABLE_EXAMPLES OFF)
  set(HWY_ENABLE_TESTS OFF)
  set(CATCH_INSTALL_DOCS OFF)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  set(system "")
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)  # an older CMake shows the warnings of downloaded headers, too
    set(system SYSTEM)
  endif()
  FetchContent_Declare(${name} URL ${url} URL_HASH SHA256=${sha256} ${system})
  FetchContent_MakeAvailable(${name})
endfunction()

find_package(Eigen3 3.4 QUIET NO_MODULE)
if(NOT TARGET Eigen3::Eigen)
  lineament_fetch(Eigen3 libeigen3-dev https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
                  b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626)
endif()

find_package(nlohmann_json 3.10 QUIET)
if(NOT TARGET nlohmann_json::nlohmann_json)
  lineament_fetch(nlohmann_json nlohmann-json3-dev
                  https://github.com/nlohmann/json/releases/download/v3.11.2/json.tar.xz
                  8c4b26bf4b422252e13f332bc5e388ec0ab5c3443d24399acb675e68278d341f)
endif()

find_package(pugixml QUIET)
if(NOT TARGET pugixml::pugixml)
  lineament_fetch(pugixml libpugixml-dev
                  https://github.com/zeux/pugixml/releases/download/v1.13/pugixml-1.13.tar.gz
                  40c0b3914ec131485640fa57e55bf1136446026b41db91c1bef678186a12abbe)
endif()

find_package(hwy QUIET)
if(NOT TARGET hwy::hwy)
  lineament_fetch(hwy libhwy-dev https://github.com/google/highway/archive/refs/tags/1.0.3.tar.gz
                  566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e)
  set_target_properties(hwy_contrib hwy_test PROPERTIES EXCLUDE_FROM_ALL ON)  # minutes of work, and not used
  if(NOT TARGET hwy::hwy)
    add_library(hwy::hwy ALIAS hwy)
  endif()
endif()

find_path(LINEAMENT_STB_DIR stb_image.h PATH_SUFFIXES stb)
mark_as_advanced(LINEAMENT_STB_DIR)
if(NOT LINEAMENT_STB_DIR)  # two headers without a build of their own
  lineament_fetch(stb libstb-dev https://github.com/nothings/stb/archive/8b5f1f37b5b75829fc72d38e7b5d4bcbf8a26d55.zip
                  93a16ee3e866e719feec459f6f132cce932c5ec751eb38e3ec1975f911353d2e)
  FetchContent_GetProperties(stb SOURCE_DIR LINEAMENT_STB_DIR)
endif()

if(LINEAMENT_JPEG STREQUAL "turbo")
  find_path(LINEAMENT_TURBO_DIR turbojpeg.h)
  find_library(LINEAMENT_TURBO_LIBRARY turbojpeg)
  mark_as_advanced(LINEAMENT_TURBO_DIR LINEAMENT_TURBO_LIBRARY)
  if(NOT LINEAMENT_TURBO_DIR OR NOT LINEAMENT_TURBO_LIBRARY)
    message(FATAL_ERROR "LINEAMENT_JPEG=turbo: libjpeg-turbo was not found. On Debian or Ubuntu: apt-get install "
                        "libturbojpeg0-dev; or leave LINEAMENT_JPEG at stb")
  endif()
elseif(NOT LINEAMENT_JPEG STREQUAL "stb")
  message(FATAL_ERROR "LINEAMENT_JPEG: wanted stb or turbo, got ${LINEAMENT_JPEG}")
endif()

# For src/mpi alone. The component is CXX, so that projects without the language C can use ours; of MPI's bindings for C++,
# which are gone from its standard, nothing is used.
if(LINEAMENT_MPI STREQUAL "AUTO")
  if(NOT CMAKE_CROSSCOMPILING)
    find_package(MPI QUIET COMPONENTS CXX)
  endif()
elseif(LINEAMENT_MPI)
  find_package(MPI COMPONENTS CXX)
  if(NOT TARGET MPI::MPI_CXX)
    message(FATAL_ERROR "LINEAMENT_MPI=ON: MPI was not found. On Debian or Ubuntu: apt-get install libopenmpi-dev "
                        "openmpi-bin; or leave LINEAMENT_MPI at AUTO")
  endif()
endif()

if(LINEAMENT_PROGRAM OR LINEAMENT_BENCH)
  find_package(CLI11 2.1 QUIET)
  if(NOT TARGET CLI11::CLI11)
    lineament_fetch(CLI11 libcli11-dev https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
                    26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb)
  endif()
endif()

if(LINEAMENT_TESTS)
  find_package(Catch2 QUIET)  # 2.13 or 3: see tests/catch.hpp
  if(NOT TARGET Catch2::Catch2)
    lineament_fetch(Catch2 catch2 https://github.com/catchorg/Catch2/archive/refs/tags/v2.13.10.tar.gz
                    d54a712b7b1d7708bc7a819a8e6e47b2fde9536f487b89ccbca295072a7d9943)
  endif()
endif()

if(LINEAMENT_BENCH)
  find_package(benchmark QUIET)
  if(NOT TARGET benchmark::benchmark)
    lineament_fetch(benchmark libbenchmark-dev https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
                    6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
  endif()
endif()

# Public headers include Eigen and start threads. The rest is private: header-only libraries are hidden from the
# installed package altogether, the two with object code stay as things to link with when ours is a static library.
function(lineament_link_dependencies target)
  target_link_libraries(${target} PUBLIC Eigen3::Eigen Threads::Threads
                                  PRIVATE $<BUILD_INTERFACE:nlohmann_json::nlohmann_json> pugixml::pugixml hwy::hwy)
  target_include_directories(${target} SYSTEM PRIVATE ${LINEAMENT_STB_DIR})
  if(LINEAMENT_JPEG STREQUAL "turbo")
    target_link_libraries(${target} PRIVATE ${LINEAMENT_TURBO_LIBRARY})
    target_include_directories(${target} SYSTEM PRIVATE ${LINEAMENT_TURBO_DIR})
  endif()
endfunction()
