# Models that are part of the library: data/models/NAME.safetensors as arrays in sources that are made when the library is
# built. Sources and not the assembler's .incbin: any compiler for any system takes them, half a second for each.
set(lineament_models compact tiny detector)  # models of points in alphabetical order, then the one that finds faces
set(lineament_model_names "")
set(lineament_model_cases "")
set(lineament_model_declarations "")
set(lineament_model_sources ${CMAKE_CURRENT_BINARY_DIR}/compiled_models.cpp)
foreach(name IN LISTS lineament_models)
  set(file ${CMAKE_CURRENT_SOURCE_DIR}/data/models/${name}.safetensors)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "data/models/${name}.safetensors is missing: it becomes a part of the library. Take it from the "
                        "repository, or put a model of yours there (lineament export MODEL --out ${file}).")
  endif()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/compiled_model_${name}.cpp)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D FROM=${file} -D TO=${source} -D NAME=${name}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/compile_model.cmake
    DEPENDS ${file} ${CMAKE_CURRENT_SOURCE_DIR}/cmake/compile_model.cmake
    COMMENT "Writing the model ${name} as a source" VERBATIM)
  list(APPEND lineament_model_sources ${source})
  string(APPEND lineament_model_names "\"${name}\", ")
  string(APPEND lineament_model_declarations "std::span<const std::uint8_t> compiled_model_${name}();\n")
  string(APPEND lineament_model_cases "&compiled_model_${name}, ")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/compiled_models.cpp CONTENT
"#include \"model/compiled_models.hpp\"

namespace lineament {

@lineament_model_declarations@
std::span<const std::string_view> compiled_model_names() {
  static constexpr std::string_view names[]{@lineament_model_names@};
  return names;
}

std::span<const std::uint8_t> compiled_model(std::size_t number) {
  constexpr std::span<const std::uint8_t> (*files[])(){@lineament_model_cases@};
  return files[number]();
}

}  // namespace lineament
" @ONLY)
set_source_files_properties(${lineament_model_sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
