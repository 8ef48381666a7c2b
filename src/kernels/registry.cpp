#include "kernels/registry.hpp"

#include <vector>

#include "kernels/conv/kernels.hpp"
#include "kernels/elementwise/kernels.hpp"
#include "kernels/norm/batch_norm.hpp"
#include "kernels/pool/kernels.hpp"
#include "kernels/reference.hpp"
#include "kernels/softmax/kernels.hpp"

namespace lineament {
namespace {

const Int8 int8;
const DepthwiseInt8 depthwise_int8;
const Bf16 bf16;
const Bf16Weights bf16_weights;
const Bf16x3 bf16x3;
const Depthwise depthwise;
const Gemm gemm;
const PointwiseBf16 pointwise_bf16;
const Pointwise pointwise;
const Im2col im2col;
const Winograd winograd_6x6(6), winograd(4);
const Direct direct;
const Windows windows;
const ConvKernel* const convolutions[] = {&int8,         &depthwise_int8, &bf16,           &bf16_weights, &depthwise,
                                          &gemm,         &bf16x3,         &pointwise_bf16, &pointwise,    &im2col,
                                          &winograd_6x6, &winograd,       &direct,         &windows};

const BatchNormKernel batch_norm;
const MaxPoolKernel max_pool;
const AvgPoolKernel avg_pool;
const GlobalAvgPoolKernel global_avg_pool;
const UpsampleKernel upsample;
const ActivationKernel relu(ActivationKernel::Function::relu), silu(ActivationKernel::Function::silu);
const ActivationKernel hard_swish(ActivationKernel::Function::hard_swish), sigmoid(ActivationKernel::Function::sigmoid);
const ActivationKernel tanh_kernel(ActivationKernel::Function::tanh);
const LeakyReLUKernel leaky_relu;
const AddKernel add;
const MultiplyKernel multiply;
const PReLUKernel prelu;
const SoftmaxKernel softmax;
const SoftArgmaxKernel soft_argmax;

using List = std::vector<const Kernel<float>*>;

/// Kernels but the reference, by layer.
struct Fast {
  List operator()(const Conv2d&) const { return {std::begin(convolutions), std::end(convolutions)}; }
  List operator()(const Dense&) const { return {std::begin(convolutions), std::end(convolutions)}; }
  List operator()(const BatchNorm&) const { return {&batch_norm}; }
  List operator()(const MaxPool&) const { return {&max_pool}; }
  List operator()(const AvgPool&) const { return {&avg_pool}; }
  List operator()(const GlobalAvgPool&) const { return {&global_avg_pool}; }
  List operator()(const Upsample&) const { return {&upsample}; }
  List operator()(const ReLU&) const { return {&relu}; }
  List operator()(const SiLU&) const { return {&silu}; }
  List operator()(const HardSwish&) const { return {&hard_swish}; }
  List operator()(const Sigmoid&) const { return {&sigmoid}; }
  List operator()(const Tanh&) const { return {&tanh_kernel}; }
  List operator()(const LeakyReLU&) const { return {&leaky_relu}; }
  List operator()(const PReLU&) const { return {&prelu}; }
  List operator()(const Add&) const { return {&add}; }
  List operator()(const Multiply&) const { return {&multiply}; }
  List operator()(const Softmax&) const { return {&softmax}; }
  List operator()(const SoftArgmax&) const { return {&soft_argmax}; }
  template <class L>
  List operator()(const L&) const {
    return {};
  }
};

}  // namespace

template <>
std::span<const Kernel<float>* const> kernels_for(const Layer& layer) {
  return std::visit(
      [&]<class L>(const L& l) -> std::span<const Kernel<float>* const> {
        static const List list = [&] {
          List all = Fast()(l);
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
