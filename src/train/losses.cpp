#include "lineament/train/losses.hpp"

#include <array>

#include "train/names.hpp"

namespace lineament {
namespace {

template <class L>
Loss make() {
  return L{};
}

const std::array<NamedLoss, 6> kLosses{
    {{"l2", "mean of the squared errors", make<L2>},
     {"l1", "mean of the errors", make<L1>},
     {"smooth-l1", "l2 for small errors, l1 for large ones", make<SmoothL1>},
     {"wing", "logarithm of small errors, l1 for large ones (Feng et al. 2018)", make<Wing>},
     {"soft-wing", "l1 for the smallest errors, logarithm of the others (Lin et al. 2021)", make<SoftWing>},
     {"cross-entropy", "over the softmax of the outputs, for classifiers", make<CrossEntropy>, true}}};

std::string loss_called(const char* loss) {
  return "loss " + std::string(loss);
}

}  // namespace

std::span<const NamedLoss> losses() {
  return kLosses;
}

Loss loss_by_name(std::string_view wanted, std::span<const NamedLoss> table) {
  for (const NamedLoss& loss : table)
    if (loss.name == wanted) return loss.make();
  throw ArgumentError({.where = "loss",
                       .what = "there is no loss of this name",
                       .wanted = one_of(table, [](const NamedLoss& loss) { return loss.name; }),
                       .got = "'" + std::string(wanted) + "'",
                       .fix = ""});
}

void detail::check_sizes(const char* loss, std::size_t outputs, std::size_t truths, std::size_t weights,
                         std::size_t gradients, int batch) {
  if (batch > 0 && outputs > 0 && outputs % static_cast<std::size_t>(batch) == 0 && truths == outputs &&
      (weights == outputs || weights == 0) && (gradients == outputs || gradients == 0))
    return;
  throw ArgumentError({.where = loss_called(loss),
                       .what = "outputs, truths, weights and gradients do not fit together",
                       .wanted = "as many of each, a multiple of the batch",
                       .got = std::to_string(outputs) + ", " + std::to_string(truths) + ", " + std::to_string(weights) +
                              " and " + std::to_string(gradients) + " values for a batch of " + std::to_string(batch),
                       .fix = ""});
}

void detail::bad_weight(const char* loss, double got) {
  throw ArgumentError({loss_called(loss), "a weight is out of range", "0 or more", std::to_string(got), ""});
}

void detail::require_positive(const char* loss, const char* parameter, float value) {
  if (value > 0) return;
  throw ArgumentError(
      {loss_called(loss), std::string(parameter) + " is out of range", "above 0", std::to_string(value), ""});
}

void detail::check_classes(int classes, std::size_t values) {
  if (classes >= 0 && (classes == 0 || values % static_cast<std::size_t>(classes) == 0)) return;
  throw ArgumentError({loss_called("cross-entropy"), "the number of classes does not fit",
                       "a divisor of the " + std::to_string(values) + " values of a sample", std::to_string(classes),
                       ""});
}

void detail::not_a_distribution(std::size_t row, double sum) {
  throw ArgumentError({loss_called("cross-entropy") + ", distribution " + std::to_string(row) + " of the batch",
                       "the truth is not a distribution over the classes", "values of 0 or more that add up to 1",
                       "a sum of " + std::to_string(sum), "give 1 for the class and 0 for the others"});
}

}  // namespace lineament
