#!/usr/bin/env python3
"""Prints the simulated numbers of calibration.md, section 11, from runs of the shipped scenarios.

python3 docs/calibration.py LOOPHOLE        the program; from the folder that holds scenarios/; three minutes on two cores

Nothing here computes: every number is a mean, quantile, probability or error of `summary.csv` or `monthly.csv`, scaled and rounded.
"""
import csv
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/loophole"
SEED = "20261124"


class Run:
    """The tables of one run."""

    def __init__(self, scenario, paths, *flags):
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/out"
            command = [PROGRAM, "compare", f"scenarios/{scenario}.toml", "--paths", str(paths), "--seed", SEED]
            subprocess.run([*command, "--out", out, "-q", *flags], check=True, stdout=subprocess.DEVNULL)
            self.summary = list(csv.DictReader(open(f"{out}/summary.csv")))
            self.monthly = list(csv.DictReader(open(f"{out}/monthly.csv")))

    def row(self, kind, arm, metric, scope=None):
        for row in self.summary:
            if (row["kind"], row["arm"], row["metric"]) == (kind, arm, metric) and scope in (None, row["scope"]):
                return row
        raise KeyError((kind, arm, metric, scope))

    def effect(self, arm, metric, scope):
        """Against the baseline: a difference of levels, or a number that is one by its nature, as a loss is."""
        rows = (r for r in self.summary if r["kind"] in ("difference", "paired"))
        return next(r for r in rows if (r["arm"], r["metric"], r["scope"]) == (arm, metric, scope))

    def month(self, kind, arm, metric, month):
        rows = (r for r in self.monthly if (r["kind"], r["arm"], r["metric"]) == (kind, arm, metric))
        return sorted(rows, key=lambda r: r["month"])[month]


def tell(row, unit=1.0, digits=2, interval=False):
    """mean (error), and the 90% interval of paths where asked for."""
    number = lambda key: float(row[key]) / unit
    text = f"{number('mean'):.{digits}f} ({number('mean_se'):.{digits + 1}f})"
    return text + (f"; {number('p05'):.{digits}f} to {number('p95'):.{digits}f}" if interval else "")


