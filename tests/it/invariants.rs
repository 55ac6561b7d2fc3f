//! What must hold whatever the numbers are: the identities of `docs/model.md §11`, and the behaviour that simulators of
//! this kind get wrong.

use loophole::calendar::HOURS_PER_MONTH;
use loophole::engine::catalogue::{ORIGINS, PARTS};
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::model::ledger::LabMonth;
use loophole::model::parameters::{Form, Quantity, Slot, Supply, Target, World};
use loophole::random::design::Sampling;
use loophole::random::stream::StreamKey;
use loophole::stats::estimate::{Estimate, mean};

use crate::small::{BARE, SMALL, invented};
use crate::support::*;

const SOLVER: f64 = 1e-8;

/// Below this a quantity of the market counts as none.
fn same(x: f64, y: f64, scale: f64) -> bool {
    (x - y).abs() <= SOLVER * x.abs().max(y.abs()).max(scale)
}

// The books of a path.

/// The accounting identities of every arm of a path.
fn check_books(told: &Told, what: &str) {
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
                    let wanted = planned
                        * saturation
                            .min(loophole::math::pow(lambda.max(1e-300) / reference, -at(demand.elasticity)));
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
        ("known/forms.toml", &[], 6),
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
    check_metrics(&run(&shipped("known/forms.toml", &["settings.paths=8"]).job()), "forms");
}

/// Sums of metrics: parts of spend, origins of work, labs, present values, workloads; shares of one; differences.
fn check_metrics(outcome: &Outcome, what: &str) {
    let level = |arm: usize, id: &str, t: usize| {
        let at = outcome.catalogue.monthly_index(id).unwrap_or_else(|| panic!("no metric {id}"));
        outcome.level(arm, at, t).mean().value
    };
    let workloads: Vec<&str> = outcome
        .catalogue
        .scalars
        .iter()
        .filter_map(|(label, _)| label.id.strip_prefix("parity_month."))
        .collect();
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
            for window in loophole::engine::catalogue::windows(months) {
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

// What spread, rules and money do.

/// Takes every spread out of a job: parameters at their medians, processes without noise, jumps or regimes.
fn certain(job: &mut Job) {
    job.correlations.clear();
    let list = &mut job.quantities.list;
    let mut silent: Vec<Slot> = Vec::new();
    for quantity in list.iter_mut() {
        let fixed = match &quantity.form {
            Form::Parameter(distribution) => Some(distribution.quantile(0.5)),
            Form::Process(process) => {
                silent.push(process.volatility);
                silent.extend(
                    process.jumps.iter().flat_map(|jumps| [jumps.per_year, jumps.log_mean, jumps.log_sd]),
                );
                for state in process.regimes.iter().flat_map(|regimes| &regimes.states) {
                    silent.push(state.drift_per_year);
                    silent.extend(state.volatility);
                }
                None
            }
            _ => None,
        };
        if let Some(value) = fixed {
            quantity.form = Form::Constant(value);
        }
    }
    for slot in silent {
        list[slot.0 as usize].form = Form::Constant(0.0);
    }
}

#[test]
fn without_spread_all_paths_are_one_path() {
    let mut flagship = shipped("close-the-door.toml", &["settings.paths=5"]).job();
    // The one arm whose rule is a matter of chance.
    flagship.arms.retain(|arm| arm.id != "expected");
    let small = written(SMALL, &["settings.sampling=\"sobol\"", "arms.perhaps.rules=[\"close\"]"]).job();
    for mut job in [flagship, small] {
        certain(&mut job);
        let outcome = run(&job);
        for arm in 0..outcome.arms.len() {
            for (s, (label, _)) in outcome.catalogue.scalars.iter().enumerate() {
                let values = outcome.scalar_at(arm, s);
                assert!(
                    values.iter().all(|value| value.to_bits() == values[0].to_bits()),
                    "{}: {values:?}",
                    label.id
                );
            }
            for m in 0..outcome.catalogue.monthly.len() {
                for t in 0..outcome.months {
                    let cell = outcome.level(arm, m, t);
                    assert_eq!(cell.quantile(0.0).to_bits(), cell.quantile(1.0).to_bits());
                    let Estimate { value, std_error } = cell.mean();
                    assert!(std_error <= 1e-12 * value.abs(), "{}", outcome.catalogue.monthly[m].0.id);
                }
            }
        }
    }
}

/// Scalars that tell whether a rule is there, not what it does.
const DATES: [&str; 3] = ["effective_month", "rule_in_force", "rule_reversed"];

/// `SMALL` with a rule and an arm `other` under it; `more` are changes of the rest.
fn with_rule(rule: &str, more: &[&str]) -> Outcome {
    run(&written(&format!("{SMALL}\n{rule}\n[arms.other]\nrules = [\"other\"]\n"), more).job())
}

const DOOR: &str = "[[rules.other.effects]]\non = { tag = \"door\" }\nquantity = \"new_rental_capacity\"\n";

#[test]
fn a_door_that_leaks_everything_at_no_premium_is_open() {
    for (announced, factor) in [("2026-10", 0.0), ("2027-02", 0.0), ("2027-02", 0.4)] {
        let rule = format!(
            "[rules.other]\nannounced = \"{announced}\"\nlag_days = 40\nramp_months = 3\n{DOOR}factor = {factor}\n\
             leakage_fraction = 1\npremium_ratio = 1\n[[rules.other.effects]]\non = {{ channel = \"abroad\" }}\n\
             quantity = \"owned_access\"\nfactor = {factor}\nleakage_fraction = 1\n"
        );
        let outcome = with_rule(&rule, &[]);
        assert_close_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, 1e-9, &DATES);
    }
}

#[test]
fn factors_of_one_leave_everything() {
    let effect = |on: &str, quantity: &str| {
        format!("[[rules.other.effects]]\non = {{ {on} }}\nquantity = \"{quantity}\"\nfactor = 1\n")
    };
    let rule = "[rules.other]\nannounced = \"2026-11\"\nwind_down = \"immediate\"\n".to_string()
        + &effect("kind = \"rental\"", "new_rental_capacity")
        + &effect("kind = \"rental\"", "existing_contracts")
        + &effect("channel = \"abroad\"", "owned_access")
        + &effect("kind = \"owned\"", "chip_supply")
        + &effect("", "price")
        + &effect("", "demand")
        + &effect("", "efficiency");
    let outcome = with_rule(&rule, &[]);
    assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &DATES);
}

