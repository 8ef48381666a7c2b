#!/usr/bin/env bash
# Ranks that differ in what they are to do end at once, with one line that names one; so do options that do not fit.
set -euo pipefail
source "$(dirname "$0")/launch.sh"

train=(train --synthetic 16 --network compact --batch 8 --threads 1 --epochs 1)
ends_with() {  # WORDS, of the run whose output is in $folder/err
  [[ $(grep -c '^lineament: ' "$folder/err") == 1 ]] || fail "wanted one line with '$1', got: $(cat "$folder/err")"
  grep '^lineament: ' "$folder/err" | grep -- "$1" > /dev/null || fail "wanted '$1', got: $(cat "$folder/err")"
}
begin=$SECONDS

# As where one machine was given another command line, or has other photos.
if launch 1 "$lineament" "${train[@]}" --out "$folder/a" : -n 1 "$lineament" "${train[@]}" --seed 2 --out "$folder/a" \
  2> "$folder/err"; then fail "other options"; fi
ends_with 'rank 1 of 2: it has another --seed (wanted that of rank 0, 1, got 2)'
"$lineament" faces --count 8 --size 96 --seed 1000 --out "$folder/one" 2> /dev/null
"$lineament" faces --count 8 --size 96 --seed 1001 --out "$folder/two" 2> /dev/null
before() { echo "${train[@]}" --backgrounds "$1" --out "$folder/b"; }
if launch 1 "$lineament" $(before "$folder/one") : -n 1 "$lineament" $(before "$folder/two") 2> "$folder/err"
then fail "other backgrounds"; fi
ends_with 'rank 1 of 2: it has other photos in --backgrounds'
data() { echo train --data "$1" --network compact --batch 2 --threads 1 --epochs 1 --val-split 0 --out "$folder/d"; }
if launch 1 "$lineament" $(data "$folder/one") : -n 1 "$lineament" $(data "$folder/two") 2> "$folder/err"
then fail "other photos"; fi
ends_with 'rank 1 of 2: it has other faces'
if launch 1 "$lineament" $(data "$folder/one") : -n 1 "$lineament" $(data "$folder/gone") 2> "$folder/err"
then fail "no photos on a rank"; fi
ends_with 'rank 1 of 2: '

# A resume that is refused leaves the run as it was.
"$lineament" train --data "$folder/one" --network compact --batch 2 --threads 1 --epochs 1 --val-split 0 \
  --out "$folder/r" 2> /dev/null
cp "$folder/r/last.safetensors" "$folder/last"
more() { echo train --resume --out "$folder/r" --epochs "$1"; }
if launch 1 "$lineament" $(more 2) : -n 1 "$lineament" $(more 3) 2> "$folder/err"; then fail "other epochs"; fi
ends_with 'rank 1 of 2: it has another --epochs'
cmp -s "$folder/r/last.safetensors" "$folder/last" || fail "a resume that was refused has changed the run"

# A sample that is damaged on another rank's disk is named, and the run goes on.
packed="--size 128 --threads 1 --seed 5"
"$lineament" pack --synthetic 16 $packed --out "$folder/whole" 2> /dev/null
cp -r "$folder/whole" "$folder/damaged"
printf x | dd of="$folder/damaged/faces_00000.shard" bs=1 seek=$(($(stat -c %s "$folder/damaged/faces_00000.shard") - 9)) \
  conv=notrunc 2> /dev/null
shards() { echo train --data "$1" --from "$folder/r/model.safetensors" --batch 4 --threads 1 --epochs 1 --val-split 0 \
  --out "$folder/s"; }
launch 1 "$lineament" $(shards "$folder/whole") : -n 1 "$lineament" $(shards "$folder/damaged") 2> "$folder/err" ||
  fail "$(cat "$folder/err")"
grep -q '^damaged: rank 1: faces_00000.shard: drawn ' "$folder/err" || fail "damage is not named: $(cat "$folder/err")"

# The same mistake of all ranks is said once.
mkdir "$folder/full" && touch "$folder/full/model.safetensors"
if launch 2 "$lineament" "${train[@]}" --out "$folder/full" 2> "$folder/err"; then fail "a folder with a model"; fi
ends_with 'there is a model in this folder'
if launch 2 "$lineament" adapt --data "$folder/one" --out "$folder/x.safetensors" 2> "$folder/err"
then fail "adapt on two ranks"; fi
grep -q 'it is for one process' "$folder/err" || fail "$(cat "$folder/err")"
[[ ! -e $folder/a/log.jsonl && ! -e $folder/d/log.jsonl ]] || fail "something was trained"
((SECONDS - begin < 120)) || fail "the ends took $((SECONDS - begin)) s"
