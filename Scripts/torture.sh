#!/usr/bin/env bash
# Kills belay at random and at chosen instants and looks whether anything was lost: Scripts/torture.sh --help
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
exports=$(Scripts/prepare-tests.sh)
eval "$exports"
build --product belay
exec python3 -B Scripts/torture/torture.py --belay "$binary" "$@"
