// An exported network, as ours.cpp writes it and the peers read it:
//   NAME.txt         a line a layer, in the order they run:  TYPE NAME HEIGHT WIDTH CHANNELS COUNT INPUT... [OPTIONS]
//   NAME.bin         weights, float32, in the order of the lines
//   NAME.input.bin   kSamples inputs, float32, [sample][height][width][channel]
//   NAME.target.bin  kSamples targets of training, float32
// Height, width and channels are those of what the layer puts out; 1 1 N for N values in a row. COUNT inputs by name
// follow.
//   TYPE             OPTIONS                         weights
//   input
//   conv2d           kernel stride pad groups bias   [ky][kx][in / groups][out], then [out] if bias is 1
//   dense            bias                            [in][out], then [out] if bias is 1
//   batch_norm                                       [channels] scale, [channels] shift; epsilon 1e-5, momentum 0.1
//   max_pool         kernel stride
//   relu, flatten, add, concat, global_avg_pool
// A convolution's padding is `pad` pixels on every side. Flatten keeps the order height, width, channel.
#pragma once
#include <sstream>

#include "program.hpp"

namespace peers {

constexpr std::size_t kSamples = 32;

struct Layer {
  std::string type, name;
  int height = 1, width = 1, channels = 1;
  std::vector<std::string> inputs;
  std::vector<int> options;
};

inline std::vector<Layer> read_layers(const std::string& path) {
  std::ifstream file = open(path);
  std::vector<Layer> layers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Layer layer;
    int count = 0;
    words >> layer.type >> layer.name >> layer.height >> layer.width >> layer.channels >> count;
    if (!words) throw std::runtime_error(path + ": this line cannot be understood: " + line);
    layer.inputs.resize(static_cast<std::size_t>(count));
    for (std::string& input : layer.inputs) words >> input;
    for (int option = 0; words >> option;) layer.options.push_back(option);
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace peers
