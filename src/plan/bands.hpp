// When one picture is shared out between threads, a meeting of all of them behind every layer, and cache lines that go
// from core to core, take as long as a small layer's products. So a step that can be asked for some rows of its output,
// and those behind it that read the same rows of theirs, form a band: every thread goes through it for its share of the
// rows without waiting for the others. Values that only such steps read are written by every thread into a copy of its
// own; the few rows of others that a window reaches, at the beginning of a band, are copied first.
#pragma once
#include <vector>

#include "plan/steps.hpp"

namespace lineament {

struct Bands {
  std::vector<std::size_t> end;  ///< by step: the one behind the last of the band, or single step, that begins with it
  std::vector<bool> by_rows;     ///< by NodeId: values of which every thread has a copy
};

template <class T>
Bands find_bands(const std::vector<Step<T>>& steps, const Spec& spec) {
  const auto id = [](NodeId node) { return static_cast<std::size_t>(node); };
  Bands bands;
  bands.end.resize(steps.size());
  bands.by_rows.assign(id(spec.size() + 1), false);
  for (const Step<T>& step : steps) bands.by_rows[id(step.output)] = !step.rows_read.empty();
  bands.by_rows[id(steps.back().output)] = false;
  for (const Step<T>& step : steps)
    for (const NodeId input : step.sources)
      if (step.rows_read.empty()) bands.by_rows[id(input)] = false;

  const auto goes_on = [&](const Step<T>& before, const Step<T>& step) {
    return !before.rows_read.empty() && step.reads_own_rows && step.sources[0] == before.output;
  };
  for (std::size_t s = 0; s < steps.size(); s = bands.end[s]) {
    std::size_t end = s + 1;
    while (end < steps.size() && goes_on(steps[end - 1], steps[end])) ++end;
    bands.end[s] = end;
  }
  return bands;
}

}  // namespace lineament
