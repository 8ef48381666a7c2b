// What the library throws. It never prints, exits or aborts.
#pragma once
#include <stdexcept>
#include <string>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// The parts of a message a person can act on. Empty parts are left out.
struct Problem {
  std::string where;   ///< file, layer or option: "faces/a.pts:7"
  std::string what;    ///< "the number of points is wrong"
  std::string wanted;  ///< "68 points"
  std::string got;     ///< "67 points"
  std::string fix;     ///< "annotate the missing point or leave the file out"
};

/// One line: "where: what (wanted W, got G); fix".
inline std::string describe(const Problem& p) {
  std::string s = p.where.empty() ? p.what : p.where + ": " + p.what;
  if (!p.wanted.empty() || !p.got.empty()) {
    s += " (";
    if (!p.wanted.empty()) s += "wanted " + p.wanted;
    if (!p.wanted.empty() && !p.got.empty()) s += ", ";
    if (!p.got.empty()) s += "got " + p.got;
    s += ")";
  }
  if (!p.fix.empty()) s += "; " + p.fix;
  return s;
}

/// Base of everything the library throws.
class Error : public std::runtime_error {
 public:
  explicit Error(const Problem& p) : std::runtime_error(describe(p)), problem_(p) {}
  const Problem& problem() const noexcept { return problem_; }

 private:
  Problem problem_;
};

/// What is wrong, for lists that name the place beside it.
inline std::string reason_of(const Error& e) {
  Problem problem = e.problem();
  problem.where.clear();
  return describe(problem);
}

/// A file or folder cannot be opened, read, written or found.
class FileError : public Error {
  using Error::Error;
};
/// A file was read but its content is not what its format says (image, annotation, JSON).
class FormatError : public Error {
  using Error::Error;
};
/// A network description that does not fit: shapes, connections, options of a layer.
class SpecError : public Error {
  using Error::Error;
};
/// A model or checkpoint file that is damaged or does not fit the program.
class ModelError : public Error {
  using Error::Error;
};
/// Training cannot go on: the loss is no longer a number, or the network has become far worse than a guess.
class TrainingError : public Error {
  using Error::Error;
};
/// A value given by the caller is out of range.
class ArgumentError : public Error {
  using Error::Error;
};

}  // namespace lineament
