#!/usr/bin/env bash
# Installs belay, its man pages and its completions below $DESTDIR$PREFIX; --uninstall takes them away again.
#
# The binary holds the Swift runtime, so that it runs without the toolchain; that needs a build of its own.
. "$(dirname "$0")/lib.sh"

prefix=${DESTDIR:-}${PREFIX:-/usr/local}
man=$prefix/share/man/man1
bash=$prefix/share/bash-completion/completions
zsh=$prefix/share/zsh/site-functions
fish=$prefix/share/fish/vendor_completions.d

if [ "${1:-}" = --uninstall ]; then
    rm -f "$prefix/bin/belay" "$bash/belay" "$zsh/_belay" "$fish/belay.fish"
    for page in share/man/man1/*.1; do rm -f "$man/$(basename "$page")"; done
    say "removed from $prefix; repositories, keys and caches are untouched"
    exit 0
fi

Scripts/prepare.sh
configuration=release
build --product belay --static-swift-stdlib -Xlinker -s --scratch-path .build/static
install -D -m 755 .build/static/release/belay "$prefix/bin/belay"
for page in share/man/man1/*.1; do install -D -m 644 "$page" "$man/$(basename "$page")"; done
install -D -m 644 share/completions/bash/belay "$bash/belay"
install -D -m 644 share/completions/zsh/_belay "$zsh/_belay"
install -D -m 644 share/completions/fish/belay.fish "$fish/belay.fish"
say "installed below $prefix: $("$prefix/bin/belay" --version)"
