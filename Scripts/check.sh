#!/usr/bin/env bash
# Says whether a change may go in: format, rules of the sources, generated files, scripts. Run before every commit.
. "$(dirname "$0")/lib.sh"

Scripts/prepare.sh
failures=()

say "format"
swift format lint --strict --recursive --parallel Sources Tests Package.swift || failures+=("format: run make format")

say "scripts"
for script in Scripts/*.sh .ci/run; do
    bash -n "$script" || failures+=("$script does not parse")
done
PYTHONDONTWRITEBYTECODE=1 python3 - Scripts/*.py Scripts/*/*.py <<'PY' || failures+=("a Python script does not parse")
import ast, sys
for path in sys.argv[1:]:
    with open(path) as file:
        ast.parse(file.read(), path)
PY

say "rules of the sources, and generated files"
build --build-tests
export BELAY_BINARY=$binary
swift test -c "$configuration" --skip-build --disable-xctest --filter '^(TidyTests|CommandTests\.GeneratedFiles)' \
    </dev/null >.build/check.log 2>&1 || {
    grep -E '^(✘|error:)|^ *↳' .build/check.log >&2 || tail -n 20 .build/check.log >&2
    failures+=("rules of the sources, or generated files")
}

if [ ${#failures[@]} -gt 0 ]; then
    say ""
    printf 'failed: %s\n' "${failures[@]}" >&2
    exit 1
fi
say "all is in order"
