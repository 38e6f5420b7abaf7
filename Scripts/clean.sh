#!/usr/bin/env bash
# Deletes what was built. Fetched peers and packages stay: they are quick to keep and slow to get.
. "$(dirname "$0")/lib.sh"

rm -rf .build/static .build-fuzz .build/test.log .build/check.log
swift package clean
