#!/usr/bin/env bash
# mpirun lineament train: rank 0 alone writes and speaks, as many ranks give the same bits, and a run goes on with another
# number of them.
set -euo pipefail
source "$(dirname "$0")/launch.sh"

train=(train --synthetic 24 --network compact --batch 8 --threads 1 --seed 5 --val-split 0.25)
for run in a b; do
  launch 2 "$lineament" "${train[@]}" --epochs 2 --out "$folder/$run" > "$folder/$run.out" 2> "$folder/$run.err" ||
    fail "$(cat "$folder/$run.err")"
done
numbers() {  # of a .safetensors file: all behind its header, which has the date in it
  local header
  header=$(od -An -t u8 -N 8 "$1")
  tail -c +"$((header + 9))" "$1"
}
cmp <(numbers "$folder/a/last.safetensors") <(numbers "$folder/b/last.safetensors") ||
  fail "two runs on two ranks differ"
[[ $(grep -c '^epoch ' "$folder/a.err") == 2 ]] || fail "not one line an epoch: $(cat "$folder/a.err")"
grep -q '2 ranks of 1 thread' "$folder/a.err" || fail "the ranks are not named"
[[ $(ls "$folder/a") == $'last.safetensors\nlog.jsonl\nmodel.safetensors\nreport.html' ]] ||
  fail "files of the run: $(ls "$folder/a")"

# Alone: the same curve.
"$lineament" "${train[@]}" --epochs 2 --out "$folder/alone" 2> /dev/null
losses() { grep -o '"loss":[0-9.e-]*' "$1/log.jsonl" | cut -d : -f 2; }
paste <(losses "$folder/a") <(losses "$folder/alone") |
  awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-3 * $2) exit 1 }' || fail "the curve of two ranks is another"

# On with three ranks is refused, as 8 is no multiple; with four, and alone, the run goes on.
if launch 3 "$lineament" train --resume --epochs 3 --out "$folder/a" 2> "$folder/three"; then fail "8 over 3 ranks"; fi
[[ $(grep -c '^lineament: ' "$folder/three") == 1 ]] || fail "not one line: $(cat "$folder/three")"
grep -q 'wanted a multiple of 3, got 8' "$folder/three" || fail "$(cat "$folder/three")"
launch 4 "$lineament" train --resume --epochs 3 --out "$folder/a" 2> "$folder/four" || fail "$(cat "$folder/four")"
"$lineament" train --resume --epochs 4 --out "$folder/a" 2> /dev/null || fail "a run of ranks does not go on alone"
[[ $(wc -l < "$folder/a/log.jsonl") == 4 ]] || fail "the log has not four epochs"
