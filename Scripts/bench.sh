#!/usr/bin/env bash
# Measures belay beside restic, borg, tar with zstd, rsync and cp, and writes docs/benchmarks.md. Arguments go to
# bench.py: --row NAME for one row, --list-rows for their names, --scale 0.02 for a try.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
exports=$(Scripts/prepare-tests.sh)
eval "$exports"
install_packages zstd rsync tar python3

# borg 1.4, compiled unless BORG names one: Debian 12 has 1.2. Without it, its column stays empty.
borg=$root/.build/peers/borg
if [ -z "${BORG:-}" ] && [ ! -x "$borg/bin/borg" ]; then
    say "fetching and compiling borg 1.4, a minute or two"
    install_packages gcc libc6-dev pkg-config python3-dev python3-venv libacl1-dev liblz4-dev libxxhash-dev libzstd-dev libssl-dev
    log=$(mktemp)
    if ! { python3 -m venv "$borg.new" && "$borg.new/bin/pip" install -q 'borgbackup==1.4.*'; } </dev/null >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        say "note: borg cannot be had; its column stays empty"
        rm -rf "$borg.new"
    else
        # A virtual environment cannot be moved; a link to it can be made when it is whole.
        ln -sfn "$borg.new" "$borg"
    fi
    rm -f "$log"
fi

build --product belay
[ -z "${BELAY_TEST_RESTIC:-}" ] || export RESTIC=${RESTIC:-$BELAY_TEST_RESTIC}
[ ! -x "$borg/bin/borg" ] || export BORG=${BORG:-$borg/bin/borg}
BELAY=$binary exec python3 -B Scripts/bench/bench.py "$@"
