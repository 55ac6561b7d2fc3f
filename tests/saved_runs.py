"""Reads a saved run with pandas and with DuckDB, from Parquet and from CSV, and holds the two against each other.

python saved_runs.py FOLDER        needs pandas 3, pyarrow, duckdb
"""
import json
import sys

import duckdb
import numpy
import pandas

folder = sys.argv[1]
for name, keys in [("monthly", ["kind", "arm", "metric", "unit", "month"]), ("paths", ["path", "arm"])]:
    columns = pandas.read_parquet(f"{folder}/{name}.parquet")
    rows = pandas.read_csv(f"{folder}/{name}.csv", keep_default_na=False, na_values=["NaN"])
    if "month" in rows:
        rows["month"] = pandas.to_datetime(rows["month"]).dt.date
    assert list(columns.columns) == list(rows.columns), f"{name}: columns differ"
    assert len(columns) == len(rows) > 0, f"{name}: rows differ"
    for key in keys:
        assert (columns[key] == rows[key]).all(), f"{name}: {key} differs"
    numbers = [column for column in rows if column not in keys]
    left, right = columns[numbers].to_numpy(float), rows[numbers].to_numpy(float)
    assert numpy.array_equal(left, right, equal_nan=True), f"{name}: numbers differ"
    for kind in ["parquet", "csv"]:
        [(count,)] = duckdb.sql(f"SELECT count(*) FROM '{folder}/{name}.{kind}'").fetchall()
        assert count == len(rows), f"{name}.{kind}: DuckDB counts {count}"
    print(f"{name}: {len(rows)} rows of {len(rows.columns)} columns, the same in both")

# A mean by SQL is the mean that the summary prints.
with open(f"{folder}/summary.json") as file:
    summary = json.load(file)
arm = summary["levels"][0]
metric = next(it for it in arm["metrics"] if it["metric"] == "pv.spend")
[(mean,)] = duckdb.sql(f"""SELECT avg("pv.spend") FROM '{folder}/paths.parquet' WHERE arm = '{arm["arm"]}'""").fetchall()
told = metric["summary"]["mean"]["value"]
assert abs(mean - told) <= 1e-12 * abs(told), f"pv.spend: {mean} and {told}"
print("pv.spend by SQL is the summary's")
