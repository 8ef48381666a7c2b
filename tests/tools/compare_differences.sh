#!/usr/bin/env bash
# tools/compare judges each sample: one that is wholly wrong shows in the mean as in the largest difference, and so does
# a value that is no number.
set -euo pipefail
command -v python3 > /dev/null || { echo "skipped: there is no python3"; exit 77; }
python3 - "$(cd "$(dirname "$0")/../.." && pwd)/tools/compare" << 'END'
import importlib.machinery
import importlib.util
import math
import statistics
import sys

loader = importlib.machinery.SourceFileLoader("compare", sys.argv[1])
compare = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
loader.exec_module(compare)

samples, size = 32, 136
ours = [2.0] * (samples * size)
for of in max, statistics.fmean:
    theirs = list(ours)
    assert compare.output_differences(ours, theirs, {"points": size}, samples, of) == {"points": 0}
    theirs[7 * size:8 * size] = [1.0] * size  # a sample
    assert compare.output_differences(ours, theirs, {"points": size}, samples, of) == {"points": 0.5}, of
    theirs[5] = math.nan
    assert math.isnan(compare.output_differences(ours, theirs, {"points": size}, samples, of)["points"]), of

theirs = list(ours)
theirs[0] = 1.0  # a value of the first of two outputs
found = compare.output_differences(ours, theirs, {"maps": 100, "points": 36}, samples, statistics.fmean)
assert found == {"maps": 0.005, "points": 0}, found
try:
    compare.output_differences(ours, theirs[1:], {"points": size}, samples, max)
except compare.Failure:
    pass
else:
    raise AssertionError("a value that is missing was not noticed")
END
