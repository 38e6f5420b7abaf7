# What the scripts share. To be sourced; changes into the project's root.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# Every script builds with the same flags into the same folder, so that what one has built serves the others.
configuration=${CONFIGURATION:-release}
binary=$root/.build/$configuration/belay

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# Runs a command that needs to be root; fails where that cannot be had.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo "$@"
    else
        return 1
    fi
}

# Names those of the given Debian packages that are not installed.
missing_packages() {
    local package status
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) || status=
        case $status in
        ii*) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

# Installs those of the given Debian packages that are missing.
install_packages() {
    local missing log
    if ! command -v dpkg-query >/dev/null; then
        say "note: this is no Debian system; these Debian packages, or what they are called here, are needed: $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing Debian packages: ${missing[*]}"
    log=$(mktemp)
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            "${missing[@]}" </dev/null >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "cannot install them; do it as root: apt-get install ${missing[*]}"
}

# Builds, saying only what went wrong and how long it took. Arguments go to `swift build`.
build() {
    local log began=$SECONDS
    command -v swift >/dev/null || die "there is no swift on the PATH; belay needs Swift 6.2 or newer: https://swift.org/install"
    log=$(mktemp)
    say "building ($configuration)"
    if ! swift build -c "$configuration" "$@" </dev/null >"$log" 2>&1; then
        grep -E '(error|warning):' -A 4 "$log" >&2 || tail -n 40 "$log" >&2
        rm -f "$log"
        die "the build failed"
    fi
    rm -f "$log"
    say "built in $((SECONDS - began)) s"
}
