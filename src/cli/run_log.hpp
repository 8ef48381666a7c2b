// RUN/log.jsonl: one line an epoch, for people, for plots, and for the report of a resumed run.
#pragma once
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "lineament/train/fit.hpp"

namespace lineament::cli {

std::string log_line(const EpochReport& report);
/// The lines of `path` up to `epochs` epochs; none if the file is not there. Throws FormatError.
std::vector<EpochReport> read_log(const Path& path, std::size_t epochs);
void write_log(const Path& path, const std::vector<EpochReport>& reports);

}  // namespace lineament::cli