#[test]
fn a_rule_that_cannot_come_changes_nothing() {
    for announced in [
        "{ hazard_per_year = 0, from = \"2026-10\", until = \"2028-03\" }",
        "{ probability = 0, from = \"2026-10\", until = \"2028-03\" }",
    ] {
        for more in [&[][..], &["labs.all.sign_ahead=true"]] {
            let rule = format!("[rules.other]\nannounced = {announced}\nwind_down = \"immediate\"\n{DOOR}");
            let outcome = with_rule(&rule, more);
            assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &[]);
        }
    }
    // Nobody fears what cannot come.
    for announced in [
        "{ hazard_per_year = 0, from = \"2026-10\", until = \"2028-03\" }",
        "{ probability = 0, from = \"2026-10\", until = \"2028-03\" }",
    ] {
        let rule = format!("[rules.other]\nannounced = {announced}\nwind_down = \"immediate\"\n{DOOR}");
        let outcome = with_rule(&rule, &["labs.all.anticipation_fraction=0.7"]);
        assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &[]);
    }
}

#[test]
fn a_certain_rule_is_a_dated_rule() {
    let wind_down = "lag_days = 45\nwind_down = \"linear\"\nwind_down_days = 100\n";
    let effects = "\n[[rules.ID.effects]]\non = { tag = \"door\" }\nquantity = \"new_rental_capacity\"\nleakage_fraction = 0.2\n\
                   premium_ratio = 1.5\n[[rules.ID.effects]]\non = { tag = \"door\" }\nquantity = \"existing_contracts\"\n";
    let rule = |id: &str, announced: &str| {
        format!(
            "[rules.{id}]\nannounced = {announced}\n{wind_down}{effects}\n[arms.{id}]\nrules = [\"{id}\"]\n"
        )
        .replace("ID", id)
    };
    for month in ["2026-10", "2027-03"] {
        for anticipation in ["0", "0.6"] {
            let text = SMALL.to_string()
                + &rule("dated", &format!("\"{month}\""))
                + &rule(
                    "certain",
                    &format!("{{ probability = 1, from = \"{month}\", until = \"{month}\" }}"),
                );
            let outcome =
                run(&written(&text, &[&format!("labs.all.anticipation_fraction={anticipation}")]).job());
            assert_same_arm(&outcome, arm(&outcome, "dated"), &outcome, arm(&outcome, "certain"));
        }
    }
}

