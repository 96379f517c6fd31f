#!/bin/bash
# The ABI of plugins is what it was (testdata/abi.golden), for every language and compiler that is installed: its
# header compiles without a warning, and its structs have the same members at the same places. A struct may only
# grow at its end; then the golden file grows too, and tenon_plugin_v1 stays what it is for older plugins.
set -euo pipefail

data=framework/plugin/testdata
work=$(mktemp -d -p "${TEST_TMPDIR:-/tmp}")
tried=0

# try COMPILER STANDARD [OPTION...]
try() {
  local compiler=$1 standard=$2
  shift 2
  "$compiler" "$@" "-std=$standard" -I. -Wall -Wextra -Werror -pedantic-errors -o "$work/layout" $data/abi_layout.c
  "$work/layout" | diff $data/abi.golden - || { echo "the ABI has changed: $compiler -std=$standard"; exit 1; }
  tried=$((tried + 1))
  echo "$compiler -std=$standard: same"
}

for family in gcc:g++ clang:clang++ clang-14:clang++-14 clang-15:clang++-15 clang-16:clang++-16; do
  c=${family%:*} cxx=${family#*:}
  ! command -v "$c" >/dev/null || try "$c" c11
  ! command -v "$cxx" >/dev/null || for standard in c++17 c++20; do try "$cxx" $standard -x c++; done
done
[ $tried -ge 3 ] || { echo "neither gcc nor g++ is here"; exit 1; }
