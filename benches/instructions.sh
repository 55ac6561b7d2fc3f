#!/bin/sh
# Instructions of the solver and of a month, counted by callgrind: the same on a busy machine as on an idle one. Needs valgrind.
#     benches/instructions.sh [PATHS]
set -eu
cd "$(dirname "$0")/.."
paths="${1:-32}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cargo build --release --quiet
valgrind --tool=callgrind --branch-sim=yes --callgrind-out-file="$work/calls" target/release/loophole compare \
    scenarios/close-the-door.toml --arms open,wind-down --paths "$paths" --threads 1 --plain -q --out "$work/out" 2>/dev/null
callgrind_annotate --inclusive=yes --tree=caller "$work/calls" >"$work/told"
"${PYTHON:-python3}" - "$work/told" <<'P'
import re, sys

# A function's own line has a star; the lines before it are its callers, with how often they call it.
wanted = {
    "a month of an arm": "model::step::step",
    "  its terms, by channel": "model::conditions::channel_month",
    "  its plan": "model::plan::Planner::plan",
    "  its operation": "model::operate::Operator::operate",
    "  solving a market, load and memory included": "model::tranches::Tranches::solve",
    "    solving a market": "economics::market::Solver::solve_from",
    "      sharing out contested hours": "economics::market::quanta::Quanta<T>::share_out",
}
number = lambda text: int(text.replace(",", ""))
calls, found = 0, {}
for line in open(sys.argv[1], encoding="utf-8"):
    own = re.match(r"\s*([\d,]+) .*?\*\s+\S*?:(?:loophole::)?(.*?)(?:'2)? \[", line)
    caller = re.match(r"\s*([\d,]+) .*?<\s+.*\(([\d,]+)x\)", line)
    if caller:
        calls += number(caller[2])
    elif own:
        name = own[2]
        if calls and number(own[1]) > found.get(name, (0, 0))[0]:
            found[name] = (number(own[1]), calls)
        calls = 0
print("| part | instructions a call | calls |\n| --- | --- | --- |")
for words, name in wanted.items():
    spent, times = found.get("loophole::" + name, found.get(name, (0, 0)))
    print(f"| {words.strip()} | {spent / times:,.0f} | {times:,} |" if times else f"| {words.strip()} | not found | |")
P
