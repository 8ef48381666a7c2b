// The rule that tells which photo an image file shows.
#include <algorithm>

#include "lineament/faces/face.hpp"

namespace lineament {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string photo_id(const std::filesystem::path& image) {
  std::string name = image.stem().string();
  constexpr std::string_view kMirrored = "_mirror";
  if (name.size() > kMirrored.size() && std::string_view(name).substr(name.size() - kMirrored.size()) == kMirrored)
    name.resize(name.size() - kMirrored.size());

  const auto bar = name.rfind('_');
  if (bar != std::string::npos) {
    const std::size_t digits = name.size() - bar - 1;
    const bool numbered = digits >= 1 && digits <= 2 &&
                          std::all_of(name.begin() + static_cast<std::ptrdiff_t>(bar) + 1, name.end(), is_digit);
    // Without a digit before it, the number is the photo's own: image_12, photo_3.
    if (numbered && std::any_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(bar), is_digit))
      name.resize(bar);
  }
  return (image.parent_path() / name).lexically_normal().generic_string();
}

}  // namespace lineament
