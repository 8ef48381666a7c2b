// An exported network, as ours.cpp writes it and the peers read it:
//   NAME.txt         a line a layer, in the order they run:  TYPE NAME HEIGHT WIDTH CHANNELS COUNT INPUT... [OPTIONS]
//   NAME.bin         weights, float32, in the order of the lines
//   NAME.input.bin   kSamples inputs, float32, [sample][height][width][channel]
//   NAME.target.bin  targets of training, float32, [output][sample][height][width][channel] with kSamples samples
// Height, width and channels are those of what the layer puts out; 1 1 N for N values in a row. COUNT inputs by name
// follow.
//   TYPE             OPTIONS                         weights
//   input
//   conv2d           kernel stride pad groups bias   [ky][kx][in / groups][out], then [out] if bias is 1
//   dense            bias                            [in][out], then [out] if bias is 1
//   batch_norm                                       [channels] scale, [channels] shift; epsilon 1e-5, momentum 0.1
//   max_pool         kernel stride
//   upsample         factor                          (pixels become squares)
//   soft_argmax                                      [1] temperature
//   relu, hard_swish, sigmoid, flatten, add, concat, global_avg_pool
//   multiply                                         (a picture, and a vector with a value for each of its channels)
//   output                                           (the last line: it reads the network's outputs)
// A convolution's padding is `pad` pixels on every side. Flatten keeps the order height, width, channel. Soft-argmax
// gives x0, y0, x1, y1, …: the mean of the pixels' centres, in units of the map's sides, under the softmax of the
// temperature times a map. The programs write what a network puts out as [output][sample][height][width][channel].
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
