#!/bin/bash
# Where belay's processor time goes in one step on one data set of the benchmark.
#
#     Scripts/bench/profile.sh STEP SET [WORK]
#
# STEP is first, unchanged, check or restore; SET is src, big or tiny; WORK is the benchmark's scratch
# folder, where make-datasets.py has made the data. Needs perf. BELAY names the binary.
set -euo pipefail

step=${1:?step} data=${2:?data set} work=${3:-${TMPDIR:-/tmp}/belay-bench}
belay=${BELAY:-.build/release/belay}
project=$work/data/$data
[ -d "$project" ] || { echo "$project is not there: run bench.py once" >&2; exit 2; }

place=$(mktemp -d "$work/profile-XXXXXX")
trap 'rm -rf "$place"' EXIT
export HOME=$place/home XDG_CACHE_HOME=$place/cache
repository=$place/repository
run() { "$belay" "$@" -C "$project" --repo "$repository" -q > /dev/null; }
record() {
    perf record -F 999 -o "$place/perf.data" -- "$belay" "$@" -C "$project" --repo "$repository" -q > /dev/null
}

# Packs are written past the page cache; the benchmark reads them from there.
warm() { sync; cat "$repository"/data/*/* > /dev/null; }

run init --repository-only
case $step in
    first) record backup ;;
    unchanged) run backup; sync; record backup ;;
    check) run backup; warm; record verify --read-data ;;
    restore) run backup; warm; record restore latest --to "$place/restored" ;;
    *) echo "no step $step" >&2; exit 2 ;;
esac 2> "$place/perf.log" || { cat "$place/perf.log" >&2; exit 1; }

echo "# by object"
perf report -i "$place/perf.data" --sort dso --percent-limit 1 2> /dev/null | grep -v '^#' | grep . || true
echo "# by function"
perf report -i "$place/perf.data" --sort symbol --percent-limit 1 2> /dev/null | grep -v '^#' | grep . | cut -c1-140 || true
