#!/usr/bin/env bash
# A program that includes landmarker.hpp alone compiles without Eigen (no folder of its headers is given here) and without
# the layers. Usage: landmarker_is_light.sh COMPILER INCLUDE_FOLDER
set -euo pipefail
headers=$(echo '#include "lineament/landmarker/landmarker.hpp"' | "$1" -std=c++20 -I "$2" -M -x c++ - | tr -d '\\' | tr ' ' '\n')
grep -q "lineament/landmarker/landmarker.hpp" <<< "$headers"
if heavy=$(grep -E "/Eigen/|lineament/(reference/|nn/(network|spec|layers))" <<< "$headers"); then
  printf 'landmarker.hpp includes\n%s\n' "$heavy"
  exit 1
fi
