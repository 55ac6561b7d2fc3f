#!/bin/sh
# Kills 200 runs at random moments and resumes them; says how many were killed, and fails if a byte differs.
set -eu
cd "$(dirname "$0")/.."
told=$(mktemp)
trap 'rm -f "$told"' EXIT
failed=0
LOOPHOLE_KILLS="${1:-200}" cargo test --release --test it -- --nocapture a_run_killed_at_any_moment >"$told" 2>&1 || failed=$?
grep -E 'runs killed|test result|panicked' "$told"
exit "$failed"
