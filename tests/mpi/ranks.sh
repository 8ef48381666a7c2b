#!/usr/bin/env bash
# Sums and a training over MPI: the same bits as on threads, and a rank that fails ends all with a line that names it.
set -euo pipefail
source "$(dirname "$0")/launch.sh"

launch 2 "$ranks" sums > "$folder/sums" || fail "sums over ranks failed"
for n in 2 3; do
  "$ranks" threads "$n" > "$folder/threads"
  launch "$n" "$ranks" train > "$folder/mpi"
  diff "$folder/threads" "$folder/mpi" || fail "$n ranks of MPI and $n threads differ"
done

begin=$SECONDS
if launch 2 "$ranks" bad > "$folder/bad" 2>&1; then fail "a rank failed, and the run did not"; fi
grep -q "^rank 1 of 2: sample: is bad" "$folder/bad" || fail "the line is missing: $(cat "$folder/bad")"
((SECONDS - begin < 30)) || fail "the others went on for $((SECONDS - begin)) s"
