//! Two routes to the same numbers: the engine against the second implementation, on invented worlds.
//!
//! The second route is written from `docs/model.md` alone (`second/`). Each seed invents a world, dates its rules and
//! tells the path twice; every number of every month, lab and channel must agree to 1e-9 of itself or of its unit (one
//! chip, one chip's hours in a month, one dollar for each of the lab's planned hours).

use crate::second::checks::tell;
use crate::second::trace::{self as told, Spend};
use crate::second::worlds::{Invented, invent};
use crate::second::{H, clear_exactly};
use loophole::model::drivers::{Drivers, Sampler, Scratch};
use loophole::model::ledger::{self, Trace};
use loophole::model::parameters::Supply;
use loophole::model::rules::RuleDates;
use loophole::model::step::{Workspace, simulate};
use loophole::random::design::Sampling;

/// Worlds compared.
const WORLDS: u64 = 600;

/// Relative tolerance.
const TOLERANCE: f64 = 1e-9;

#[test]
fn the_engine_and_the_second_route_tell_the_same_story() {
    let mut differing = Vec::new();
    for seed in 0..WORLDS {
        if let Err(difference) = compare(&invent(seed)) {
            differing.push(format!("seed {seed}, {difference}"));
        }
    }
    let first: Vec<&String> = differing.iter().take(12).collect();
    assert!(differing.is_empty(), "{} of {WORLDS} worlds differ:\n{first:#?}", differing.len());
}

/// The first difference between the two routes on one world.
fn compare(invented: &Invented) -> Result<(), String> {
    let world = &invented.world;
    let sampler = Sampler::new(
        &invented.quantities,
        &[],
        Vec::new(),
        Vec::new(),
        Sampling::Plain,
        1,
        1,
        (world.months, world.lead),
    );
    let mut drivers = Drivers::default();
    sampler.draw(0, &mut Scratch::default(), &mut drivers);
    let dates = same_dates(invented, &drivers)?;
    let mut engine = Trace::default();
    simulate(world, &drivers, &dates, &mut Workspace::default(), &mut engine)
        .map_err(|failure| format!("the engine fails: {failure:?}"))?;
    let second = tell(world, &invented.quantities, &invented.dates, &clear_exactly);
    for (t, (second, engine)) in second.months.iter().zip(&engine.months).enumerate() {
        let mut differences = Differences::default();
        for (k, (second, engine)) in second.channels.iter().zip(&engine.channels).enumerate() {
            let owned = matches!(world.channels[k].supply, Supply::Owned(_));
            compare_channel(&mut differences, &format!("channel {k}"), owned, second, engine);
        }
        for (lab, (second, engine)) in second.labs.iter().zip(&engine.labs).enumerate() {
            compare_lab(&mut differences, &format!("lab {lab}"), second, engine);
        }
        differences.none(t)?;
    }
    Ok(())
}

/// Rules' dates by both routes.
fn same_dates(invented: &Invented, drivers: &Drivers) -> Result<Vec<RuleDates>, String> {
    let mut all = Vec::new();
    for ((rule, mine), (u, v)) in invented.world.rules.iter().zip(&invented.dates).zip(&invented.uniforms) {
        let dates = RuleDates::draw(rule, drivers, *u, *v);
        if (dates.announced, dates.effective, dates.reversed)
            != (mine.announced, mine.effective, mine.reversed)
        {
            return Err(format!("dates of {}: second route {mine:?}, engine {dates:?}", rule.id));
        }
        all.push(dates);
    }
    Ok(all)
}

/// Differences found in a month.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    /// Notes `second` and `engine` if they differ by more than the tolerance of the largest of them and `unit`.
    fn check(&mut self, place: &str, name: &str, second: f64, engine: f64, unit: f64) {
        let scale = second.abs().max(engine.abs()).max(unit);
        // Written so that a number that is not finite differs.
        if !((second - engine).abs() <= TOLERANCE * scale) {
            self.0.push(format!("{place} {name}: second route {second}, engine {engine}"));
        }
    }

    /// The same for lists; the engine's may be longer.
    fn check_all(&mut self, place: &str, name: &str, second: &[f64], engine: &[f64], unit: f64) {
        for (w, (second, engine)) in second.iter().zip(engine).enumerate() {
            self.check(place, &format!("{name}[{w}]"), *second, *engine, unit);
        }
    }

    fn none(&self, t: usize) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("month {t}:\n  {}", self.0.join("\n  "))) }
    }
}

