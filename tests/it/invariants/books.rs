//! The books: what a path's months say adds up, and so do the metrics of a run.

use loophole::calendar::HOURS_PER_MONTH;
use loophole::engine::catalogue::{ORIGINS, PARTS, windows};
use loophole::engine::outcome::Outcome;
use loophole::math::pow;
use loophole::model::ledger::LabMonth;
use loophole::model::parameters::{Slot, Supply, Target};

use super::{SOLVER, same};
use crate::small::invented;
use crate::support::*;

/// The accounting identities of every arm of a path.
pub fn check_books(told: &Told, what: &str) {
    for (arm, (world, trace)) in told.worlds.iter().zip(&told.traces).enumerate() {
        assert_eq!(trace.months.len(), world.months, "{what}");
        for lab in 0..world.labs.len() {
            for t in 0..world.months {
                let books = &trace.months[t].labs[lab];
                let place = format!("{what}, arm {arm}, lab {lab}, month {t}");
                check_market(told, arm, lab, t, books, &place);
                check_money(books, &place);
            }
            for k in 0..world.channels.len() {
                let place = format!("{what}, arm {arm}, lab {lab}, channel {k}");
                match world.channels[k].supply {
                    Supply::Owned(_) => check_chips(told, arm, lab, k, &place),
                    Supply::Rental(_) => check_contracts(told, arm, lab, k, &place),
                }
            }
        }
    }
}

/// Served + unserved − beyond plan = planned; work done is work served; nothing runs that is not there; what is served is
/// what is wanted at the price.
fn check_market(told: &Told, arm: usize, lab: usize, t: usize, books: &LabMonth, place: &str) {
    let world = &told.worlds[arm];
    for w in 0..world.workloads.len() {
        let (planned, served) = (books.planned_use[w], books.served[w]);
        assert!(same(served + books.unserved(w) - books.beyond_plan(w), planned, planned), "{place}");
        let work: f64 = books.channels.iter().map(|channel| channel.work[w]).sum();
        assert!(same(work, served, planned), "{place}: {work} done, {served} served");
        match &world.labs[lab].demand[w] {
            None => assert!(served == 0.0 && planned == 0.0, "{place}"),
            Some(demand) => {
                let at = |slot: Slot| told.drivers.now(slot, t);
                let (choke, reference) = (at(demand.choke_price), at(demand.reference_price));
                let (lambda, saturation) = (books.price[w], at(demand.saturation));
                assert!(
                    lambda >= 0.0 && lambda <= choke * (1.0 + SOLVER),
                    "{place}: lambda {lambda}, choke {choke}"
                );
                assert!(served <= saturation * planned * (1.0 + SOLVER), "{place}");
                if lambda < choke * (1.0 - SOLVER) {
                    let wanted =
                        planned * saturation.min(pow(lambda.max(1e-300) / reference, -at(demand.elasticity)));
                    assert!(
                        same(served, wanted, planned),
                        "{place}: {served} served, {wanted} wanted at {lambda}"
                    );
                }
            }
        }
    }
    for channel in &books.channels {
        for (hours, capacity) in channel.hours.iter().zip(&channel.capacity) {
            assert!(
                *hours >= 0.0 && *hours <= capacity * (1.0 + SOLVER),
                "{place}: {hours} of {capacity} hours"
            );
        }
    }
}

fn check_money(books: &LabMonth, place: &str) {
    let spend = books.spend();
    let parts = [
        spend.contracts,
        spend.spot,
        spend.dues,
        spend.capital,
        spend.building,
        spend.operations,
        spend.energy,
        spend.idle_energy,
        spend.scarcity,
    ];
    assert!(parts.iter().all(|part| *part >= 0.0), "{place}: {parts:?}");
    assert!(same(spend.total(), parts.iter().sum(), 1e-6), "{place}");
    assert!(
        same(books.economic_cost(), spend.total() + books.value_lost.iter().sum::<f64>(), 1e-6),
        "{place}"
    );
}

