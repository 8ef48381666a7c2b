# How everything here is compiled: through ccache where there is one, with sanitizers where they are asked for.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LINEAMENT_CCACHE ccache)
  mark_as_advanced(LINEAMENT_CCACHE)
  if(LINEAMENT_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${LINEAMENT_CCACHE})
  endif()
endif()

if(LINEAMENT_SANITIZE)
  add_compile_options(-fsanitize=${LINEAMENT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LINEAMENT_SANITIZE})
endif()
