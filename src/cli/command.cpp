#include "cli/command.hpp"

// A new command is its file in commands/, which defines NAME_command(), and a word in this list.
#define LINEAMENT_COMMANDS(X) \
  X(train) X(adapt) X(evaluate) X(predict) X(track) X(inspect) X(export) X(faces) X(validate) X(pack) X(tune)

namespace lineament::cli {

#define LINEAMENT_DECLARE(name) Command name##_command();
LINEAMENT_COMMANDS(LINEAMENT_DECLARE)
#undef LINEAMENT_DECLARE

std::vector<Command> commands() {
#define LINEAMENT_CALL(name) name##_command(),
  return {LINEAMENT_COMMANDS(LINEAMENT_CALL)};
#undef LINEAMENT_CALL
}

}  // namespace lineament::cli