fn compare_channel(
    differences: &mut Differences,
    place: &str,
    owned: bool,
    second: &told::ChannelState,
    engine: &ledger::ChannelMonth,
) {
    differences.check_all(place, "rate", &second.rate, &engine.rates, 1.0);
    differences.check_all(place, "plan rate", &second.plan_rate, &engine.rates_planned, 1.0);
    let of_owned = [
        ("system price", second.system_price, engine.system_price),
        ("buy cost", second.buy_cost, engine.buy_cost_planned),
        ("capital charge", second.first_charge[0], engine.first_capital_charge),
        ("building charge", second.first_charge[1], engine.building_charge),
        ("operations charge", second.first_charge[2], engine.operations_charge),
        ("supply", second.supply, engine.supply),
        ("supply response", second.supply_factor, engine.supply_response),
        ("price learning", second.price_learning, engine.price_learning),
        ("MFU learning", second.mfu_learning, engine.mfu_learning),
    ];
    let of_rental = [
        ("contract price", second.contract_price, engine.contract_price),
        ("spot price", second.spot_price, engine.spot_price),
        ("rent response", second.rent_factor, engine.rent_response),
    ];
    for (name, second, engine) in if owned { &of_owned[..] } else { &of_rental[..] } {
        differences.check(place, name, *second, *engine, 1.0);
    }
}

fn compare_lab(
    differences: &mut Differences,
    place: &str,
    second: &told::LabMonth,
    engine: &ledger::LabMonth,
) {
    let dollars = second.planned.iter().sum::<f64>() + H;
    differences.check_all(place, "planned", &second.planned, &engine.planned_use, H);
    for w in (0..second.planned.len()).filter(|w| second.planned[*w] > 0.0) {
        differences.check(place, "distillation", second.distillation[w], engine.distillation[w], 1.0);
    }
    differences.check_all(place, "plan lambda", &second.plan_lambda, &engine.plan_price, 1.0);
    differences.check_all(place, "lambda", &second.lambda, &engine.price, 1.0);
    differences.check_all(place, "served", &second.served, &engine.served, H);
    differences.check_all(place, "value lost", &second.value_lost, &engine.value_lost, dollars);
    for w in 0..second.planned.len() {
        differences.check(place, "unserved", second.unserved[w], engine.unserved(w), H);
        differences.check(place, "beyond plan", second.beyond_plan[w], engine.beyond_plan(w), H);
    }
    for (k, (second, engine)) in second.channels.iter().zip(&engine.channels).enumerate() {
        compare_dealings(differences, &format!("{place} channel {k}"), second, engine, dollars);
    }
    compare_spend(differences, place, &second.spend, &engine.spend(), dollars);
    differences.check(place, "economic cost", second.economic_cost, engine.economic_cost(), dollars);
}

fn compare_dealings(
    differences: &mut Differences,
    place: &str,
    second: &told::LabChannel,
    engine: &ledger::LabChannel,
    dollars: f64,
) {
    differences.check_all(place, "capacity", &second.capacity, &engine.capacity, H);
    differences.check_all(place, "hours", &second.hours(), &engine.hours, H);
    differences.check_all(place, "work", &second.work, &engine.work, H);
    differences.check(place, "planned hours", second.planned_use, engine.planned_hours, H);
    let chips = [
        ("open contracts", second.open_contracts, engine.committed_open),
        ("leaked contracts", second.leaked_contracts, engine.committed_leaked),
        ("signed, open", second.signed_open, engine.signed_open),
        ("signed, leaked", second.signed_leaked, engine.signed_leaked),
        ("chips alive", second.chips_alive, engine.chips),
        ("orders", second.orders, engine.orders),
        ("hedge orders", second.hedge_orders, engine.hedge_orders),
    ];
    for (name, second, engine) in chips {
        differences.check(place, name, second, engine, 1.0);
    }
    if second.chips_alive > 0.0 {
        differences.check(place, "usable share", second.usable_share, engine.usable_share, 1.0);
    }
    if second.orders > 0.0 {
        differences.check(place, "scarcity rate", second.scarcity_rate, engine.scarcity_rate, 1.0);
    }
    compare_spend(differences, place, &second.spend, &engine.spend, dollars);
}

