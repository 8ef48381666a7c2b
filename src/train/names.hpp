// Names of things in messages.
#pragma once
#include <string>

namespace lineament {

/// "a, b or c": the names of the elements of a list.
template <class List, class NameOf>
std::string one_of(const List& list, NameOf name_of) {
  std::string text;
  std::size_t i = 0;
  for (const auto& element : list) {
    if (i > 0) text += i + 1 == list.size() ? " or " : ", ";
    text += name_of(element);
    ++i;
  }
  return text;
}

}  // namespace lineament
