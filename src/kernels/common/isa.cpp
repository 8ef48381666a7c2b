#include "kernels/common/isa.hpp"

#include <algorithm>
#include <cstdlib>

#include "kernels/common/targets.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "platform/platform.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif
#include <hwy/highway.h>
#include <hwy/targets.h>

namespace lineament {
namespace {

struct Level {
  std::string name;
  std::int64_t target;
  bool int8_products = false, bf16_products = false, amx = false;
  bool byte_pairs() const { return HWY_ARCH_X86 && target <= HWY_SSE4; }
};

#if defined(__x86_64__) && defined(__GNUC__)
bool processor_has_int8_products() {
  return __builtin_cpu_supports("avx512vnni") != 0;
}
/// AVX-VNNI, the same with vectors of AVX2. Not every compiler's __builtin_cpu_supports() knows it.
bool processor_has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
/// Intel's multiply pairs of bfloat16 in vectors (VDPBF16PS) half as fast as floats (decisions/032): a loss, not a
/// gain. Cooper Lake alone, of 2020, is said to be twice as fast; nobody has measured it here.
bool processor_has_bf16_products() {
  const bool slow = __builtin_cpu_is("intel") != 0 && __builtin_cpu_is("cooperlake") == 0;
  return __builtin_cpu_supports("avx512bf16") != 0 && !slow;
}
/// AMX, with products of both, and AVX512_BF16, which rounds for it.
bool processor_has_amx() {
  constexpr unsigned kBf16 = 1u << 22, kRegisters = 1u << 24, kInt8 = 1u << 25, kAll = kBf16 | kRegisters | kInt8;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  const bool told = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0;
  return told && (edx & kAll) == kAll && __builtin_cpu_supports("avx512bf16") != 0;
}
#else
bool processor_has_int8_products() {
  return HWY_ARCH_ARM_A64 && platform::has_dot_products();
}
bool processor_has_avx_vnni() {
  return false;
}
bool processor_has_bf16_products() {
  return false;
}
bool processor_has_amx() {
  return false;
}
#endif

std::string lower_case(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

/// What is both compiled in and supported here, best first: a lower bit is a better target.
std::vector<Level> find_levels() {
  const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
  std::vector<Level> list;
  for (int bit = 0; bit < 63; ++bit) {
    const std::int64_t target = std::int64_t{1} << bit;
    if ((supported & target) == 0) continue;
    // The best of AVX-512, whatever Highway calls those with more instructions: the kernels know these by themselves.
    if (HWY_ARCH_ARM_A64 && list.empty()) {
      list.push_back({lower_case(hwy::TargetName(target)), target, processor_has_int8_products()});
      if (list.front().int8_products) list.push_back({list.front().name + "_base", target});
      continue;
    }
    if (target == HWY_AVX2 && processor_has_avx_vnni()) list.push_back({"avx2_vnni", target, true});
    if (!HWY_ARCH_X86 || target > HWY_AVX3 || list.size() > 0) {
      list.push_back({lower_case(hwy::TargetName(target)), target});
      continue;
    }
    const Level best{"avx512", target, processor_has_int8_products(), processor_has_bf16_products()};
    if (best.int8_products && processor_has_amx() && platform::allow_amx())
      list.push_back({"amx", target, true, true, true});
    list.push_back(best);
    if (best.int8_products || best.bf16_products) list.push_back({"avx512f", target});
  }
  return list;
}

const std::vector<Level>& levels() {
  static const std::vector<Level> list = find_levels();
  return list;
}

/// Throws ArgumentError for a name that is not available.
const Level* find_level(std::string_view name, const char* where) {
  std::string known;
  for (const Level& level : levels()) {
    if (level.name == name) return &level;
    known += (known.empty() ? "" : ", ") + level.name;
  }
  throw ArgumentError({where, "the instruction set is not available here", "one of " + known, std::string(name), ""});
}

const Level* use(const Level* level) {
  hwy::SetSupportedTargetsForTest(level->target);
  return level;
}

const Level*& current() {
  static const Level* level = [] {
    const char* wanted = std::getenv("LINEAMENT_ISA");
    if (wanted == nullptr || *wanted == '\0') return &levels().front();
    return use(find_level(wanted, "LINEAMENT_ISA"));
  }();
  return level;
}

}  // namespace

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Level& level : levels()) names.push_back(level.name);
  return names;
}

std::string current_isa() {
  return current()->name;
}

void force_isa(std::string_view name) {
  const Level* level = find_level(name, "instruction set");
  const Level*& in_use = current();  // first, because the first call takes what the environment names
  in_use = use(level);
}

int isa_token() {
  return static_cast<int>(current() - levels().data());
}

bool has_int8_products() {
  return current()->int8_products;
}

bool has_bf16_products() {
  return current()->bf16_products;
}

bool has_amx() {
  return current()->amx;
}

bool multiplies_bytes() {
  return current()->int8_products || current()->byte_pairs();
}

bool int8_adds_pairs() {
  return !has_int8_products();
}

int int8_input_shift() {
  return HWY_ARCH_ARM_A64 && has_int8_products() ? 128 : 0;
}

}  // namespace lineament
