#!/usr/bin/env bash
# Formats the sources in place.
. "$(dirname "$0")/lib.sh"

mapfile -d '' files < <(find Sources Tests Package.swift -name '*.swift' -print0)
swift format --in-place --parallel "${files[@]}"
