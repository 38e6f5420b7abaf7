#!/usr/bin/env bash
# Shows belay's main job on a copy of a directory: this repository itself, unless another is given.
#
#   Scripts/demo.sh [DIR]
#
# DIR is only read. Everything else, belay's repository, key and caches included, lies in a temporary folder
# that is deleted at the end; with KEEP=1 it stays.
. "$(dirname "$0")/lib.sh"

source=$(cd "${1:-$root}" && pwd)
Scripts/prepare.sh
build --product belay

work=$(mktemp -d "${TMPDIR:-/tmp}/belay-demo-XXXXXX")
step=preparing
finish() {
    local status=$?
    [ $status -eq 0 ] || say "error: the demo failed while $step, with status $status"
    if [ -n "${KEEP:-}" ]; then say "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

# Nothing of the user's is read or written: neither settings nor keys nor caches.
unset BELAY_REPOSITORY BELAY_PASSWORD BELAY_PASSWORD_FILE BELAY_PASSWORD_COMMAND
unset RESTIC_REPOSITORY RESTIC_REPOSITORY_FILE RESTIC_PASSWORD RESTIC_PASSWORD_FILE RESTIC_PASSWORD_COMMAND
export HOME=$work/home XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
export XDG_STATE_HOME=$work/state XDG_CACHE_HOME=$work/cache RESTIC_CACHE_DIR=$work/cache/restic
mkdir -p "$HOME" "$work/bin"
ln -s "$binary" "$work/bin/belay"
PATH=$work/bin:$PATH
commands=0

# Shows a command, then runs it.
run() {
    step="running: $*"
    commands=$((commands + 1))
    printf '\n$'
    for word in "$@"; do
        case $word in
        *\ *) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

# What is done to the project, shown like a command.
change() {
    step="changing the project: $1"
    printf '\n$ %s\n' "$1"
    bash -c "$1"
}

# What a folder holds, a line each: names, kinds, permissions, owners, times, link targets; then contents.
inventory() {
    (
        cd "$1"
        find . -mindepth 1 -not -path './.belay' -not -path './.belay/*' -printf '%P %y %m %U %G %T@ %l\n'
        find . -type f -not -path './.belay/*' -print0 | xargs -0r sha256sum
    ) | LC_ALL=C sort
}

# Fails unless everything below the second folder is the same below the first. What is missing there must be something
# that git ignores.
compare() {
    local project=$1 restored=$2 ignored=0 path
    inventory "$project" >"$work/project.list"
    inventory "$restored" >"$work/restored.list"
    LC_ALL=C comm -13 "$work/project.list" "$work/restored.list" >"$work/strange.list"
    [ ! -s "$work/strange.list" ] || {
        head -n 5 "$work/strange.list"
        say "error: these were restored, and were not like this in the project"
        return 1
    }
    while IFS= read -r path; do
        git -C "$project" check-ignore -q --no-index -- "$path" || {
            say "error: $path is missing, and git does not ignore it"
            return 1
        }
        ignored=$((ignored + 1))
    done < <(LC_ALL=C comm -23 <(cd "$project" && find . -mindepth 1 | LC_ALL=C sort) \
        <(cd "$restored" && find . -mindepth 1 | LC_ALL=C sort))
    printf 'the same: %d entries; %d that git ignores were not stored\n' \
        "$(find "$restored" -mindepth 1 | wc -l)" "$ignored"
}

# The first regular files of the project that git does not ignore, those in the fewest folders first: something to
# change.
pick() {
    local path
    find . -name '.?*' -prune -o -type f -not -name belay.yaml -not -name '*[^A-Za-z0-9._-]*' -size -64k \
        -printf '%d %P\n' | LC_ALL=C sort -k 1,1n -k 2 | cut -d ' ' -f 2- | sed -n 1,50p | while IFS= read -r path; do
        git check-ignore -q --no-index -- "$path" 2>/dev/null || printf '%s\n' "$path"
    done | sed -n "$1p"
}

say "copying $source"
mkdir "$work/project"
(cd "$source" && tar --exclude=./.build --exclude='./.build-*' --one-file-system -cf - .) | tar -xf - -C "$work/project"
cd "$work/project"
edited=$(pick 1)
deleted=$(pick 2)
[ -n "$edited" ] && [ -n "$deleted" ] || die "$source holds fewer than two files that the demo could change"

began=$SECONDS
run belay init
run belay backup -m "before the change"
cp -a "$work/project" "$work/before"
change "echo 'one more line' >> $(printf %q "$edited")"
change "rm $(printf %q "$deleted")"
change "mkdir demo && seq 100000 > demo/numbers.txt"
run belay backup -m "after the change"
run belay list
run belay diff latest~1 latest
run belay restore latest~1 --to ../restored
step="comparing what was restored with the project as it was"
printf '\ncomparing ../restored with the project as it was before the change\n'
compare "$work/before" "$work/restored"
run belay verify --all --read-data

# The proof that nobody needs belay to get their files back.
restic=$(command -v restic || ls "$root"/.build/peers/restic-*/usr/bin/restic 2>/dev/null | tail -n 1) || true
if [ -n "$restic" ]; then
    ln -s "$restic" "$work/bin/restic" 2>/dev/null || true
    repository=$XDG_DATA_HOME/belay/repository
    key=$(ls "$XDG_CONFIG_HOME"/belay/keys/*.key)
    export RESTIC_REPOSITORY=$repository RESTIC_PASSWORD_FILE=$key
    printf '\n$ export RESTIC_REPOSITORY=%s\n$ export RESTIC_PASSWORD_FILE=%s\n' "$repository" "$key"
    run restic check --read-data
    last="restic found no errors either"
else
    last="restic is not installed, so it was not asked (apt-get install restic)"
fi

printf '\nsummary: %d commands in %d s; two snapshots, the older restored and found identical, the repository verified; %s\n' \
    "$commands" "$((SECONDS - began))" "$last"