/// A levy from the first month is the price with the levy in it.
#[test]
fn a_rule_at_the_start_is_the_number_it_makes() {
    let text = SMALL.to_string()
        + "[rules.levy]\nannounced = \"2026-10\"\n[[rules.levy.effects]]\non = { channel = \"abroad\" }\nquantity = \"price\"\n\
           factor = 1.5\n[[rules.levy.effects]]\non = { channel = \"own\" }\nquantity = \"chip_supply\"\nfactor = 0.5\n\
           [[rules.levy.effects]]\nquantity = \"demand\"\nfactor = 1.25\n[arms.levy]\nrules = [\"levy\"]\n\
           [arms.stated]\nrules = []\n[arms.stated.set]\n\"channels.abroad.system_capex_incl_chip_usd\" = 46500\n\
           \"channels.own.supply_chips_per_month.initial\" = 20\n\"labs.all.demand.serve.planned_use_h100e\" = 375\n\
           \"labs.all.demand.train.planned_use_h100e.initial\" = 437.5\n";
    let outcome = run(&written(&text, &[]).job());
    assert_close_levels(&outcome, arm(&outcome, "levy"), &outcome, arm(&outcome, "stated"), 1e-9, &DATES);
}

/// Doubles every amount of money in a job: prices of chips, hours, energy, buildings and operations, and what compute is worth.
fn double_money(job: &mut Job) {
    let mut push = |quantity: Quantity| {
        job.quantities.list.push(quantity);
        Slot(job.quantities.list.len() as u32 - 1)
    };
    let form = Form::Constant(0.5);
    let half = push(Quantity { key: "half".into(), stream: "half".into(), form });
    let mut double = |slot: &mut Slot| {
        let form = Form::Converted { amount: *slot, per_usd: half };
        *slot = push(Quantity { key: "doubled".into(), stream: "doubled".into(), form });
    };
    for world in job.arms.iter_mut().map(|arm| &mut arm.world) {
        world.calibration_price.as_mut().map(&mut double);
        for region in &mut world.regions {
            double(&mut region.electricity);
            double(&mut region.shell_usd_per_kw);
            double(&mut region.opex_usd_per_kw_year);
        }
        for channel in &mut world.channels {
            match &mut channel.supply {
                Supply::Rental(rental) => {
                    double(&mut rental.price);
                    rental.committed_price.as_mut().map(&mut double);
                }
                Supply::Owned(owned) => {
                    double(&mut owned.capex);
                    owned.extra_capex.as_mut().map(&mut double);
                }
            }
        }
        for demand in world.labs.iter_mut().flat_map(|lab| &mut lab.demand).flatten() {
            double(&mut demand.reference_price);
            double(&mut demand.choke_price);
        }
    }
}

#[test]
fn twice_the_money_is_twice_the_cost_and_the_same_compute() {
    let mut jobs = vec![
        shipped("close-the-door.toml", &["settings.paths=3", "settings.months=30"]).job(),
        shipped("known/forms.toml", &["settings.paths=16"]).job(),
        written(SMALL, &[]).job(),
    ];
    jobs.extend((0..40).map(|seed| written(&invented(seed), &[]).job()));
    for job in jobs {
        let mut dear = job.clone();
        double_money(&mut dear);
        let (cheap, dear) = (run(&job), run(&dear));
        assert_eq!(
            cheap.calibration.as_ref().map(|it| it.factor.to_bits()),
            dear.calibration.as_ref().map(|it| it.factor.to_bits())
        );
        let check = |label: &loophole::engine::catalogue::Label, x: f64, y: f64| {
            let factor = if label.unit.starts_with("USD") { 2.0 } else { 1.0 };
            let close = (factor * x - y).abs() <= 1e-12 * y.abs();
            assert!(close, "{} ({}): {x} became {y}", label.id, label.unit);
        };
        for arm in 0..cheap.arms.len() {
            for (s, (label, _)) in cheap.catalogue.scalars.iter().enumerate() {
                for (x, y) in cheap.scalar_at(arm, s).iter().zip(dear.scalar_at(arm, s)) {
                    check(label, *x, *y);
                }
            }
            for (m, (label, ..)) in cheap.catalogue.monthly.iter().enumerate() {
                for t in 0..cheap.months {
                    check(label, cheap.level(arm, m, t).mean().value, dear.level(arm, m, t).mean().value);
                }
            }
        }
    }
}

