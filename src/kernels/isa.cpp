#include "lineament/kernels/isa.hpp"

#include <algorithm>
#include <cstdlib>

#include "kernels/targets.hpp"
#include "lineament/error.hpp"

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace lineament {
namespace {

std::string name_of(std::int64_t target) {
  if (target == HWY_AVX3) return "avx512";
  std::string name = hwy::TargetName(target);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

/// Bits of the targets that are both compiled in and supported here; a lower bit is a better target.
std::vector<std::int64_t> targets() {
  static const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
  std::vector<std::int64_t> list;
  for (int bit = 0; bit < 63; ++bit)
    if (const std::int64_t target = std::int64_t{1} << bit; (supported & target) != 0) list.push_back(target);
  return list;
}

std::string known_names() {
  std::string names;
  for (const std::int64_t target : targets()) names += (names.empty() ? "" : ", ") + name_of(target);
  return names;
}

/// Throws ArgumentError for a name that is not available.
std::int64_t find_target(std::string_view name, const char* where) {
  for (const std::int64_t target : targets())
    if (name_of(target) == name) return target;
  throw ArgumentError(
      {where, "the instruction set is not available here", "one of " + known_names(), std::string(name), ""});
}

std::string use(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  return name_of(target);
}

std::string& current() {
  static std::string name = [] {
    const char* wanted = std::getenv("LINEAMENT_ISA");
    if (wanted == nullptr || *wanted == '\0') return name_of(targets().front());
    return use(find_target(wanted, "LINEAMENT_ISA"));
  }();
  return name;
}

}  // namespace

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const std::int64_t target : targets()) names.push_back(name_of(target));
  return names;
}

std::string current_isa() {
  return current();
}

void force_isa(std::string_view name) {
  const std::int64_t target = find_target(name, "instruction set");
  std::string& in_use = current();  // first, because the first call takes what the environment names
  in_use = use(target);
}

}  // namespace lineament
