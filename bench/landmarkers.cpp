// Question: what do many faces, and many Landmarkers, cost? Faces a second one box after the other and all boxes of a
// photo at once; the memory that 16 Landmarkers of one model take beyond the first; and what a camera's frame of
// 1920 x 1080 costs beside the network, for a face whose place is known.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "timed_passes.hpp"

using namespace lineament;

namespace {

constexpr std::size_t kFaces = 32;

std::shared_ptr<const Model> untrained(const NamedNetwork& named) {
  auto model = std::make_shared<Model>();
  model->network = Network(named.spec(true, kValues), named.input, 1);
  model->preprocessing.size = named.input.height();
  const std::vector<float> gray(named.input.size(), 0.5f);
  model->ranges = measure_ranges(model->network, gray);
  return model;
}

std::vector<Box> boxes() {
  std::vector<Box> list;
  for (std::size_t i = 0; i < kFaces; ++i) list.push_back({20 + static_cast<float>(i), 30, 150, 160});
  return list;
}

void faces(benchmark::State& state, const NamedNetwork& named, bool together) {
  Landmarker landmarker(untrained(named), {.passes = 1});
  const Image photo = draw_face(1, 1, {.size = 240}).image;
  const std::vector<Box> list = boxes();
  for (auto _ : state) {
    if (together)
      benchmark::DoNotOptimize(landmarker.predict(photo, list).data());
    else
      for (const Box& box : list) benchmark::DoNotOptimize(landmarker.predict(photo, box));
  }
  state.counters["faces/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kFaces), benchmark::Counter::kIsRate);
}

/// Pages of this process that are in memory now, MB.
double resident() {
  std::ifstream file("/proc/self/statm");
  double all = 0, here = 0;
  file >> all >> here;
  return here * 4096 / 1e6;
}

void memory(benchmark::State& state, const NamedNetwork& named, Precision precision) {
  const Image photo(200, 200, {90, 120, 60});
  for (auto _ : state) {
    const double before = resident();
    const std::shared_ptr<const Model> model = untrained(named);
    std::vector<Landmarker> list;
    double first = 0;
    for (int i = 0; i < 17; ++i) {
      list.emplace_back(model, LandmarkerOptions{.precision = precision});
      list.back().predict(photo, list.back().whole_image_face(photo));
      if (i == 0) first = resident() - before;
    }
    state.counters["first_MB"] = first;
    state.counters["16_more_MB"] = resident() - before - first;
  }
}

constexpr int kWidth = 1920, kHeight = 1080;

/// One face of 300 pixels, one pass of `compact`.
void frame(benchmark::State& state, PixelFormat format) {
  const std::vector<std::uint8_t> bytes(std::size_t{4} * kWidth * kHeight, 128);
  const ImageView view{.data = bytes.data(), .width = kWidth, .height = kHeight, .format = format};
  Landmarker landmarker;
  for (auto _ : state) benchmark::DoNotOptimize(landmarker.predict(view, {700, 300, 230, 250}, {.passes = 1}));
}

void network_alone(benchmark::State& state) {
  const auto model = shared_default_model();
  InferenceSession session(model->network);
  time_passes(state, model->network, session, [&] { benchmark::DoNotOptimize(session.forward().data()); });
}

}  // namespace

int main(int argc, char** argv) {
  for (const NamedNetwork& named : named_networks()) {
    const std::string name(named.name);
    benchmark::RegisterBenchmark((name + "/one_by_one").c_str(), faces, named, false)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/together").c_str(), faces, named, true)->Unit(benchmark::kMillisecond);
    for (const auto& [precision, suffix] : {std::pair(Precision::fp32, ""), std::pair(Precision::int8, "_int8")})
      benchmark::RegisterBenchmark((name + "/memory" + suffix).c_str(), memory, named, precision)->Iterations(1);
  }
  benchmark::RegisterBenchmark("frame/network_alone", network_alone)->UseManualTime()->Unit(benchmark::kMillisecond);
  for (const auto& [format, name] :
       {std::pair(PixelFormat::rgb, "frame/rgb"), std::pair(PixelFormat::bgra, "frame/bgra"),
        std::pair(PixelFormat::nv12, "frame/nv12")})
    benchmark::RegisterBenchmark(name, frame, format)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