#[test]
fn money_in_yuan_is_the_same_money() {
    let yuan = SMALL
        .replace("initial = 2.2\n", "initial = 17.6\ncurrency = \"cny\"\n")
        .replace(
            "system_capex_incl_chip_usd = 31000",
            "system_capex_incl_chip_usd = { value = 248000, currency = \"cny\" }",
        )
        .replace(
            "electricity_usd_per_kwh = 0.11",
            "electricity_usd_per_kwh = { value = 0.88, currency = \"cny\" }",
        )
        .replace(
            "choke_price_usd_per_h100e_hour = 8\n",
            "choke_price_usd_per_h100e_hour = { value = 64, currency = \"cny\" }\n",
        );
    assert_eq!(yuan.matches("cny").count(), 4);
    let yuan = yuan + "[currencies.cny]\nper_usd = 8\n";
    assert_same(&run(&written(SMALL, &[]).job()), &run(&written(&yuan, &[]).job()));
}

// What the file's form does not do.

const CLUTTER: &str = r#"
[chips.unused]
peak_bf16_tflops = { uniform = [100, 200] }
peak_8bit_tflops = { uniform = [100, 200] }
memory_tb_per_s = { uniform = [1, 2] }
all_in_power_kw = 1
mbu_fraction = { uniform = [0.2, 0.4] }
goodput_fraction = 0.9
efficiency.train = { precision = "bf16", mfu_fraction = { uniform = [0.2, 0.4] } }

[regions.unused]
electricity_usd_per_kwh = { initial = 0.1, volatility_per_sqrt_year = 0.2 }
pue_ratio = 1.2
shell_usd_per_kw = 0
opex_usd_per_kw_year = 0
wacc_real_per_year = { uniform = [0.03, 0.09] }

[currencies.unused]
per_usd = { initial = 7, volatility_per_sqrt_year = 0.1 }

[sources.unused]
title = "Nothing"

[rules.unused]
announced = { hazard_per_year = { uniform = [0, 1] }, from = "2026-10", until = "2027-10" }
lag_days = { uniform = [0, 90] }

[[rules.unused.effects]]
on = { tag = "door" }
quantity = "price"
factor = { uniform = [1, 2] }
"#;

const SCHEMES: [&str; 4] = ["plain", "antithetic", "latin-hypercube", "sobol"];

fn sampling(scheme: &str) -> String {
    format!("settings.sampling=\"{scheme}\"")
}

#[test]
fn what_is_not_used_moves_nothing() {
    for scheme in SCHEMES {
        let sets = [&*sampling(scheme)];
        let plain = run(&written(SMALL, &sets).job());
        assert_same(&plain, &run(&written(&(CLUTTER.to_string() + SMALL), &sets).job()));
        assert_same(&plain, &run(&written(&(SMALL.to_string() + CLUTTER), &sets).job()));
    }
    let sets = ["settings.paths=3", "settings.months=8"];
    let flagship = shipped("close-the-door.toml", &sets);
    let mut cluttered: toml::Table = flagship.to_toml().parse().expect("it parses");
    let clutter = CLUTTER
        .replace("efficiency.train =", "efficiency.training =")
        .replace("tag = \"door\"", "origin = \"offshore\"");
    for (key, entries) in clutter.parse::<toml::Table>().expect("it parses") {
        let toml::Value::Table(entries) = entries else { continue };
        cluttered.get_mut(&key).and_then(toml::Value::as_table_mut).expect("a table").extend(entries);
    }
    let cluttered = cluttered.to_string();
    assert_same(&run(&flagship.job()), &run(&written(&cluttered, &[]).job()));
}

