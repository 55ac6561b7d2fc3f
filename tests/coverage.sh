#!/bin/sh
# Coverage of 95% intervals over 1,000 seeds (or as many as named), for what is estimated and every sampling scheme.
set -eu
cd "$(dirname "$0")/.."
told=$(mktemp)
trap 'rm -f "$told"' EXIT
failed=0
LOOPHOLE_SEEDS="${1:-1000}" cargo test --release --test it -- --nocapture intervals_cover_the_truth >"$told" 2>&1 || failed=$?
grep -E '^\||test result|panicked|under' "$told"
exit "$failed"
