#!/usr/bin/env bash
# Runs the tests, with everything they compare belay with. Arguments go to `swift test`, such as --filter NAME.
#
# In release: the tests then need no second build beside the one that `make demo` makes, and the torture and the
# real restic run against the binary that users get. CONFIGURATION=debug is the quicker one while writing code.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
exports=$(Scripts/prepare-tests.sh)
eval "$exports"
build --build-tests

export BELAY_BINARY=$binary
log=$root/.build/test.log
# Without testability flags `swift test` would build everything a second time, hence --skip-build.
set +e
timeout --signal=INT --kill-after=30 "${BELAY_TEST_TIMEOUT:-1800}" \
    swift test -c "$configuration" --skip-build --disable-xctest "$@" </dev/null 2>&1 |
    tee "$log" | grep --line-buffered -vE '^◇'
status=${PIPESTATUS[0]}
set -e
if [ $status -ne 0 ]; then
    say ""
    say "what failed (all of it is in $log):"
    grep -E '^(✘|error:)' "$log" >&2 || say "nothing: the run itself ended early, with status $status"
fi
grep -E '^(✔|✘|━) Test run with' "$log" || true
exit $status
