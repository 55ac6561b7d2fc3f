//! Two routes to the same numbers: the engine against the second implementation, on invented worlds.
//!
//! The second route is written from `docs/model.md` alone (`second/`). Each seed invents a world, dates its rules and
//! tells the path twice; every number of every month, lab and channel must agree to 1e-9 of itself or of its unit (one
//! chip, one chip's hours in a month, one dollar for each of the lab's planned hours).

use crate::second::month;
use crate::second::rules::Dates;
use crate::second::trace::{self as told, Spend};
use crate::second::worlds::{Invented, invent, invent_noisy};
use crate::second::{H, Values, clear_exactly, known};
use loophole::model::calibrate::calibrate;
use loophole::model::drivers::{Drivers, Sampler, Scratch};
use loophole::model::ledger::{self, Trace};
use loophole::model::parameters::{Form, Slot, Supply, World};
use loophole::model::rules::RuleDates;
use loophole::model::step::{Workspace, simulate};
use loophole::random::design::{Sampling, Scheme};

/// Worlds compared of each kind.
const WORLDS: u64 = 600;

/// Relative tolerance.
const TOLERANCE: f64 = 1e-9;

#[test]
fn both_routes_tell_the_same_story_of_a_certain_world() {
    agree_on(&invent);
}

#[test]
fn both_routes_tell_the_same_story_of_a_noisy_world() {
    agree_on(&invent_noisy);
}

/// Fails with the first differences, if any world differs.
fn agree_on(invent: &dyn Fn(u64) -> Invented) {
    let mut differing = Vec::new();
    for seed in 0..WORLDS {
        if let Err(difference) = compare(&invent(seed)) {
            differing.push(format!("seed {seed}, {difference}"));
        }
    }
    let first = differing.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} of {WORLDS} worlds differ:\n{first}", differing.len());
}

#[test]
fn a_calibrated_world_clears_month_0_at_the_observed_price() {
    let price = 1.2;
    let mut calibrated = 0;
    for seed in 0..100 {
        let mut invented = invent(seed);
        invented.world.rules.clear();
        let drivers = draw(&invented);
        let Ok(calibration) = calibrate(&invented.world, &drivers, price) else { continue };
        calibrated += 1;
        // Where supply is a step the price may jump over the observed one; it is then met from both sides.
        let [below, above] = [1.0 - 1e-9, 1.0 + 1e-9].map(|nudge| {
            invented.world.demand_scale = nudge * calibration.factor;
            mean_dual(&tell(&invented.world, &drivers, &[]).months[0])
        });
        assert!(
            below < price + 1e-7 && above > price - 1e-7,
            "seed {seed}: {below} to {above}, {calibration:?}"
        );
    }
    assert!(calibrated >= 50, "only {calibrated} of 100 worlds can meet the price");
}

/// Mean of a month's operating duals, weighted by planned use.
fn mean_dual(month: &told::Month) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for lab in &month.labs {
        sum += lab.lambda.iter().zip(&lab.planned).map(|(lambda, planned)| lambda * planned).sum::<f64>();
        weights += lab.planned.iter().sum::<f64>();
    }
    sum / weights
}

