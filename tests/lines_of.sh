#!/bin/sh
# Runs the integration tests of a name and prints the lines of what they say that match a pattern; all of it if they fail, whose code it
# then ends with.
set -eu
cd "$(dirname "$0")/.."
told=$(mktemp)
trap 'rm -f "$told"' EXIT
cargo test --release --test it -- --nocapture "$1" >"$told" 2>&1 || {
    code=$?
    cat "$told"
    exit "$code"
}
grep -E "$2" "$told"
