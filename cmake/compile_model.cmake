# Writes the bytes of the file FROM as a source TO with a function compiled_model_NAME() that returns them.
#
# Words of eight bytes, the first byte lowest, as every processor that the library runs on has them: an eighth of the
# numbers for the compiler to read, and aligned as floats need it.
file(READ ${FROM} digits HEX)
file(SIZE ${FROM} size)
math(EXPR missing "(16 - ${size} * 2 % 16) % 16")
string(REPEAT "0" ${missing} zeros)
string(REGEX REPLACE "(..)(..)(..)(..)(..)(..)(..)(..)" "0x\\8\\7\\6\\5\\4\\3\\2\\1,\n" words "${digits}${zeros}")
file(WRITE ${TO} "// Made of ${FROM}.
#include <cstdint>
#include <span>

namespace lineament {
namespace {

constexpr std::uint64_t kWords[]{
${words}};

}  // namespace

std::span<const std::uint8_t> compiled_model_${NAME}() {
  return {reinterpret_cast<const std::uint8_t*>(kWords), ${size}};
}

}  // namespace lineament
")
