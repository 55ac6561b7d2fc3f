#!/bin/sh
# The whole table of goals from one run: the engine's, then the peers' on one thread each. Needs Python 3 with numpy, numba, scipy.
set -eu
cd "$(dirname "$0")/.."
table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo bench --quiet --bench goals >"$table" || { cat "$table"; exit 1; }
cat "$table"
warm=$(sed -n 's/^| solver, 20 tranches, 3 workloads.*side by side |.*, \([0-9.]*\) |$/\1/p' "$table")
echo
NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 "${PYTHON:-python3}" benches/peers/month.py --warm "$warm"
