#!/usr/bin/env bash
# Writes again what is generated from the commands' own definitions: reference pages, man pages, completions.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
build --product belay
"$binary" generate reference docs/reference
"$binary" generate errors docs/reference
"$binary" generate man share/man
"$binary" generate completions share/completions
