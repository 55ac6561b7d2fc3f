#!/bin/sh
# Runs every target for as many seconds as named (60 each by default) from its inputs in fuzz/seeds, says how much was tried and how
# much processor time that took, and fails if one of them does. Needs a nightly toolchain and `cargo install cargo-fuzz`.
set -eu
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
log="$work/log"
failed=""
for target in scenario tables overrides saved; do
    echo "== $target"
    # A machine that is busy with something else is no fault of a target: the limit is far above the slowest input.
    mkdir "$work/$target"
    cargo +nightly fuzz run "$target" "$work/$target" "$PWD/fuzz/seeds/$target" -- -max_total_time="${1:-60}" -timeout=300 -rss_limit_mb=4096 -max_len=65536 \
        -print_final_stats=1 > "$log" 2>&1 || failed="$failed $target"
    grep -aE 'stat::number_of_executed|SUMMARY|panicked|Done|Test unit written' "$log" || tail -n 20 "$log"
done
echo "== processor time of the shell and of all targets"
times
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
