#!/bin/bash
# The ABI of plugins is what it was (testdata/abi.golden), for every language and compiler: with gcc and with clang its
# header compiles without a warning as C11, C++17 and C++20, and its structs have the same members at the same places. A
# struct may only grow at its end; then the golden file grows too, and tenon_plugin_v1 stays what it is for older plugins.
set -euo pipefail

data=framework/plugin/testdata
work=$(mktemp -d -p "${TEST_TMPDIR:-/tmp}")

# try COMPILER STANDARD [OPTION...]
try() {
  local compiler=$1 standard=$2
  shift 2
  "$compiler" "$@" "-std=$standard" -I. -Wall -Wextra -Werror -pedantic-errors -o "$work/layout" $data/abi_layout.c
  "$work/layout" | diff $data/abi.golden - || { echo "the ABI has changed: $compiler -std=$standard"; exit 1; }
  echo "$compiler -std=$standard: same"
}

# try_one_of C:C++...: with the first that is installed.
try_one_of() {
  local pair
  for pair in "$@"; do
    command -v "${pair%:*}" >/dev/null && command -v "${pair#*:}" >/dev/null || continue
    try "${pair%:*}" c11
    try "${pair#*:}" c++17 -x c++
    try "${pair#*:}" c++20 -x c++
    return
  done
  echo "none of these compilers is here: $*; see tools/packages"
  exit 1
}

try_one_of gcc:g++
try_one_of clang:clang++ clang-16:clang++-16 clang-15:clang++-15 clang-14:clang++-14
