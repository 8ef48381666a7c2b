# Warnings for our own code only: users who add the project as a subdirectory never see them as errors.
function(lineament_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms of GCC 12's flow analysis: on "text" + std::string (bug 105651) and inside Eigen and std::array.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-maybe-uninitialized)
  endif()
  if(LINEAMENT_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
