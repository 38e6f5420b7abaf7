#!/usr/bin/env bash
# Writes again what is generated from the commands' own definitions: reference pages, man pages, completions.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
build --product belay
# Those of commands that are gone would stay.
rm -f share/man/man1/*.1
"$binary" --quiet generate reference docs/reference
"$binary" --quiet generate errors docs/reference
"$binary" --quiet generate man share/man
"$binary" --quiet generate completions share/completions
say "written: docs/reference/{commands,errors}.md, share/man, share/completions"
