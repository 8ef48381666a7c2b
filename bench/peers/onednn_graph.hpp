// What the layers of a network on oneDNN share: memory, steps, layouts, and which memory holds what a layer gives.
#pragma once
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "operations.hpp"

namespace peers {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;
using Dims = memory::dims;
constexpr auto kF32 = memory::data_type::f32;

/// How the library is asked for its convolutions; which is fastest depends on the network.
struct Settings {
  bool training = false;
  Tag layout = Tag::any;                                  ///< of activations; any: oneDNN chooses
  algorithm convolution = algorithm::convolution_direct;  ///< where it exists for a layer; else direct
};

class OneDnnGraph {
 public:
  struct Step {
    dnnl::primitive what;
    std::unordered_map<int, memory> arguments;
  };

  OneDnnGraph(const std::string& weights, int batch_size, const Settings& asked)
      : settings(asked), batch(batch_size), weights_(open(weights)) {}

  static float* floats(const memory& m) { return static_cast<float*>(m.get_data_handle()); }
  static std::span<float> values(const memory& m) { return {floats(m), m.get_desc().get_size() / sizeof(float)}; }

  void execute(const Step& step) { step.what.execute(stream, step.arguments); }
  Dims picture(const Layer& l) const { return {batch, l.channels, l.height, l.width}; }
  dnnl::prop_kind kind() const {
    return settings.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  }

  /// Zeros, one buffer behind the other on huge pages: page faults would be counted as oneDNN's time. They are set
  /// apart so that buffers whose size is a power of two do not fall on the same lines of the cache.
  memory allocate(const memory::desc& d) {
    constexpr std::size_t kLine = 64, kApart = 5 * kLine;
    const std::size_t size = (d.get_size() + kLine - 1) / kLine * kLine + kApart;
    if (size > free_) {
      free_ = (std::max(size, 16 * kHugePage) + kHugePage - 1) / kHugePage * kHugePage;
      chunks_.emplace_back(std::aligned_alloc(kHugePage, free_));
      if (!chunks_.back()) throw std::bad_alloc();
      madvise(chunks_.back().get(), free_, MADV_HUGEPAGE);
      next_ = static_cast<std::byte*>(chunks_.back().get());
    }
    std::byte* buffer = next_;
    next_ += size;
    free_ -= size;
    std::memset(buffer, 0, size);
    return memory(d, engine, buffer);
  }

  void convert_now(memory& from, memory& to) {
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
  /// `from` in the wanted layout: the same memory, or another one that a step of `steps` fills.
  memory convert(std::vector<Step>& steps, memory from, const memory::desc& wanted) {
    if (from.get_desc() == wanted) return from;
    memory to = allocate(wanted);
    steps.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
    return to;
  }
  /// The next weights of the file, which are laid out like `stored`.
  memory load(const memory::desc& stored, const memory::desc& wanted) {
    memory from(stored, engine), to = allocate(wanted);
    read(weights_, values(from));
    convert_now(from, to);
    return to;
  }
  /// What an operation reads. The network's input is brought into the wanted layout by set_input(), which is not
  /// measured.
  memory source(const std::string& name, const memory::desc& wanted) {
    if (name != "input") return convert(forward_steps, outputs.at(name), wanted);
    if (prepared) throw std::runtime_error("oneDNN's part is written for networks whose input has one reader");
    prepared = allocate(wanted);
    return prepared;
  }

  /// The same memory with other sizes.
  memory view(const memory& m, const memory::desc& as) const { return memory(as, engine, m.get_data_handle()); }
  /// What `name` gives, {batch, channels} in a row: the same memory unless its channels are laid out with gaps.
  memory vector(const std::string& name) {
    memory from = outputs.at(name);
    const memory::desc d = from.get_desc();
    const Dims sizes = d.dims();
    if (sizes.size() == 2) return from;
    const memory::desc pixel({sizes[0], sizes[1], 1, 1}, kF32, Tag::nchw), row({sizes[0], sizes[1]}, kF32, Tag::nc);
    const bool gaps = d.get_size() != pixel.get_size() || d.data.format_desc.blocking.inner_nblks > 1;
    return view(gaps ? convert(forward_steps, from, pixel) : from, row);
  }

  const Settings settings;
  const int batch;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<std::string, memory> outputs;  ///< of each operation, by name
  std::vector<Step> forward_steps;
  memory prepared;  ///< the network's input, as its reader wants it

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  std::ifstream weights_;
  std::vector<std::unique_ptr<void, Free>> chunks_;
  std::byte* next_ = nullptr;
  std::size_t free_ = 0;
};

}  // namespace peers
