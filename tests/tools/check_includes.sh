#!/usr/bin/env bash
# tools/check-includes finds what it is there to find: a tree with one mistake of each kind.
set -euo pipefail
check=$(cd "$(dirname "$0")/../.." && pwd)/tools/check-includes
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/include/lineament/{image,nn} "$tree"/src/{faces,platform,nowhere,cli} "$tree"/tests

put() { printf '%s\n' "${@:2}" > "$tree/$1"; }
put include/lineament/error.hpp '#include <string>'
put include/lineament/image/a.hpp '#include "lineament/error.hpp"' '#include "lineament/image/b.hpp"'
put include/lineament/api.hpp 'namespace LINEAMENT_API lineament {'
put include/lineament/opencv.hpp '#include <opencv2/core.hpp>' '#include "lineament/image/a.hpp"'
put src/platform/a.cpp '#include <unistd.h>' '#include <sys/mman.h>'
put src/cli/a.cpp 'int main() { std::printf("the program may"); }'
output=$("$check" "$tree") || { echo "a sound tree is refused: $output"; exit 1; }

put include/lineament/image/up.hpp '#include "lineament/nn/spec.hpp"'
put include/lineament/nn/private.hpp '#include "nn/a.hpp"'
put include/lineament/nn/tensor.hpp '#include <unsupported/Eigen/CXX11/Tensor>'
put include/lineament/nn/hidden.hpp 'namespace lineament {'
put src/faces/system.cpp '#include <vector>' '#include <sys/stat.h>'
put src/faces/says.cpp 'void f() { std::printf("no"); }  // std::exit(1) in a comment is none'
put src/nowhere/a.cpp ''
for ((i = 0; i <= 400; ++i)); do echo; done > "$tree/tests/long.cpp"

if output=$("$check" "$tree"); then echo "nothing was found"; exit 1; fi
for wanted in \
  'include/lineament/image/up.hpp:1: image may not include "lineament/nn/spec.hpp"' \
  'include/lineament/nn/private.hpp:1: a public header may not include "nn/a.hpp"' \
  'include/lineament/nn/tensor.hpp:1: nn may not include <unsupported/Eigen/CXX11/Tensor>' \
  'include/lineament/nn/hidden.hpp:1: a shared library would hide this' \
  'src/faces/system.cpp:2: faces may not include <sys/stat.h>' \
  'src/faces/says.cpp:1: the library never prints, exits or aborts' \
  'src/nowhere/a.cpp: folder nowhere is not in tools/folders' \
  'tests/long.cpp: more than 400 lines' \
  '14 files, 8 findings'; do
  [[ $output == *"$wanted"* ]] || { printf 'not found: %s\nin:\n%s\n' "$wanted" "$output"; exit 1; }
done
