#!/usr/bin/env bash
# Builds the release binary: .build/release/belay
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
build --product belay "$@"
say "$binary"
