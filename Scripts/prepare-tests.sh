#!/usr/bin/env bash
# Gets the programs that the tests compare belay with. Quick on the second run.
#
#   eval "$(Scripts/prepare-tests.sh)"
#
# Prints `export` lines for the shell:
#   BELAY_TEST_RESTIC       restic 0.18, as in Debian 13
#   BELAY_TEST_RESTIC_OLD   restic 0.14, as in Debian 12
# Both are unpacked below .build/peers and not installed. What cannot be had is named, and its line left out; with
# CI set that is a failure.
. "$(dirname "$0")/lib.sh"

peers=$root/.build/peers

# The Debian mirror that this machine's own apt is set up with.
debian_mirror() {
    local uri
    uri=$(apt-get indextargets --format '$(REPO_URI)|$(CODENAME)|$(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk -F '|' '$3 == "Debian" && $2 !~ /-/ { print $1; exit }')
    if [ -z "$uri" ]; then # before the first `apt-get update`
        uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
            grep -E '^(URIs:|deb) ' | grep -oE '(https?|mirror\+file)://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ') || true
    fi
    printf '%s' "$uri"
}

# Unpacks a package of a Debian release into a folder, whatever release this machine has. apt checks the signatures.
unpack() {
    local release=$1 package=$2 folder=$3 uri work options
    uri=$(debian_mirror)
    [ -n "$uri" ] || {
        say "no Debian mirror in this machine's apt sources"
        return 1
    }
    mkdir -p "$peers"
    work=$(mktemp -d "$peers/fetching-XXXXXX")
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/package" "$work/tree"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release main" >"$work/sources.list"
    options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::State::status=/dev/null
        -o APT::Sandbox::User="$(id -un)")
    if apt-get "${options[@]}" update </dev/null >"$work/log" 2>&1 &&
        (cd "$work/package" && apt-get "${options[@]}" download "$package" </dev/null) >>"$work/log" 2>&1 &&
        dpkg-deb -x "$work"/package/*.deb "$work/tree"; then
        rm -rf "$folder"
        mv "$work/tree" "$folder"
        rm -rf "$work"
        return 0
    fi
    tail -n 5 "$work/log" >&2
    rm -rf "$work"
    return 1
}

# restic VARIABLE RELEASE VERSION: prints the export line, after unpacking it when it is not there.
restic() {
    local variable=$1 release=$2 version=$3 folder=$peers/restic-$3 program
    program=$folder/usr/bin/restic
    if [ ! -x "$program" ]; then
        say "fetching restic $version"
        if ! unpack "$release" restic "$folder"; then
            [ -z "${CI:-}" ] || die "restic $version cannot be had"
            say "note: tests against restic $version are left out"
            return 0
        fi
    fi
    case $("$program" version) in
    "restic $version."*) ;;
    *) say "note: $program is not of version $version: $("$program" version)" ;;
    esac
    printf 'export %s=%q\n' "$variable" "$program"
}

# Installs servers of which the package would start one of its own.
install_without_starting() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
    fi
    install_packages "$@"
}

# git judges the ignore rules; acl and attr set what the tests look for; strace kills at chosen calls; openssl makes
# certificates.
install_packages git acl attr fuse3 strace python3 openssl >&2
# A server for each test that needs one; no cluster of the machine's own is made for them.
if [ ! -d /usr/lib/postgresql ]; then
    if [ -n "${CI:-}" ]; then
        [ -e /etc/postgresql-common/createcluster.conf ] || {
            as_root mkdir -p /etc/postgresql-common
            echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
        }
        install_packages postgresql >&2
    else
        say "note: tests against PostgreSQL are left out; they need its server: apt-get install postgresql"
    fi
fi
for server in mariadb-server:/usr/sbin/mariadbd redis-server:/usr/bin/redis-server; do
    [ ! -x "${server#*:}" ] || continue
    if [ -n "${CI:-}" ]; then
        install_without_starting "${server%%:*}" >&2
    else
        say "note: tests against ${server%%-*} are left out; they need its server: apt-get install ${server%%:*}"
    fi
done
for shell in zsh fish; do
    [ -x "/usr/bin/$shell" ] ||
        say "note: the test of the completion for $shell is left out; it needs the shell: apt-get install $shell"
done
restic BELAY_TEST_RESTIC trixie 0.18
restic BELAY_TEST_RESTIC_OLD bookworm 0.14
