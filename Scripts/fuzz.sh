#!/usr/bin/env bash
# Fuzzes every parser of bytes from outside, each for SECONDS_EACH seconds (20), or only those that are named.
#
# Needs clang's fuzzer runtime, which comes with the Swift toolchain. Findings lie in .build-fuzz/findings; make each
# of them a unit test. The seeds are what the tests' vectors hold, and what earlier runs found interesting.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
swift_bin=$(dirname "$(readlink -f "$(command -v swift)")")
runtime=$(find "$swift_bin/.." -name 'libclang_rt.fuzzer_no_main*.a' | grep -m 1 "$(uname -m)" || true)
if [ -z "$runtime" ]; then
    say "this toolchain has no fuzzer runtime (libclang_rt.fuzzer_no_main)"
    exit 1
fi
# A crash must end the run, not start a debugger.
export SWIFT_BACKTRACE=enable=no
mkdir -p .build-fuzz
BELAY_FUZZ=$runtime swift build --product belay-fuzz --scratch-path .build-fuzz >.build-fuzz/build.log 2>&1 || {
    tail -n 30 .build-fuzz/build.log >&2
    exit 1
}
binary=.build-fuzz/debug/belay-fuzz
if [ $# -eq 0 ]; then
    mapfile -t parsers < <("$binary" || true)
else
    parsers=("$@")
fi
failed=()
for parser in "${parsers[@]}"; do
    mkdir -p ".build-fuzz/corpus/$parser" .build-fuzz/findings "Fuzz/seeds/$parser"
    say "fuzzing $parser"
    timeout $((${SECONDS_EACH:-20} + 60)) "$binary" "$parser" -max_total_time="${SECONDS_EACH:-20}" -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=".build-fuzz/findings/$parser-" \
        ".build-fuzz/corpus/$parser" "Fuzz/seeds/$parser" >".build-fuzz/$parser.log" 2>&1 </dev/null ||
        failed+=("$parser: see .build-fuzz/$parser.log")
    grep -E '^stat::number_of_executed_units' ".build-fuzz/$parser.log" || true
done
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
say "no parser failed"
