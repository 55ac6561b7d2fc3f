#!/bin/sh
# Coverage of 95% intervals over 1,000 seeds (or as many as named), for what is estimated and every sampling scheme.
set -eu
cd "$(dirname "$0")/.."
LOOPHOLE_SEEDS="${1:-1000}" cargo test --release --test it -- --nocapture intervals_cover_the_truth 2>&1 | grep -E '^\||test result|panicked|under'
