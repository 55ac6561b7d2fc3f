#!/bin/sh
# Instructions (of AVX2) and mispredicted branches of a month and of the solver, counted by callgrind: the same on a busy machine as on an idle
# one. What a call costs includes what it calls. Needs valgrind.
#     benches/instructions.sh [PATHS]
set -eu
cd "$(dirname "$0")/.."
paths="${1:-32}"
command -v valgrind >/dev/null || { echo "needs valgrind" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cargo build --release --quiet
valgrind --tool=callgrind --branch-sim=yes --callgrind-out-file="$work/calls" "${CARGO_TARGET_DIR:-target}/release/loophole" compare \
    scenarios/close-the-door.toml --arms open,wind-down --paths "$paths" --threads 1 --instructions avx2 --plain -q --out "$work/out" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
"${PYTHON:-python3}" - "$work/calls" <<'P'
import collections, re, sys

wanted = {
    "eight markets side by side": "economics::market::lanes::LanesSolver::solve_from",
    "of it, reading them and prices to start from": "economics::market::lanes::load",
    "of it, reading what buyers spend": "economics::market::lanes::place_buyers",
    "of it, descending": "economics::market::lanes::descend",
    "of it, sharing out hours": "economics::market::lanes::share_out",
    "of it, checking": "economics::market::lanes::serve",
    "one market": "economics::market::Solver::solve_from",
    "a few months of eight paths side by side": "model::step::walk",
    "monthly numbers of a block, counted": "engine::recorder::count_cells",
}
names, spent, missed, times = {}, collections.Counter(), collections.Counter(), collections.Counter()


def name(text):
    number, full = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
    if full:
        plain = re.sub(r"'\d+$|<.*>::|::<.*>$", "", full).replace("loophole::", "", 1)
        names[number] = re.sub(r"::by_(fours|eights)$", "", plain)
    return names[number]


here = called = None
for line in open(sys.argv[1], encoding="utf-8"):
    key, _, rest = line.rstrip().partition("=")
    if key == "fn":
        here = name(rest)
    elif key == "cfn":
        called = name(rest)
    elif key == "calls":
        times[called] += int(rest.split()[0])
    elif here and line[0] in "+-*0123456789":
        # A line number, then instructions, branches and their mispredictions, indirect ones and theirs; zeros at the end are left out.
        costs = [int(cost) for cost in line.split()[1:]] + [0] * 5
        spent[here] += costs[0]
        missed[here] += costs[2] + costs[4]
print("| part | instructions a call | mispredicted branches | calls |\n| --- | --- | --- | --- |")
for words, function in wanted.items():
    calls = times[function]
    told = f"{spent[function] / calls:,.0f} | {missed[function] / calls:,.1f} | {calls:,}" if calls else "inlined | |"
    print(f"| {words} | {told} |")
P
