"""One simplified month of the flagship, solved three ways, to be held against `cargo bench --bench goals`.

The month is that of `benches/common/mod.rs`: tranches of six chips with a capacity, a cost and a rate for each of three
workloads, which differ from path to path.

* numpy: vectorised over paths, one thread. Greedy dispatch, as a careful user would write it: workloads in turn, the
  cheapest hour of work first, demand answering the price of the last tranche in a few rounds.
* numba: the same rules, compiled, a path at a time, on the given threads.
* linprog: one linear program a path through HiGHS, planned use vertical up to its choke price.

Greedy dispatch and the linear program both do less than the simulator, whose month has the exact elastic equilibrium of
all workloads at once, dual prices, an optimality check and lexicographic hours.
"""

import argparse
import time

import numpy as np

CHIPS = np.array(
    [[1.0, 1.0, 1.0], [2.3, 2.6, 2.6], [0.3, 0.5, 0.5], [0.6, 0.7, 0.7], [0.25, 0.9, 0.9], [0.5, 0.4, 0.4]]
)
ELASTICITY = np.array([0.6, 0.8, 1.0])
REFERENCE, CHOKE, SATURATION, ROUNDS = 2.0, 20.0, 2.0, 8


def draw(paths, tranches, seed=1):
    """Capacity, cost and plan by path; the rate of each tranche."""
    rng = np.random.default_rng(seed)
    noise = lambda n: np.exp(0.2 * rng.standard_normal((paths, n)))
    i = np.arange(tranches)
    capacity = 10.0 * (1 + i % 4) * noise(tranches)
    cost = 0.2 * (1 + i % 7) * noise(tranches)
    plan = 25.0 * tranches / 3 * noise(3)
    return capacity, cost, plan, CHIPS[i % 6]


def dispatch_numpy(capacity, cost, plan, rate):
    """Marginal cost and work served, by path and workload."""
    paths, workloads = plan.shape
    price, served = np.empty_like(plan), np.empty_like(plan)
    left = capacity.copy()
    for w in range(workloads):
        unit = cost / rate[:, w]
        order = np.argsort(unit, axis=1)
        cheapest = np.take_along_axis(unit, order, axis=1)
        work = np.take_along_axis(left * rate[:, w], order, axis=1)
        offered = np.cumsum(work, axis=1)
        level = np.full(paths, REFERENCE)
        for _ in range(ROUNDS):
            wanted = plan[:, w] * np.minimum(SATURATION, (level / REFERENCE) ** -ELASTICITY[w])
            last = (offered < wanted[:, None]).sum(axis=1)
            found = np.take_along_axis(cheapest, np.minimum(last, cheapest.shape[1] - 1)[:, None], axis=1)[:, 0]
            level = 0.5 * (level + np.where(last < cheapest.shape[1], np.minimum(found, CHOKE), CHOKE))
        wanted = plan[:, w] * np.minimum(SATURATION, (level / REFERENCE) ** -ELASTICITY[w])
        before = offered - work
        used = np.clip(wanted[:, None] - before, 0.0, work)
        np.put_along_axis(left, order, np.take_along_axis(left, order, axis=1) * (1 - used / np.maximum(work, 1e-300)), axis=1)
        price[:, w], served[:, w] = level, used.sum(axis=1)
    return price, served


def compiled():
    """The same, by numba."""
    import numba

    @numba.njit(parallel=True, cache=False)
    def dispatch(capacity, cost, plan, rate):
        paths, workloads = plan.shape
        tranches = capacity.shape[1]
        price, served = np.empty_like(plan), np.empty_like(plan)
        for path in numba.prange(paths):
            left = capacity[path].copy()
            for w in range(workloads):
                unit = cost[path] / rate[:, w]
                order = np.argsort(unit)
                level = REFERENCE
                for _ in range(ROUNDS):
                    wanted = plan[path, w] * min(SATURATION, (level / REFERENCE) ** -ELASTICITY[w])
                    offered, found = 0.0, CHOKE
                    for i in order:
                        offered += left[i] * rate[i, w]
                        if offered >= wanted:
                            found = min(unit[i], CHOKE)
                            break
                    level = 0.5 * (level + found)
                wanted = plan[path, w] * min(SATURATION, (level / REFERENCE) ** -ELASTICITY[w])
                got = 0.0
                for i in order:
                    work = min(wanted - got, left[i] * rate[i, w])
                    if work <= 0.0:
                        continue
                    left[i] -= work / rate[i, w]
                    got += work
                price[path, w], served[path, w] = level, got
        return price, served

    return dispatch


def solve_linear(capacity, cost, plan, rate):
    """One month of one path as a linear program: hours by tranche and workload, and work not served at the choke."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    tranches, workloads = rate.shape
    n = tranches * workloads
    objective = np.concatenate([np.repeat(cost, workloads), np.full(workloads, CHOKE)])
    at = np.arange(n)
    hours = csr_matrix((np.ones(n), (at // workloads, at)), shape=(tranches, n + workloads))
    columns = np.concatenate([at, n + np.arange(workloads)])
    rows = np.concatenate([at % workloads, np.arange(workloads)])
    work = csr_matrix((np.concatenate([rate.ravel(), np.ones(workloads)]), (rows, columns)), shape=(workloads, n + workloads))
    answer = linprog(objective, A_ub=hours, b_ub=capacity, A_eq=work, b_eq=plan, method="highs-ds")
    assert answer.success
    return answer.eqlin.marginals


def cpu(work):
    """Processor seconds of a call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=20_000)
    parser.add_argument("--tranches", type=int, default=20)
    parser.add_argument("--warm", type=float, help="microseconds a warm solve, from the goals table, for the ratios")
    options = parser.parse_args()
    market = draw(options.paths, options.tranches)
    results = {}
    dispatch_numpy(*market)
    results["NumPy, greedy"] = cpu(lambda: dispatch_numpy(*market)) / options.paths
    dispatch = compiled()
    price, served = dispatch(*market)
    wanted = dispatch_numpy(*market)
    assert np.allclose(price, wanted[0]) and np.allclose(served, wanted[1])
    results["numba, greedy (processor time of all threads)"] = cpu(lambda: dispatch(*market)) / options.paths
    capacity, cost, plan, rate = market
    few = 200
    results["HiGHS, one linear program"] = (
        cpu(lambda: [solve_linear(capacity[p], cost[p], plan[p], rate) for p in range(few)]) / few
    )
    print("| peer | µs a market |" + (" times a warm exact solve |" if options.warm else ""))
    print("| --- | --- |" + (" --- |" if options.warm else ""))
    for name, seconds in results.items():
        ratio = f" {seconds * 1e6 / options.warm:,.1f}× |" if options.warm else ""
        print(f"| {name} | {seconds * 1e6:,.2f} |{ratio}")


if __name__ == "__main__":
    main()
