# Compiles SOURCE, which must fail with the message in its first line ("// expects: ..."), and then with -DFIXED, which
# must work: so the message is not one that comes whatever the file says.
file(STRINGS ${SOURCE} lines LIMIT_COUNT 1)
string(REGEX REPLACE "^// expects: " "" expected "${lines}")
separate_arguments(flags NATIVE_COMMAND "${FLAGS}")
set(command ${COMPILER} ${flags} -std=c++20 -fsyntax-only -I${INCLUDE} ${SOURCE})
execute_process(COMMAND ${command} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT failed)
  message(FATAL_ERROR "${SOURCE} compiles; it must not: ${expected}")
endif()
string(REGEX REPLACE "\"[ \n\t|0-9]*\"" "" joined "${output}")  # a compiler may show a text in its pieces
string(FIND "${joined}" "${expected}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${SOURCE} fails, but not with \"${expected}\":\n${output}")
endif()
execute_process(COMMAND ${command} -DFIXED RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "${SOURCE} fails with -DFIXED, too:\n${output}")
endif()
