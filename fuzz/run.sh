#!/bin/sh
# Runs every target for as many seconds as named (60 each by default) and says how much was tried.
# Needs a nightly toolchain and `cargo install cargo-fuzz`.
set -eu
cd "$(dirname "$0")/.."
for target in scenario tables overrides saved; do
    echo "== $target"
    cargo +nightly fuzz run "$target" -- -max_total_time="${1:-60}" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
        -print_final_stats=1 2>&1 | grep -E 'stat::number_of_executed|SUMMARY|panicked|Done' || true
done