/// The file's tables and keys in the order of the alphabet, and the other way round, without its comments.
fn reordered(text: &str, backwards: bool) -> String {
    fn write(text: &mut String, place: &str, table: &toml::Table, backwards: bool) {
        let mut keys: Vec<(&String, &toml::Value)> = table.iter().collect();
        keys.sort_by_key(|(key, _)| (*key).clone());
        if backwards {
            keys.reverse();
        }
        let quoted = |key: &str| format!("\"{key}\"");
        let is_table =
            |value: &toml::Value| value.is_table() && !value.as_table().is_some_and(toml::Table::is_empty);
        for (key, value) in keys.iter().filter(|(_, value)| !is_table(value)) {
            *text += &format!("{} = {value}\n", quoted(key));
        }
        for (key, value) in keys.iter().filter(|(_, value)| is_table(value)) {
            let place = if place.is_empty() { quoted(key) } else { format!("{place}.{}", quoted(key)) };
            *text += &format!("# {place}\n[{place}]\n");
            write(text, &place, value.as_table().expect("a table"), backwards);
        }
    }
    let mut out = String::new();
    write(&mut out, "", &text.parse::<toml::Table>().expect("it parses"), backwards);
    out
}

#[test]
fn order_and_comments_of_a_file_move_nothing() {
    for scheme in SCHEMES {
        let sets = [&*sampling(scheme)];
        let plain = run(&written(SMALL, &sets).job());
        for backwards in [false, true] {
            assert_same(&plain, &run(&written(&reordered(SMALL, backwards), &sets).job()));
        }
    }
    for (name, sets) in [
        ("close-the-door.toml", &["settings.paths=3", "settings.months=8"][..]),
        ("known/forms.toml", &["settings.paths=40", "settings.months=12"]),
    ] {
        let scenario = shipped(name, sets);
        let text = scenario.to_toml().replace("\"../data", "\"data");
        for backwards in [false, true] {
            assert_same(&run(&scenario.job()), &run(&written(&reordered(&text, backwards), &[]).job()));
        }
    }
}

#[test]
fn the_first_paths_are_the_shorter_run() {
    for scheme in ["plain", "antithetic", "sobol"] {
        for (short, long) in [(20, 90), (1, 2), (64, 1000)] {
            let job = |paths: usize| {
                written(SMALL, &[&sampling(scheme), &format!("settings.paths={paths}"), "settings.months=6"])
                    .job()
            };
            let (short, long) = (run(&job(short)), run(&job(long)));
            for arm in 0..short.arms.len() {
                for s in 0..short.catalogue.scalars.len() {
                    let (x, y) = (short.scalar_at(arm, s), long.scalar_at(arm, s));
                    assert!(x.iter().zip(y).all(|(a, b)| a.to_bits() == b.to_bits()), "{scheme}");
                }
            }
        }
    }
}

#[test]
fn a_path_alone_is_that_path_of_the_run() {
    for scheme in SCHEMES {
        let job = written(SMALL, &[&sampling(scheme)]).job();
        alone(&job, &[14, 0, 47]);
    }
    alone(&shipped("close-the-door.toml", &["settings.paths=15", "settings.months=20"]).job(), &[14]);
    alone(&shipped("known/forms.toml", &["settings.paths=40"]).job(), &[14]);
}

fn alone(job: &Job, paths: &[u64]) {
    let outcome = run(job);
    for &path in paths {
        let told = told(job, path);
        for arm in 0..outcome.arms.len() {
            for (s, value) in told.scalars(arm).iter().enumerate() {
                let of_run = outcome.scalar_at(arm, s)[path as usize];
                assert_eq!(value.to_bits(), of_run.to_bits(), "{}", outcome.catalogue.scalars[s].0.id);
            }
        }
    }
}

/// Under Sobol' sampling a new source of randomness takes a dimension, so the promise is for the other schemes.
#[test]
fn another_arm_leaves_the_others_alone() {
    let arm_text = "[rules.more]\nannounced = { hazard_per_year = 1, from = \"2026-10\", until = \"2027-12\" }\n\
                    lag_days = { uniform = [0, 60] }\n[[rules.more.effects]]\nquantity = \"price\"\n\
                    factor = { uniform = [1, 2] }\n[arms.another]\nrules = [\"more\", \"perhaps\"]\n\
                    set = { \"regions.home.pue_ratio\" = { uniform = [1.1, 1.5] } }\n";
    for scheme in ["plain", "antithetic", "latin-hypercube"] {
        let sets = [&*sampling(scheme)];
        let (without, with) =
            (run(&written(SMALL, &sets).job()), run(&written(&(SMALL.to_string() + arm_text), &sets).job()));
        for id in ["open", "closed", "perhaps"] {
            assert_same_arm(&without, arm(&without, id), &with, arm(&with, id));
        }
    }
}

