# Toolchain of the preset "aarch64": Debian's cross compiler (g++-aarch64-linux-gnu, which brings C and C++ libraries of its
# own), other libraries from tools/aarch64-sysroot, and tests under qemu-user. `tools/install-deps --aarch64` installs all.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

get_filename_component(lineament_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(LINEAMENT_AARCH64_SYSROOT ${lineament_root}/build/aarch64-sysroot CACHE PATH
    "Folder with usr/include and usr/lib of an aarch64 system")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LINEAMENT_AARCH64_SYSROOT)
if(NOT EXISTS ${LINEAMENT_AARCH64_SYSROOT}/usr)
  execute_process(COMMAND ${lineament_root}/tools/aarch64-sysroot ${LINEAMENT_AARCH64_SYSROOT}
                  COMMAND_ERROR_IS_FATAL ANY)
endif()

# Packages, libraries and headers come from there alone. This machine's /usr/include holds another processor's C library.
set(CMAKE_FIND_ROOT_PATH ${LINEAMENT_AARCH64_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# ctest, and whatever else runs what was built. -L: where the emulated program finds its C library.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
