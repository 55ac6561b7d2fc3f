#!/bin/sh
# Mutation testing of economics, random, stats and model: one shard (0/40 by default) of what cargo-mutants would change there, dealt
# out in turn over its list, against the tests of the library and the integration tests of numbers.
# Needs `cargo install cargo-mutants`. Works in a copy of what is committed, without command line and pictures:
#     tests/mutants.sh 0/40 FOLDER        the results are in FOLDER/mutants.out
set -eu
cd "$(dirname "$0")/.."
shard="${1:-0/40}"
copy="${2:-$(mktemp -d)}"
mkdir -p "$copy"
git archive HEAD | tar x -C "$copy"
cd "$copy"
tests="analytic|coverage|demand|determinism|distributions|invariants|known|long_columns|market|published|questions|second|small|statistics|support|two_routes|worked_examples"
sed -i -E "/^#\[cfg/d; /^mod ($tests);/b; /^mod /d" tests/it/main.rs
export CARGO_PROFILE_DEV_DEBUG=0
cargo mutants --in-place --no-default-features --shard "$shard" --sharding round-robin --timeout 900 --no-shuffle -o "$copy" \
    -f 'src/economics/**' -f 'src/random/**' -f 'src/stats/**' -f 'src/model/**' -- --lib --test it