#[test]
fn a_renamed_channel_with_pinned_streams_keeps_its_draws() {
    let pinned = |text: String| {
        text.replace("initial = 2.2\n", "initial = 2.2\nstream = \"rent\"\n")
            .replace("initial = 1.2\n", "initial = 1.2\nstream = \"spot\"\n")
    };
    let renamed =
        SMALL.replace("[channels.rent]", "[channels.leased]").replace("[channels.rent.", "[channels.leased.");
    let (one, other) =
        (run(&written(&pinned(SMALL.into()), &[]).job()), run(&written(&pinned(renamed), &[]).job()));
    for id in ["open", "closed", "perhaps"] {
        assert_close_levels(&one, arm(&one, id), &other, arm(&other, id), 1e-12, &[]);
    }
    let rents = |outcome: &Outcome, id: &str| {
        (0..18).map(|t| month(outcome, "open", id, t).to_bits()).collect::<Vec<u64>>()
    };
    assert_eq!(rents(&one, "price.rent"), rents(&other, "price.leased"));
}

/// Means of a smooth cost and of a chance under four schemes. Standard errors of replicated schemes rest on sixteen
/// replicates, so their bound is Student's at the chance of four normal standard errors.
#[test]
fn sampling_schemes_agree() {
    let outcomes = SCHEMES.map(|scheme| {
        run(&written(SMALL, &[&sampling(scheme), "settings.paths=2048", "settings.months=10"]).job())
    });
    for id in
        ["pv.economic_cost", "lost.10m.all", "rule_in_force", "effective_month", "marginal_cost.train.mean"]
    {
        for arm in 0..3 {
            let estimates: Vec<(Estimate, f64)> = outcomes
                .iter()
                .map(|outcome| {
                    let grouping = loophole::engine::partition::grouping(outcome.sampling);
                    let estimate = mean(outcome.scalar(arm, id).expect("a scalar"), grouping);
                    let freedom = grouping.degrees_of_freedom(2048).min(1e6);
                    (estimate, loophole::math::student_quantile(freedom, 1.0 - 3.2e-5))
                })
                .collect();
            for (a, ka) in &estimates {
                for (b, kb) in &estimates {
                    let allowed = loophole::math::sqrt(
                        (ka * a.std_error) * (ka * a.std_error) + (kb * b.std_error) * (kb * b.std_error),
                    );
                    assert!(
                        (a.value - b.value).abs() <= allowed.max(1e-9 * a.value.abs()),
                        "{id}: {a:?} and {b:?}"
                    );
                }
            }
            // Cells know the same.
            for (outcome, (estimate, _)) in outcomes.iter().zip(&estimates) {
                if id == "pv.economic_cost" && outcome.sampling == Sampling::Plain {
                    let rate = loophole::math::pow(1.05, -1.0 / 12.0);
                    let sum: f64 = (0..10)
                        .map(|t| {
                            loophole::math::pow(rate, t as f64)
                                * month(outcome, &outcome.arms[arm].id, "economic_cost", t)
                        })
                        .sum();
                    near(sum, estimate.value, 1e-9);
                }
            }
        }
    }
}

// Sizes.

#[test]
fn one_month_and_twenty_years() {
    for months in ["settings.months=1", "settings.months=240"] {
        let now = "rules.perhaps.announced={ probability = 0.5, from = \"2026-10\", until = \"2026-10\" }";
        let job =
            written(SMALL, &[months, "settings.paths=4", "rules.close.announced=\"2026-10\"", now]).job();
        let outcome = run(&job);
        check_metrics(&outcome, months);
        check_books(&told(&job, 3), months);
    }
}

/// Ten labs with a tenth of everything each, on the same draws, are one lab: each market is the whole market in small.
#[test]
fn ten_tenths_are_one_lab() {
    let (head, tail) = SMALL.split_once("[labs.all]").expect("a lab");
    let (lab, tail) = tail.split_once("[rules.close]").expect("a rule");
    let mut text = head.to_string();
    for i in 0..10 {
        let tenth = lab
            .replace("labs.all", &format!("labs.l{i}"))
            .replace("initial = 350", "initial = 35")
            .replace("planned_use_h100e = 300", "planned_use_h100e = 30");
        text += &format!("[labs.l{i}]\nshare_fraction = 0.1{tenth}");
    }
    text += &format!("[rules.close]{tail}");
    let (one, ten) = (run(&written(SMALL, &[]).job()), run(&written(&text, &[]).job()));
    for id in ["open", "closed", "perhaps"] {
        assert_close_levels(&one, arm(&one, id), &ten, arm(&ten, id), SOLVER, &[]);
        // And each is a tenth.
        for t in 0..18 {
            for metric in ["spend", "economic_cost", "served.train", "work.domestic", "orders.domestic"] {
                let whole = month(&ten, id, metric, t);
                assert!(
                    same(10.0 * month(&ten, id, &format!("{metric}@l7"), t), whole, 1.0),
                    "{metric} of month {t}"
                );
            }
            near(
                month(&ten, id, "marginal_cost.train@l7", t),
                month(&one, id, "marginal_cost.train", t),
                SOLVER,
            );
        }
    }
}

