#include "plan/steps-inl.hpp"

namespace lineament {
template std::vector<Step<float>> make_steps(const BasicNetwork<float>&, const SessionOptions&);
template void pass_bytes(std::vector<Step<float>>&, const Shapes&);
}  // namespace lineament
