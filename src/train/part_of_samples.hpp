// Some of a source's samples, in its order: a rank's share.
#pragma once
#include <cstddef>

#include "lineament/train/samples.hpp"

namespace lineament {

class PartOfSamples final : public SampleSource {
 public:
  PartOfSamples(const SampleSource& all, std::size_t part, std::size_t parts)
      : all_(all), first_(part * all.size() / parts), size_((part + 1) * all.size() / parts - first_) {}
  std::size_t size() const override { return size_; }
  std::size_t pixels_per_sample() const override { return all_.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return all_.values_per_sample(); }
  bool weighted() const override { return all_.weighted(); }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    all_.prepare(first_ + index, random, augmented, to);
  }

 private:
  const SampleSource& all_;
  std::size_t first_, size_;
};

}  // namespace lineament
