#include "landmarker/shared_weights.hpp"

#include <mutex>
#include <vector>

#include "kernels/common/isa.hpp"
#include "plan/weights.hpp"

namespace lineament {
namespace {

struct Shared {
  std::weak_ptr<const Model> model;
  int isa = 0;
  std::weak_ptr<PreparedWeights<float>> weights;
};

}  // namespace

std::shared_ptr<PreparedWeights<float>> shared_weights(const std::shared_ptr<const Model>& model) {
  static std::mutex mutex;
  static std::vector<Shared> list;
  const std::lock_guard lock(mutex);
  std::erase_if(list, [](const Shared& s) { return s.weights.expired() || s.model.expired(); });
  for (const Shared& s : list)
    if (s.model.lock() == model && s.isa == isa_token())
      if (auto weights = s.weights.lock()) return weights;
  auto weights = prepare_weights(model->network);
  list.push_back({model, isa_token(), weights});
  return weights;
}

}  // namespace lineament
