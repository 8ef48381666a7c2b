// The program's commands: each a struct of options, filled in by main.cpp, and a function that returns the exit code.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lineament/image/geometry.hpp"

namespace lineament::cli {

using Path = std::filesystem::path;

struct TrainOptions {
  std::vector<Path> data;
  int synthetic = 0;
  std::string network = "reference";
  int epochs = 30;
  int batch = 32;
  double lr = 1e-3;
  std::string schedule = "cosine";
  std::string loss = "wing";
  std::string optimizer = "adam";
  double weight_decay = -1;  ///< below 0: the optimiser's own
  double clip = 0;
  std::string augment = "standard";
  int copies = 1;
  double val_split = 0.1;
  int patience = 0;
  std::string box = "points";
  double margin = 0.15;
  std::string precision = "fp32";
  std::uint64_t seed = 1;
  // What does not change the result:
  Path out = "run";
  bool resume = false;
  int threads = 0;
  std::vector<std::string> given;  ///< long names of the options on the command line
};

struct EvaluateOptions {
  Path model;
  std::vector<Path> data;
  int synthetic = 0;
  std::string part = "all";
  std::string box = "points";
  std::string precision = "fp32";
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
};

struct PredictOptions {
  Path model;
  std::vector<Path> images;
  std::optional<Box> box;
  int passes = 2;
  std::string precision = "fp32";
  Path json, pts, overlay;
  int threads = 1;
};

struct InspectOptions {
  std::string model;
  int batch = 32;
  bool json = false;
};

struct FacesOptions {
  int count = 12;
  int size = 192;
  std::uint64_t seed = 1;
  Path out = "faces";
  Path sheet;
  bool points = false;
};

struct ValidateOptions {
  std::vector<Path> data;
  bool json = false;
};

int train(TrainOptions options);
int evaluate(const EvaluateOptions& options);
int predict(const PredictOptions& options);
int inspect(const InspectOptions& options);
int faces(const FacesOptions& options);
int validate(const ValidateOptions& options);

}  // namespace lineament::cli