def main():
    door = Run("close-the-door", 1000)
    level = lambda metric, unit=1, digits=2, **k: tell(door.row("level", "open", metric), unit, digits, **k)
    print("## Starting point")
    print("offshore share by peak:", level("peak_share.offshore.1m", 1, 3, interval=True))
    in_country = [door.month("level", "open", f"peak_in_use.{o}", 0) for o in ("domestic", "imported", "grey")]
    print("in-country stock by peak, million H100e:", round(sum(float(r["mean"]) for r in in_country) / 1e6, 3))
    for origin in ("domestic", "grey"):
        row = door.month("level", "open", f"orders.{origin}", 0)
        print(f"orders.{origin}, month 0:", tell(row, 1, 0, interval=True))
    print("unserved share, month 0:", tell(door.month("level", "open", "unserved_share", 0), 1, 3))
    for workload in ("training", "inference_any"):
        print(f"marginal cost {workload}, month 0:", tell(door.month("level", "open", f"marginal_cost.{workload}", 0)))
    stock = [float(door.month("level", "open", "peak_in_use.domestic", t)["mean"]) / 1e6 for t in (0, 12, 24, 36)]
    print("domestic by peak in use, million H100e, months 0 12 24 36:", [round(x, 3) for x in stock])
    for months in (36, 59):
        parts = {o: float(door.month("level", "open", f"peak_in_use.{o}", months)["mean"]) for o in ("domestic", "imported", "grey")}
        print(f"domestic share in China, month {months}:", round(parts["domestic"] / sum(parts.values()), 3))
    bought = {o: float(door.month("level", "open", f"orders.{o}", 24)["mean"]) for o in ("domestic", "imported", "grey")}
    print("domestic share of chips bought in month 24:", round(bought["domestic"] / sum(bought.values()), 3))
    origins = ("domestic", "imported", "grey", "offshore")
    added = lambda a, b: {
        o: float(door.month("level", "open", f"peak_in_use.{o}", b)["mean"])
        - float(door.month("level", "open", f"peak_in_use.{o}", a)["mean"])
        for o in origins
    }
    for a, b in ((0, 12), (12, 24)):
        parts = added(a, b)
        print(f"added to stock in use, months {a} to {b}:", {o: round(x / 1e6, 3) for o, x in parts.items()},
              "offshore share", round(parts["offshore"] / sum(parts.values()), 3))
    print("offshore share of work, 60 months:", level("work_share.offshore.60m", 1, 3), "first:", level("work_share.offshore.1m", 1, 3))

    print("\n## Closing the door, by design")
    for arm in ("immediate", "wind-down", "grandfathered", "leaky", "owned-too"):
        it = lambda metric, unit=1, digits=1, **k: tell(door.effect(arm, metric, "certain"), unit, digits, **k)
        served = lambda of: sum(float(door.month("level", of, f"useful_work.{w}", 11)["mean"])
                                for w in ("training", "inference_any", "inference_home"))
        print(arm, "|", it("lost.12m.all", 1e9, 2), "|", it("lost.24m.all", 1e9, 1), "|", it("lost.60m.all", 1e9, 1),
              "|", f"{100 * (served(arm) / served('open') - 1):+.1f}%", "|", it("training_delay.24m"), "|",
              it("training_delay.36m", interval=True), "|", it("pv.economic_cost", 1e9, 0), "|",
              it("pv.economic_cost_before_transfer", 1e9, 0))
    wind = lambda metric, unit=1, digits=1, **k: tell(door.effect("wind-down", metric, "certain"), unit, digits, **k)
    for workload in ("training", "inference_any", "inference_home"):
        print(f"ratio of marginal costs {workload}:", tell(door.row("ratio", "wind-down", f"marginal_cost.{workload}.mean", "certain")),
              *("; ".join([arm, tell(door.row("level", arm, f"marginal_cost.{workload}.mean"))]) for arm in ("open", "wind-down")))
    for arm in ("open", "wind-down"):
        print(f"unserved share, month 11, {arm}:", tell(door.month("level", arm, "unserved_share", 11)))
        stock = [sum(float(door.month("level", arm, f"peak_in_use.{o}", t)["mean"]) for o in origins) for t in (12, 36, 59)]
        print(f"stock in use by peak, months 12 36 59, {arm}:", [round(x / 1e6, 3) for x in stock])
    for metric in ("pv.offshore_rent", "pv.spend", "pv.scarcity", "pv.domestic_sales"):
        print(metric, wind(metric, 1e9, 0, interval=True))
    print("average cash cost:", wind("average_cash_cost", 1, 2, interval=True))
    for scope in ("expected", "if_closed_and_not_reversed"):
        row = door.effect("expected", "lost.24m.all", scope)
        print(f"expected arm, {scope}:", tell(row, 1e9, 2), "median", float(row["p50"]) / 1e9)
    print("rule in force, expected:", tell(door.row("level", "expected", "rule_in_force"), 1, 3))

    for arm in ("wind-down", "grandfathered"):
        late = [r for r in door.summary if r["kind"] == "probability" and r["arm"] == arm and "above" in r["metric"]]
        print(arm, "|".join(f"{r['metric']} {float(r['mean']):.3f} ({float(r['mean_se']):.3f})" for r in late))

    print("\n## Questions")
    for scenario in ("free-energy", "h200-licensed", "distillation-law", "fab-squeeze", "learning-by-closing", "one-lab"):
        run = Run(scenario, 1000)
        print(scenario)
        arms = [(r["arm"], r["scope"]) for r in run.summary if r["kind"] == "paired" and r["metric"] == "lost.24m.all"]
        for arm, scope in arms:
            it = lambda metric, unit=1, digits=1: tell(run.effect(arm, metric, scope), unit, digits)
            print(" ", arm, scope, "| lost 24m", it("lost.24m.all", 1e9, 2), "| 60m", it("lost.60m.all", 1e9, 1),
                  "| delay 24, 36", it("training_delay.24m", 1, 2), it("training_delay.36m", 1, 3),
                  "| cost", it("pv.economic_cost", 1e9, 1), "| average", it("average_cash_cost", 1, 3),
                  "| orders", it("orders.domestic", 1e3, 0), "| training cost",
                  tell(run.row("ratio", arm, "marginal_cost.training.mean", scope), 1, 3))
        baseline = run.row("level", next(r["arm"] for r in run.summary if r["kind"] == "level"), "pv.economic_cost")
        print("  baseline's economic cost", tell(baseline, 1e9, 0))
        for r in run.monthly:
            if r["metric"] == "price.owned_950pr" and r["kind"] == "level" and r["month"] == run.monthly[-1]["month"]:
                print("  price of a 950PR at the end,", r["arm"], tell(r, 1, 0))

    print("\n## What moves the result")
    elastic = lambda training, rest: [f"--set=labs.all.demand.{w}.elasticity={{uniform=[{v - .01},{v + .01}]}}"
                                      for w, v in (("training", training), ("inference_any", rest), ("inference_home", rest))]
    supply = lambda factor: ["--with", "scenarios/parts/domestic-supply.toml", f"--set=rules.domestic_supply.effects.0.factor={factor}"]
    rent = lambda v: [f"--set=channels.offshore_gb200.price_usd_per_chip_hour.initial={{uniform=[{v - .01},{v + .01}]}}"]
    rows = [("as in the file", []), ("elasticity .35/.5", elastic(.35, .5)), ("elasticity 1/1.25", elastic(1, 1.25)),
            ("supply half", supply(.5)), ("supply twice", supply(2.0))]
    rows += [(f"leakage {v}", [f"--set=rules.linear.effects.0.leakage_fraction={v}"]) for v in (.05, .4, .6)]
    rows += [("rent 2.1", rent(2.1)), ("rent 4.0", rent(4.0))]
    rows += [(f"price {v}", [f"--set=calibration.price_usd_per_h100e_hour={v}"]) for v in (2.0, 3.6)]
    rows += [("discount .08", ["--set=settings.discount_rate_per_year=0.08"])]
    for name, flags in rows:
        run = Run("close-the-door", 400, "--arms", "open,wind-down", *flags)
        it = lambda metric, unit=1, digits=1: tell(run.effect("wind-down", metric, "certain"), unit, digits)
        print(name, "|", it("lost.24m.all", 1e9), "|", it("training_delay.36m"), "|", it("pv.economic_cost", 1e9, 0), "|",
              tell(run.row("ratio", "wind-down", "marginal_cost.training.mean", "certain")))


main()
