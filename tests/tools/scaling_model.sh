#!/usr/bin/env bash
# tools/scaling-model: without latency and with next to nothing to send, N nodes are N times as fast; with latency alone
# the step is longer by the messages that are counted in docs/scaling.md.
set -euo pipefail
command -v python3 > /dev/null || { echo "skipped: there is no python3"; exit 77; }
model=$(cd "$(dirname "$0")/../.." && pwd)/tools/scaling-model
# grep reads to the end: with -q it would close the pipe, and the model fail at its next line.
row() { "$model" --outputs 0 --channels 0 "${@:2}" | grep "^| $1" > /dev/null || fail "no row $1 of ${*:2}"; }
fail() { echo "$*"; exit 1; }

table=$("$model" --weights 1 --step-ms 100 --latency-us 0 --outputs 0)
for n in 2 4 8 16 32 64; do grep -q "^| $n | 100.0 ms, $n.00 |" <<< "$table" || fail "$n nodes: $table"; done
row '64 | 2.0 ms, 64.00 |' --weights 1 --step-ms 128 --latency-us 0 --strong
# 2 nodes, 1 ms a message: 2 for gradients, 3 for the losses, 1 whether to go on, 2 for a norm.
row '2 | 108.0 ms' --weights 1 --step-ms 100 --latency-us 1000 --norms 1 --no-overlap
# A million bytes at 1 Gbit/s: half of them to the other, and half of the sums.
row '2 | 108.0 ms' --weights 250000 --step-ms 100 --latency-us 0 --no-overlap
row '2 | 104.0 ms' --weights 250000 --step-ms 100 --latency-us 0 --no-overlap --bytes 2
row '2 | 108.0 ms' --weights 250000 --step-ms 100 --latency-us 0  # one piece, which nothing hides

# What was measured of several networks: two nodes of 100 ms, and 4 ms each way that the backward pass hides but for the
# last piece, here all of it.
steps=$(mktemp)
trap 'rm -f "$steps"' EXIT
cat > "$steps" << 'END'
[{"network": "one", "weights": 250000, "norms": 0, "channels": 0, "outputs": 0, "gathers": 0, "batch": 32, "latency_us": 0,
  "backward": 0.5, "step_ms": 100, "two_ms": 110, "lines": [{"gbit": 1, "beside_ms": 119.5, "after_ms": 118.5}]}]
END
"$model" --steps "$steps" --latency-us 0 | grep '^| one | 2.0 | 100 | 1 | 1.85 |' > /dev/null || fail "no table of networks"
# One norm: a message forward and one back, which --norms 0 (--norms rank of the training) leaves out.
row_of() { "$model" --steps "$steps" --latency-us 1000 "$@" | grep '^| one'; }
[[ $(row_of --norms 1) != "$(row_of)" && $(row_of --norms 0) == "$(row_of)" ]] || fail "--norms with --steps"
"$model" --steps "$steps" --check | grep '^| one | 1 | 110.0 | 119.5 | 118.0 | 118.5 | 118.0 |' > /dev/null || fail "no check"
if "$model" --weights 0 --step-ms 100 2> /dev/null; then fail "no weights"; fi
