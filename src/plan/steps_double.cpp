#include "plan/steps-inl.hpp"

namespace lineament {
template std::vector<Step<double>> make_steps(const BasicNetwork<double>&, const SessionOptions&);
template void pass_bytes(std::vector<Step<double>>&, const Shapes&);
}  // namespace lineament