/// Something that a month, a lab in it, or its dealings with a channel may show.
type Feature = (&'static str, fn(&told::Month, &told::LabMonth, &told::LabChannel) -> bool);

/// What invented worlds must show in numbers for the comparison to mean something.
const FEATURES: [Feature; 19] = [
    ("dues on void contracts", |_, _, entry| entry.spend.void_dues > 0.0),
    ("leaked contracts alive", |_, _, entry| entry.leaked_contracts > 0.0),
    ("leaked contracts signed", |_, _, entry| entry.signed_leaked > 0.0),
    ("spot", |_, _, entry| entry.hours()[3] > 0.0),
    ("leaked spot", |_, _, entry| entry.hours()[4] > 0.0),
    ("hedge orders", |_, _, entry| entry.hedge_orders > 0.0),
    ("orders beyond the hedge", |_, _, entry| entry.orders > entry.hedge_orders),
    ("scarcity rent", |_, _, entry| entry.spend.scarcity > 0.0),
    ("idle energy", |_, _, entry| entry.spend.idle_energy > 0.0),
    ("a fleet partly out of use", |_, _, entry| entry.chips_alive > 0.0 && entry.usable_share < 1.0),
    ("work beyond plan", |_, lab, _| lab.beyond_plan.iter().any(|beyond| *beyond > 0.0)),
    ("work unserved", |_, lab, _| lab.unserved.iter().any(|short| *short > 0.0)),
    ("distillation changed", |_, lab, _| lab.distillation.iter().any(|factor| *factor != 1.0)),
    ("supply response", |month, _, _| month.channels.iter().any(|state| state.supply_factor != 1.0)),
    ("an import quota that binds", |month, _, _| month.channels.iter().any(|state| state.quota_binds)),
    ("price learning", |month, _, _| month.channels.iter().any(|state| state.price_learning != 1.0)),
    ("MFU learning", |month, _, _| month.channels.iter().any(|state| state.mfu_learning != 1.0)),
    ("rent response", |month, _, _| month.channels.iter().any(|state| state.rent_factor != 1.0)),
    ("rent at its floor", |month, _, _| month.channels.iter().any(|state| state.rent_factor == 0.25)),
];

#[test]
fn invented_worlds_reach_every_part_of_the_page() {
    let mut worlds = [0; FEATURES.len()];
    let mut moved_by = [("anticipation", 0), ("signing ahead", 0), ("reversal", 0)];
    for seed in 0..WORLDS {
        let mut invented = invent(seed);
        let drivers = draw(&invented);
        let trace = tell(&invented.world, &drivers, &invented.dates);
        for ((_, shows), worlds) in FEATURES.iter().zip(&mut worlds) {
            *worlds += usize::from(trace.months.iter().any(|month| {
                month.labs.iter().any(|lab| lab.channels.iter().any(|entry| shows(month, lab, entry)))
            }));
        }
        let cost = |world: &World, drivers: &Drivers, dates: &[Dates]| -> f64 {
            let months = tell(world, drivers, dates).months;
            months.iter().flat_map(|month| &month.labs).map(|lab| lab.economic_cost).sum()
        };
        let before = cost(&invented.world, &drivers, &invented.dates);
        let standing: Vec<Dates> =
            invented.dates.iter().map(|dates| Dates { reversed: None, ..*dates }).collect();
        moved_by[2].1 += usize::from(cost(&invented.world, &drivers, &standing) != before);
        for lab in &mut invented.world.labs {
            lab.sign_ahead = !lab.sign_ahead;
        }
        moved_by[1].1 += usize::from(cost(&invented.world, &drivers, &invented.dates) != before);
        for lab in &mut invented.world.labs {
            lab.sign_ahead = !lab.sign_ahead;
            invented.quantities.list[lab.anticipation.0 as usize].form = Form::Constant(0.0);
        }
        moved_by[0].1 += usize::from(cost(&invented.world, &draw(&invented), &invented.dates) != before);
    }
    let named = FEATURES.iter().map(|(name, _)| *name).zip(worlds).chain(moved_by);
    for (name, worlds) in named {
        assert!(worlds >= 10, "{name}: in {worlds} of {WORLDS} worlds only");
    }
}

/// Drivers of an invented world's path.
fn draw(invented: &Invented) -> Drivers {
    let span = (invented.world.months, invented.world.lead);
    let scheme = Scheme { sampling: Sampling::Plain, seed: invented.seed, paths: 1, leading: &[] };
    let sampler = Sampler::new(&invented.quantities, &[], Vec::new(), Vec::new(), scheme, span);
    let mut drivers = Drivers::default();
    sampler.draw(0, &mut Scratch::default(), &mut drivers);
    drivers
}

/// The second route on a path's drivers.
fn tell(world: &World, drivers: &Drivers, dates: &[Dates]) -> told::Trace {
    let now = |slot: Slot, t: usize| drivers.now(slot, t);
    let ahead = |slot: Slot, t: usize| drivers.ahead(slot, t);
    month::simulate(world, Values { now: &now, ahead: &ahead }, dates, &clear_exactly)
}

/// The first month in which the two routes differ on a world.
fn compare(invented: &Invented) -> Result<(), String> {
    let world = &invented.world;
    let drivers = draw(invented);
    same_values(invented, &drivers)?;
    let dates = same_dates(invented, &drivers)?;
    let mut engine = Trace::default();
    simulate(world, &drivers, &dates, &mut Workspace::default(), &mut engine)
        .map_err(|failure| format!("the engine fails: {failure:?}"))?;
    let second = tell(world, &drivers, &invented.dates);
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

/// Constants and schedules by both routes, now and ahead.
fn same_values(invented: &Invented, drivers: &Drivers) -> Result<(), String> {
    let lead = invented.world.lead as i64;
    let mut differences = Differences::default();
    for (index, quantity) in invented.quantities.list.iter().enumerate() {
        if !matches!(quantity.form, Form::Constant(_) | Form::Schedule { .. }) {
            continue;
        }
        let slot = Slot(index as u32);
        for t in 0..invented.world.months {
            let by_hand = |month: i64| known(&invented.quantities, slot, month);
            differences.check(&quantity.key, "now", by_hand(t as i64), drivers.now(slot, t), 1e-300);
            differences.check(
                &quantity.key,
                "ahead",
                by_hand(t as i64 + lead),
                drivers.ahead(slot, t),
                1e-300,
            );
        }
    }
    differences.none(0)
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
        let agree = (second - engine).abs() <= TOLERANCE * scale;
        if !agree {
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
        ("quota binds", f64::from(second.quota_binds), engine.quota_binds),
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
