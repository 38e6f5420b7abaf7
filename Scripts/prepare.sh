#!/usr/bin/env bash
# Installs the system packages that building belay needs. Quick when they are there.
. "$(dirname "$0")/lib.sh"

# The C libraries that belay links, and git, with which SwiftPM fetches what Package.swift names.
install_packages libssl-dev libsqlite3-dev libzstd-dev git ca-certificates