/// Chips ordered = arrived + in pipeline; fleet = arrived − retired.
fn check_chips(told: &Told, arm: usize, lab: usize, k: usize, place: &str) {
    let (world, trace) = (&told.worlds[arm], &told.traces[arm]);
    let Supply::Owned(owned) = &world.channels[k].supply else { return };
    let at = |slot: Slot| told.drivers.now(slot, 0);
    let share = at(world.labs[lab].shares[k]);
    let life = (12.0 * at(owned.life_years)).round().max(1.0) as usize;
    let channel = |t: usize| &trace.months[t].labs[lab].channels[k];
    let arrived = |t: usize| channel(t).arrived;
    let (young, old) = owned.fleet_age_months;
    for t in 0..world.months {
        let due = match t.checked_sub(world.lead) {
            Some(ordered) => channel(ordered).orders,
            None => owned.pipeline.get(t).map_or(0.0, |chips| share * at(*chips)),
        };
        assert!(same(arrived(t), due, 1e-6), "{place}, month {t}: {} arrived, {due} due", arrived(t));
        let alive = (young..=old).filter(|age| age + t < life).count() as f64 / (old - young + 1) as f64;
        let fleet: f64 =
            share * at(owned.fleet) * alive + ((t + 1).saturating_sub(life)..=t).map(arrived).sum::<f64>();
        assert!(
            same(channel(t).chips, fleet, 1e-6),
            "{place}, month {t}: {} chips, not {fleet}",
            channel(t).chips
        );
        let supply = trace.months[t].channels[k].supply * told.drivers.now(world.labs[lab].shares[k], t);
        assert!(channel(t).orders <= supply * (1.0 + SOLVER), "{place}, month {t}");
        assert!(channel(t).hedge_orders <= channel(t).orders * (1.0 + SOLVER), "{place}, month {t}");
    }
    let ordered: f64 = (0..world.months).map(|t| channel(t).orders).sum();
    let (early, late) = (world.months.min(world.lead), world.months.saturating_sub(world.lead));
    let arrivals: f64 = (early..world.months).map(arrived).sum();
    let pipeline: f64 = (late..world.months).map(|t| channel(t).orders).sum();
    assert!(same(ordered, arrivals + pipeline, 1e-6), "{place}");
}

/// Contracts alive are those of the start and those signed within the term, where no rule voids any; with a constant stock
/// on offer no more is hired than is there.
fn check_contracts(told: &Told, arm: usize, lab: usize, k: usize, place: &str) {
    let (world, trace) = (&told.worlds[arm], &told.traces[arm]);
    let Supply::Rental(rental) = &world.channels[k].supply else { return };
    let at = |slot: Slot, t: usize| told.drivers.now(slot, t);
    let channel = |t: usize| &trace.months[t].labs[lab].channels[k];
    let signed = |t: usize| channel(t).signed_open + channel(t).signed_leaked;
    let share = |t: usize| at(world.labs[lab].shares[k], t);
    let voided = world.rules.iter().any(|rule| {
        rule.effects.iter().any(|effect| effect.target == Target::ExistingContracts && effect.channels[k])
    });
    for t in 0..world.months {
        let alive = channel(t).committed_open + channel(t).committed_leaked;
        let kept = 1.0 - (t as f64 / rental.term as f64).min(1.0);
        let stated: f64 = share(0) * at(rental.committed, 0) * kept
            + ((t + 1).saturating_sub(rental.term)..t).map(signed).sum::<f64>();
        if voided {
            assert!(alive <= stated * (1.0 + SOLVER) + 1e-6, "{place}, month {t}: {alive} of {stated} alive");
        } else {
            assert!(same(alive, stated, 1e-6), "{place}, month {t}: {alive} alive, not {stated}");
        }
        let hours = HOURS_PER_MONTH * trace.months[t].channels[k].availability;
        let in_use = channel(t).chips_in_use(hours);
        let on_offer = trace.months[t].channels[k].on_offer * share(t);
        assert!(
            in_use <= on_offer.max(alive) * (1.0 + SOLVER) + 1e-6,
            "{place}, month {t}: {in_use} of {on_offer}"
        );
    }
}

#[test]
fn the_books_of_shipped_scenarios_balance() {
    for (name, sets, paths) in [
        ("close-the-door.toml", &[][..], 2),
        ("one-lab.toml", &[], 1),
        ("learning-by-closing.toml", &[], 1),
        ("every-form.toml", &[], 6),
        ("known/take-or-pay.toml", &[], 1),
        ("known/levers.toml", &[], 1),
    ] {
        let job = shipped(name, sets).job();
        let some: Vec<u64> = (0..paths).collect();
        for (path, told) in paths_told(&job, &some).iter().enumerate() {
            check_books(told, &format!("{name}, path {path}"));
        }
    }
}

/// On 300 invented scenarios: the books balance and every number is finite.
#[test]
fn the_books_of_invented_scenarios_balance() {
    for seed in 0..300 {
        let job = written(&invented(seed), &[]).job();
        for (path, told) in paths_told(&job, &[0, 3]).iter().enumerate() {
            check_books(told, &format!("invented {seed}, path {path}"));
        }
        check_metrics(&run(&job), &format!("invented {seed}"));
    }
}

#[test]
fn the_metrics_of_the_flagship_add_up() {
    let sets = ["settings.paths=4", "settings.months=30"];
    check_metrics(&run(&shipped("close-the-door.toml", &sets).job()), "the flagship");
    check_metrics(&run(&shipped("one-lab.toml", &sets).job()), "one lab");
    check_metrics(&run(&shipped("every-form.toml", &["settings.paths=8"]).job()), "forms");
}

