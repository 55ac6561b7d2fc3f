#!/bin/sh
# Instructions and mispredicted branches of a month and of the solver, counted by callgrind: the same on a busy machine as on an idle
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
    scenarios/close-the-door.toml --arms open,wind-down --paths "$paths" --threads 1 --plain -q --out "$work/out" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
"${PYTHON:-python3}" - "$work/calls" <<'P'
import collections, re, sys

wanted = {
    "a month of an arm": "model::step::step",
    "terms of a channel": "model::conditions::channel_month",
    "a plan, its market included": "model::plan::Planner::plan",
    "an operation, its market included": "model::operate::Operator::operate",
    "a market's solution": "economics::market::Solver::solve_from",
    "of it, sharing out contested hours": "economics::market::quanta::Quanta<T>::share_out",
    "histograms of a batch of paths": "stats::sketch::Sketch::add_all",
}
names, spent, missed, times = {}, collections.Counter(), collections.Counter(), collections.Counter()


def name(text):
    number, full = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
    if full:
        names[number] = re.sub(r"'\d+$", "", full).replace("loophole::", "", 1)
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