/// Nothing to be had: the price chokes demand off, and the value lost is the whole area under it.
#[test]
fn no_supply_at_all() {
    let text = BARE.to_string()
        + "[channels.none]\nkind = \"rental\"\nchip = \"unit\"\nregion = \"here\"\norigin = \"offshore\"\n\
           availability_fraction = 1\nprice_usd_per_chip_hour = 1\non_offer_chips = 0\nterm_months = 1\n\
           [channels.nothing]\nkind = \"owned\"\nchip = \"unit\"\nregion = \"here\"\norigin = \"domestic\"\n\
           availability_fraction = 1\nsystem_capex_incl_chip_usd = 1000\nchip_life_years = 5\n\
           [labs.all.demand.work]\nplanned_use_h100e = 100\nelasticity = 1\nreference_price_usd_per_h100e_hour = 2\n\
           choke_price_usd_per_h100e_hour = 10\n";
    let outcome = run(&written(&text, &[]).job());
    for t in 0..12 {
        let at = |metric: &str| month(&outcome, "open", metric, t);
        exact(at("marginal_cost.work"), 10.0);
        assert_eq!(at("served.work"), 0.0);
        assert_eq!(at("spend"), 0.0);
        exact(at("unserved_share"), 1.0);
        exact(at("value_lost.work"), 73_000.0 * 2.0 * (1.0 + loophole::math::ln(5.0)));
        assert_eq!(at("average_cash_cost"), 0.0);
    }
    assert_eq!(scalar(&outcome, "open", "parity_never.work"), [1.0]);
    assert_eq!(scalar(&outcome, "open", "work_share.domestic.12m"), [0.0]);
}

/// Nothing wanted: nothing bought.
#[test]
fn no_demand_at_all() {
    let outcome = run(&written(
        SMALL,
        &[
            "labs.all.demand.train.planned_use_h100e=0",
            "labs.all.demand.serve.planned_use_h100e=0",
            "channels.rent.committed_chips=0",
            "arms.perhaps.rules=[]",
        ],
    )
    .job());
    for t in 0..18 {
        for id in ["spend.contracts", "spend.spot", "orders.domestic", "served.train", "value_lost.serve"] {
            assert_eq!(month(&outcome, "closed", id, t), 0.0, "{id}");
        }
    }
}

/// A draw is a function of (seed, stream, path, month) only: the stream of a price is what the price says it is.
#[test]
fn a_draw_is_its_streams() {
    let job =
        written(SMALL, &["channels.own.chip_price_usd={ uniform = [5000, 9000], stream = \"here\" }"]).job();
    let key = StreamKey::new(11, "here");
    for (path, price) in drawn(&job, "channels.own.chip_price_usd", 5).into_iter().enumerate() {
        near(price, 5000.0 + 4000.0 * key.uniform(path as u64, 0, 0), 1e-12);
    }
}

/// `World` states no number twice: an arm that sets a key to what it already is, is the baseline.
#[test]
fn an_arm_that_sets_what_is_already_so_is_the_baseline() {
    let text = SMALL.to_string()
        + "[arms.same]\nrules = []\nset = { \"regions.home.pue_ratio\" = 1.25, \"channels.rent.on_offer_chips\" = 400 }\n";
    let job = written(&text, &[]).job();
    let worlds: Vec<&World> = job.arms.iter().map(|arm| &arm.world).collect();
    let at = |id: &str| job.arms.iter().position(|arm| arm.id == id).expect("an arm");
    assert_eq!(worlds[at("same")], worlds[at("open")]);
    let outcome = run(&job);
    assert_same_levels(&outcome, at("same"), &outcome, at("open"), &[]);
}
