// What was thrown, as a line for other ranks. They wait for one that has failed, whatever it threw.
#pragma once
#include <exception>
#include <string>

namespace lineament {

/// To be called while an exception is handled.
inline std::string current_error() {
  try {
    throw;
  } catch (const std::exception& e) {
    return *e.what() != '\0' ? e.what() : "an error without a message";
  } catch (...) {
    return "something was thrown that is no std::exception";
  }
}

}  // namespace lineament
