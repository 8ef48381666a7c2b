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

/// "7..8, 266..268": during which ops the output is in memory.
std::string kept_text(const PlannedOp& op) {
  if (op.bytes == 0) return "by reader";
  const std::string text = line("%d..%d", op.from, op.to);
  return op.again_from == 0 ? text : text + line(", %d..%d", op.again_from, op.again_to);
}

}  // namespace

std::string why_text(std::span<const PlannedOp> plan) {
  std::size_t width = 6, kept_width = 9;
  for (const PlannedOp& op : plan) {
    width = std::max(width, op.layers.size());
    kept_width = std::max(kept_width, kept_text(op).size());
  }
  const int w = static_cast<int>(width), k = static_cast<int>(kept_width);
  std::string text = line("%3s  %-*s  %-14s %-12s %-4s %10s  %-*s %10s %10s\n", "op", w, "layers", "kernel", "output",
                          "type", "bytes", k, "kept", "workspace", "packed");
  std::string region;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const PlannedOp& op = plan[i];
    if (op.region != region) text += region_text(op);
    region = op.region;
    text += line("%3zu  %-*s  %-14s %-12s %-4s %10s  %-*s %10s %10s\n", i + 1, w, op.layers.c_str(), op.kernel.c_str(),
                 to_string(op.output).c_str(), op.type.c_str(), bytes_text(op.bytes).c_str(), k, kept_text(op).c_str(),
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
                   {"again", {op.again_from, op.again_to}},
                   {"workspace", op.workspace},
                   {"packed", op.packed}});
  return {{"ops", ops}};
}

}  // namespace lineament::cli