fn compare_spend(
    differences: &mut Differences,
    place: &str,
    second: &Spend,
    engine: &ledger::Spend,
    dollars: f64,
) {
    let ledger::Spend { contracts, spot, dues, capital, building, operations, energy, idle_energy, scarcity } =
        *engine;
    let names = [
        "contracts",
        "spot",
        "void dues",
        "capital",
        "building",
        "operations",
        "energy",
        "idle energy",
        "scarcity",
    ];
    let engine = [contracts, spot, dues, capital, building, operations, energy, idle_energy, scarcity];
    for ((name, second), engine) in names.iter().zip(second.parts()).zip(engine) {
        differences.check(place, name, second, engine, dollars);
    }
}
#[test]
fn debug_variants() {
    use loophole::model::parameters::*;
    let seed_only: Option<u64> = std::env::var("SEED").ok().and_then(|s| s.parse().ok());
    let variants: Vec<(&str, Box<dyn Fn(&mut Invented)>)> = vec![
        ("plain", Box::new(|_| {})),
        ("no anticipation", Box::new(|i| {
            for lab in &i.world.labs { i.quantities.list[lab.anticipation.0 as usize].form = Form::Constant(0.0); }
        })),
        ("full anticipation", Box::new(|i| {
            for lab in &i.world.labs { i.quantities.list[lab.anticipation.0 as usize].form = Form::Constant(1.0); }
        })),
        ("no windows", Box::new(|i| {
            for (rule, d) in i.world.rules.iter_mut().zip(&mut i.dates) { if matches!(rule.announcement, Announcement::Window{..}) { rule.effects.clear(); let _ = d; } }
        })),
        ("no hazards", Box::new(|i| {
            for rule in i.world.rules.iter_mut() { if matches!(rule.announcement, Announcement::Hazard{..}) { rule.effects.clear(); } }
        })),
        ("no ramps", Box::new(|i| {
            for rule in i.world.rules.iter_mut() { i.quantities.list[rule.ramp_months.0 as usize].form = Form::Constant(0.0); }
        })),
        ("no lags", Box::new(|i| {
            for (rule, d) in i.world.rules.iter_mut().zip(&mut i.dates) { i.quantities.list[rule.lag_days.0 as usize].form = Form::Constant(0.0);
              if let Some(a) = d.announced { let shift = d.effective.unwrap() - a; d.effective = Some(a); d.reversed = d.reversed.map(|r| r - shift); } }
        })),
        ("no rules", Box::new(|i| { i.world.rules.clear(); i.dates.clear(); i.uniforms.clear(); })),
        ("no schedules", Box::new(|i| {
            for q in &mut i.quantities.list { if let Form::Schedule { knots, .. } = &q.form { q.form = Form::Constant(knots[0].1); } }
        })),
    ];
    for (name, change) in &variants {
        let mut count = 0;
        let mut first = Vec::new();
        for seed in 0..WORLDS {
            if seed_only.is_some_and(|s| s != seed) { continue; }
            let mut i = invent(seed);
            change(&mut i);
            if let Err(e) = compare(&i) { if !e.contains("the engine fails") { count += 1; first.push((seed, e)); } }
        }
        println!("{name}: {count}  {}", first.first().map_or(String::new(), |f| format!("{f:?}")));
    }
}
#[test]
fn debug_show() {
    let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
    let i = invent(seed);
    println!("lead {} months {} dates {:?}", i.world.lead, i.world.months, i.dates);
    println!("{:#?}", i.world.rules);
}
