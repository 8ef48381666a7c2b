#include "cli/why.hpp"

#include <algorithm>
#include <cstdio>

namespace lineament::cli {
namespace {

std::string line(const char* format, auto... values) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, format, values...)) + 1, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), format, values...)));
  return text;
}

std::string bytes_text(std::size_t bytes) {
  if (bytes == 0) return "-";
  const double kb = static_cast<double>(bytes) / 1000;
  return kb < 10000 ? line("%.1f KB", kb) : line("%.1f MB", kb / 1000);
}

/// Runs of ops that threads go through alone: where one begins, it is said.
std::string region_text(const PlannedOp& op) {
  if (op.region == "by image") return "every thread alone, an image at a time:\n";
  if (op.region == "by rows") return "every thread alone, for rows of the image:\n";
  return "all threads together:\n";
}

}  // namespace

std::string why_text(std::span<const PlannedOp> plan) {
  std::size_t width = 6;
  for (const PlannedOp& op : plan) width = std::max(width, op.layers.size());
  const int w = static_cast<int>(width);
  std::string text = line("%3s  %-*s  %-14s %-12s %-4s %10s  %-9s %10s %10s\n", "op", w, "layers", "kernel", "output",
                          "type", "bytes", "kept", "workspace", "packed");
  std::string region;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const PlannedOp& op = plan[i];
    if (op.region != region) text += region_text(op);
    region = op.region;
    const std::string kept = op.bytes == 0 ? "by reader" : line("%d..%d", op.from, op.to);
    text += line("%3zu  %-*s  %-14s %-12s %-4s %10s  %-9s %10s %10s\n", i + 1, w, op.layers.c_str(), op.kernel.c_str(),
                 to_string(op.output).c_str(), op.type.c_str(), bytes_text(op.bytes).c_str(), kept.c_str(),
                 bytes_text(op.workspace).c_str(), bytes_text(op.packed).c_str());
    for (const std::string& reason : op.refused) text += line("     not %s\n", reason.c_str());
  }
  return text;
}

nlohmann::ordered_json why_json(std::span<const PlannedOp> plan) {
  nlohmann::ordered_json ops = nlohmann::ordered_json::array();
  for (const PlannedOp& op : plan)
    ops.push_back({{"layers", op.layers},
                   {"kernel", op.kernel},
                   {"refused", op.refused},
                   {"region", op.region},
                   {"output", to_string(op.output)},
                   {"type", op.type},
                   {"bytes", op.bytes},
                   {"kept", {op.from, op.to}},
                   {"workspace", op.workspace},
                   {"packed", op.packed}});
  return {{"ops", ops}};
}

}  // namespace lineament::cli
