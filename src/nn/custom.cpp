#include "lineament/nn/layers/custom.hpp"

#include <mutex>
#include <vector>

namespace lineament {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<const CustomType*> types;
};
Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

const CustomType* find_registered_layer(std::string_view type) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  for (const CustomType* known : r.types)
    if (known->type == type) return known;
  return nullptr;
}

std::string registered_layers() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  std::string names;
  for (const CustomType* known : r.types) names += (names.empty() ? "" : ", ") + std::string(known->type);
  return names;
}

void detail::register_layer(const CustomType& type) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  for (const CustomType* known : r.types) {
    if (known == &type) return;
    if (known->type == type.type)
      throw ArgumentError({"register_layer", "there is already a layer of that name", "a name of its own",
                           std::string(type.type), "change kType of one of them"});
  }
  r.types.push_back(&type);
}

}  // namespace lineament
