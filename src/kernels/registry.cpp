#include "kernels/registry.hpp"

#include <array>
#include <vector>

#include "kernels/conv/kernels.hpp"
#include "kernels/elementwise/kernels.hpp"
#include "kernels/norm/batch_norm.hpp"
#include "kernels/pool/kernels.hpp"
#include "kernels/reference.hpp"

namespace lineament {
namespace {

const Int8 int8;
const Bf16 bf16;
const Bf16Weights bf16_weights;
const Depthwise depthwise;
const Gemm gemm;
const PointwiseBf16 pointwise_bf16;
const Pointwise pointwise;
const Im2col im2col;
const Winograd winograd;
const Direct direct;
const ConvKernel* const convolutions[] = {&int8,           &bf16,      &bf16_weights, &depthwise, &gemm,
                                          &pointwise_bf16, &pointwise, &im2col,       &winograd,  &direct};

const BatchNormKernel batch_norm;
const MaxPoolKernel max_pool;
const AvgPoolKernel avg_pool;
const GlobalAvgPoolKernel global_avg_pool;
const ActivationKernel relu(ActivationKernel::Function::relu), silu(ActivationKernel::Function::silu);
const ActivationKernel hard_swish(ActivationKernel::Function::hard_swish), sigmoid(ActivationKernel::Function::sigmoid);
const AddKernel add;
const PReLUKernel prelu;

// Kernels but the reference, by layer.
using List = std::vector<const Kernel<float>*>;
List fast(const Conv2d&) {
  return {std::begin(convolutions), std::end(convolutions)};
}
List fast(const Dense&) {
  return {std::begin(convolutions), std::end(convolutions)};
}
List fast(const BatchNorm&) {
  return {&batch_norm};
}
List fast(const MaxPool&) {
  return {&max_pool};
}
List fast(const AvgPool&) {
  return {&avg_pool};
}
List fast(const GlobalAvgPool&) {
  return {&global_avg_pool};
}
List fast(const ReLU&) {
  return {&relu};
}
List fast(const SiLU&) {
  return {&silu};
}
List fast(const HardSwish&) {
  return {&hard_swish};
}
List fast(const Sigmoid&) {
  return {&sigmoid};
}
List fast(const Add&) {
  return {&add};
}
List fast(const PReLU&) {
  return {&prelu};
}
template <class L>
List fast(const L&) {
  return {};
}

}  // namespace

template <>
std::span<const Kernel<float>* const> kernels_for(const Layer& layer) {
  return std::visit(
      [&]<class L>(const L& l) -> std::span<const Kernel<float>* const> {
        static const List list = [&] {
          List all = fast(l);
          all.push_back(&reference_kernel<float>(layer));
          return all;
        }();
        return list;
      },
      layer);
}

template <>
std::span<const Kernel<double>* const> kernels_for(const Layer& layer) {
  return std::visit(
      [&]<class L>(const L&) -> std::span<const Kernel<double>* const> {
        static const Kernel<double>* const list[] = {&reference_kernel<double>(layer)};
        return list;
      },
      layer);
}

std::span<const ConvKernel* const> conv_kernels() {
  return convolutions;
}

}  // namespace lineament