/// Sums of metrics: parts of spend, origins of work, labs, present values, workloads; shares of one; differences.
pub fn check_metrics(outcome: &Outcome, what: &str) {
    let level = |arm: usize, id: &str, t: usize| {
        let at = outcome.catalogue.monthly_index(id).unwrap_or_else(|| panic!("no metric {id}"));
        outcome.level(arm, at, t).mean().value
    };
    let workloads = &outcome.catalogue.workloads;
    let labs: Vec<&str> = outcome
        .catalogue
        .monthly
        .iter()
        .filter_map(|(label, ..)| label.id.strip_prefix("economic_cost@"))
        .collect();
    let per_workload = |arm: usize, name: &str, t: usize| -> f64 {
        workloads.iter().map(|w| level(arm, &format!("{name}.{w}"), t)).sum()
    };
    for arm in 0..outcome.arms.len() {
        for t in 0..outcome.months {
            let place = format!("{what}, arm {arm}, month {t}");
            let spend = level(arm, "spend", t);
            let parts: f64 = PARTS
                .iter()
                .map(|part| format!("{part:?}").to_lowercase())
                .map(|part| level(arm, &format!("spend.{part}"), t))
                .sum();
            assert!(same(spend, parts, 1e-3), "{place}: spend {spend}, parts {parts}");
            let lost = per_workload(arm, "value_lost", t);
            assert!(same(level(arm, "economic_cost", t), spend + lost, spend), "{place}");
            let served = per_workload(arm, "served", t);
            let origins: f64 =
                ORIGINS.iter().map(|origin| level(arm, &format!("work.{}", origin.id()), t)).sum();
            assert!(same(served, origins, 1e-3), "{place}: served {served}, by origin {origins}");
            let planned = per_workload(arm, "planned_use", t);
            let balance = served + per_workload(arm, "unserved", t) - per_workload(arm, "beyond_plan", t);
            assert!(same(planned, balance, 1e-3), "{place}");
            for id in ["spend", "economic_cost", "work.domestic", "orders.domestic", "peak_in_use.offshore"] {
                if !labs.is_empty() {
                    let sum: f64 = labs.iter().map(|lab| level(arm, &format!("{id}@{lab}"), t)).sum();
                    assert!(same(level(arm, id, t), sum, spend.max(1e-3)), "{place}: {id} of all labs");
                }
            }
            for m in 0..outcome.catalogue.paired {
                if let Some(cell) = outcome.difference(arm, m, t) {
                    let levels = [arm, outcome.baseline].map(|arm| outcome.level(arm, m, t).mean().value);
                    let scale = levels[0].abs().max(levels[1].abs());
                    assert!(same(cell.mean().value, levels[0] - levels[1], scale), "{place}");
                }
            }
        }
        let on = |id: &str| outcome.scalar(arm, id).unwrap_or_else(|| panic!("no scalar {id}"));
        for path in 0..outcome.paths.len() {
            let place = format!("{what}, arm {arm}, path {path}");
            let at = |id: &str| on(id)[path];
            let (cost, spend) = (at("pv.economic_cost"), at("pv.spend"));
            assert!(same(cost, spend + at("pv.value_lost"), spend), "{place}");
            assert!(same(at("pv.economic_cost_before_transfer"), cost - at("pv.scarcity"), spend), "{place}");
            let parts = at("pv.offshore_rent")
                + at("pv.scarcity")
                + ORIGINS.iter().map(|origin| at(&format!("pv.resource.{}", origin.id()))).sum::<f64>();
            assert!(same(spend, parts, 1e-3), "{place}: spend {spend}, who gets it {parts}");
            let months = outcome.months;
            for window in windows(months) {
                for name in ["lost", "useful_work"] {
                    let all = at(&format!("{name}.{window}m.all"));
                    let sum: f64 = workloads.iter().map(|w| at(&format!("{name}.{window}m.{w}"))).sum();
                    assert!(same(all, sum, at(&format!("useful_work.{window}m.all"))), "{place}");
                }
                let useful = |arm: usize| {
                    outcome.scalar(arm, &format!("useful_work.{window}m.all")).expect("a scalar")[path]
                };
                let lost = useful(outcome.baseline) - useful(arm);
                assert!(same(at(&format!("lost.{window}m.all")), lost, useful(arm)), "{place}");
            }
            for month in [1, 12, 24, 36, 60].into_iter().filter(|month| *month <= months) {
                for name in ["work_share", "peak_share"] {
                    let shares: f64 =
                        ORIGINS.iter().map(|origin| at(&format!("{name}.{}.{month}m", origin.id()))).sum();
                    assert!((shares - 1.0).abs() < 1e-12 || shares == 0.0, "{place}: {name} {shares}");
                }
            }
            assert!(at("unserved_share.all") <= 1.0 + 1e-12, "{place}");
            assert!(at("effective_month") >= 0.0 && at("effective_month") <= months as f64, "{place}");
            assert!(at("rule_reversed") <= at("rule_in_force"), "{place}");
        }
    }
}
