// Question: on whom is a model worse? NME on drawn faces that no training draws, by what is known of each of them and
// of no photo: skin, age, expression, hair, what is worn and what is before the face.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "lineament/landmarker/face_results.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/model/model.hpp"
#include "synthetic/person.hpp"

using namespace lineament;
using namespace lineament::synthetic;

namespace {

/// Names begin with the group's, in the order of the table.
std::vector<std::string> groups_of(const Person& p) {
  const Look& look = p.look;
  const Expression& e = p.expression;
  const float luma = 0.21f * look.skin.x + 0.72f * look.skin.y + 0.07f * look.skin.z;
  const float turn = std::abs(p.pose.yaw) * 57.3f, smile = 0.5f * (e.smile[0] + e.smile[1]);
  std::vector<std::string> names{luma < 0.12f  ? "skin: dark"
                                 : luma < 0.4f ? "skin: middle"
                                               : "skin: light",
                                 p.identity.age < 0.1f    ? "age: children"
                                 : p.identity.age > 0.65f ? "age: old"
                                                          : "age: adult",
                                 e.jaw > 1      ? "mouth: open"
                                 : smile > 0.5f ? "mouth: smile"
                                                : "mouth: closed or nearly",
                                 turn < 10   ? "turned: below 10 degrees"
                                 : turn < 30 ? "turned: 10 to 30"
                                             : "turned: above 30",
                                 look.glasses == 3  ? "glasses: dark"
                                 : look.glasses > 0 ? "glasses: clear"
                                                    : "glasses: none",
                                 look.occluders > 0 ? "before the face: hands, things" : "before the face: nothing",
                                 look.beard > 0.4f || look.beard_length > 0 ? "beard: yes" : "beard: no"};
  return names;
}

struct Sum {
  std::size_t faces = 0;
  double error = 0;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"NME on drawn faces, by who is drawn"};
  std::string file;
  std::size_t count = 4000;
  std::uint64_t seed = 1;
  app.add_option("MODEL", file, "A .safetensors file")->required();
  app.add_option("--faces", count)->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const Model model = load_model(file);
    const std::uint64_t stream = ~(seed * 2);  // that of 'lineament evaluate --synthetic'
    StoreOptions store;
    store.preprocessing = model.preprocessing;
    store.threads = 0;
    const FaceStore faces = FaceStore::draw(stream, count, store);
    std::map<std::string, Sum> sums;
    for (const MeasuredFace& face : measure_faces(model.network, faces, {.inference = {.threads = 0}}, model.scheme))
      for (const std::string& name : groups_of(draw_person(stream, face.index, {}))) {
        Sum& sum = sums[name];
        ++sum.faces;
        sum.error += nme(face.predicted, face.truth, Normalisation::inter_ocular, model.scheme);
      }
    for (const auto& [name, sum] : sums)
      std::printf("%-32s %6zu faces  NME %5.2f %%\n", name.c_str(), sum.faces, sum.error / double(sum.faces));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
