#!/usr/bin/env bash
# A rank that dies in the middle: all end within seconds, the checkpoint is whole, and the run goes on from it.
set -euo pipefail
source "$(dirname "$0")/launch.sh"

train=(train --synthetic 48 --network compact --batch 8 --threads 1 --epochs 200 --val-split 0 --out "$folder/run")
launch 2 "$lineament" "${train[@]}" > /dev/null 2> "$folder/err" &
launcher=$!
for ((i = 0; i < 3000; ++i)); do
  [[ -e $folder/run/log.jsonl ]] && break
  kill -0 "$launcher" 2> /dev/null || fail "the run ended by itself: $(cat "$folder/err")"
  sleep 0.1
done
[[ -e $folder/run/log.jsonl ]] || fail "no epoch in five minutes"

has() { { tr '\0' '\n' < "/proc/$1"; } 2> /dev/null | grep -xE -- "$2" > /dev/null; }  # FILE LINE (and read to the end, not -q)
victim=
for process in /proc/[0-9]*; do
  process=${process#/proc/}
  if has "$process/cmdline" "$folder/run" && has "$process/environ" '(OMPI_COMM_WORLD|PMI)_RANK=1'; then
    victim=$process
  fi
done
[[ -n $victim ]] || { echo "skipped: rank 1 was not found"; kill "$launcher"; exit 77; }
kill -KILL "$victim"
begin=$SECONDS
if wait "$launcher"; then fail "a rank was killed, and the run ended well"; fi
((SECONDS - begin < 30)) || fail "the others went on for $((SECONDS - begin)) s"

done_before=$(wc -l < "$folder/run/log.jsonl")
launch 2 "$lineament" train --resume --epochs "$((done_before + 2))" --out "$folder/run" > /dev/null 2> "$folder/again" ||
  fail "it does not go on: $(cat "$folder/again")"
done_after=$(wc -l < "$folder/run/log.jsonl")
((done_after == done_before + 2)) || fail "$done_before epochs before, $done_after after"
