//! The compiled job says what the file says.

use std::path::Path;

use super::*;
use crate::scenario::{Options, load};

const GOOD: &str = "tests/bad/base/good.toml";

fn built(sets: &[&str]) -> Job {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let loaded = load(Path::new(GOOD), &[], &sets, Options::default());
    loaded.unwrap_or_else(|told| panic!("{told}")).scenario.job()
}

#[test]
fn the_unit_is_the_reference_chips_useful_work_at_central_parameters() {
    let world = &built(&[]).arms[0].world;
    let [serving, training] = &world.workloads[..] else { panic!("two workloads") };
    // goodput · peak · MFU, and goodput · min(peak · MFU, bandwidth · MBU · intensity).
    assert!((training.reference.compute - 0.9 * 1000.0 * 0.4).abs() < 1e-9);
    assert_eq!(training.reference.bound, training.reference.compute);
    assert!((serving.reference.compute - 0.9 * 2000.0 * 0.35).abs() < 1e-9);
    assert!((serving.reference.bound - 0.9 * 3.0 * 0.6 * 60.0).abs() < 1e-9);
    assert_eq!(world.chips[0].h100e_peak, 1.0);
    assert_eq!((training.intensity, training.prefill_share), (None, None));
}

#[test]
fn an_arms_change_of_the_reference_chip_leaves_the_unit() {
    let change = "arms.closed.set={ \"chips.big.goodput_fraction\" = 0.5 }";
    let job = built(&[change]);
    assert_eq!(job.arms[0].world.workloads, job.arms[1].world.workloads);
    assert_ne!(job.arms[0].world.chips, job.arms[1].world.chips);
}

#[test]
fn money_in_another_currency_is_divided_by_its_rate() {
    let job = built(&[]);
    let home = job.arms[0].world.regions.iter().find(|region| region.id == "home").unwrap();
    let of = |slot: Slot| &job.quantities.list[slot.0 as usize];
    let Form::Converted { amount, per_usd } = of(home.electricity).form else { panic!("converted") };
    assert_eq!(of(amount).form, Form::Constant(0.5));
    assert!(matches!(of(per_usd).form, Form::Process(_)) && of(per_usd).key == "currencies.cny.per_usd");
    assert!(amount < home.electricity && per_usd < home.electricity);
}

#[test]
fn months_are_counted_from_the_start() {
    let price = "channels.hired.price_usd_per_chip_hour={ schedule = { \"2026-01\" = 3, \"2027-10\" = 2 } }";
    let job = built(&[
        price,
        "rules.close.announced={ hazard_per_year = 0.2, from = \"2026-11\", until = \"2027-01\" }",
    ]);
    let Supply::Rental(rental) = &job.arms[0].world.channels[0].supply else { panic!("rental") };
    let form = &job.quantities.list[rental.price.0 as usize].form;
    assert_eq!(*form, Form::Schedule { knots: vec![(-9, 3.0), (12, 2.0)], linear: true });
    let rule = &job.arms[1].world.rules[0];
    assert!(matches!(rule.announcement, Announcement::Hazard { from: 1, until: 3, .. }));
    assert_eq!(rule.announcement_stream, "rules.close.announced");
}

#[test]
fn channels_stand_by_priority_then_id_and_serve_what_residency_allows() {
    let ids = |job: &Job| job.arms[0].world.channels.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&built(&[])), ["hired", "owned"]);
    let job = built(&["channels.hired.priority=1", "workloads.serving.home_only=true"]);
    assert_eq!(ids(&job), ["owned", "hired"]);
    let serves: Vec<_> = job.arms[0].world.channels.iter().map(|c| c.serves.clone()).collect();
    assert_eq!(serves, [[true, true], [false, true]]);
}

#[test]
fn an_indefinite_matrix_is_repaired_on_request() {
    let keys = "\"channels.hired.price_usd_per_chip_hour\", \"channels.owned.supply_chips_per_month\", \
                \"currencies.cny.per_usd\"";
    let set = format!("correlations=[{{ on = \"shock\", between = [{keys}], rho = -0.7, repair = true }}]");
    let job = built(&[&set]);
    let [correlation] = &job.correlations[..] else { panic!("one correlation") };
    let rho = correlation.cholesky[3];
    assert!((rho + 0.5).abs() < 1e-6, "the nearest matrix of equal correlations has −½: {rho}");
}

#[test]
fn an_arm_that_makes_a_correlated_quantity_certain_keeps_the_others_draws() {
    let keys = "\"labs.all.demand.training.elasticity\", \"labs.all.demand.serving.elasticity\"";
    let set = format!("correlations=[{{ on = \"parameter\", between = [{keys}], rho = 0.5 }}]");
    let certain = "arms.closed.set={ \"labs.all.demand.training.elasticity\" = 1 }";
    let other = "arms.closed.set={ \"labs.all.demand.training.elasticity\" = { uniform = [1, 2] } }";
    assert_eq!(built(&[&set, certain]).correlations, built(&[&set]).correlations);
    let job = built(&[&set, other]);
    let [stated, replaced] = &job.correlations[..] else { panic!("one correlation an arm") };
    assert_eq!(stated.slots[1], replaced.slots[1]);
    assert_eq!(stated.cholesky, replaced.cholesky);
    let stream = |slot: Slot| job.quantities.list[slot.0 as usize].stream.clone();
    assert_eq!(stream(stated.slots[0]), stream(replaced.slots[0]));
    // Spearman's ½ is 2 sin(π/12) of the normals.
    assert!((stated.cholesky[2] - 2.0 * crate::math::sin(std::f64::consts::PI / 12.0)).abs() < 1e-12);
}

#[test]
fn parts_of_a_quantity_come_before_it() {
    let job = built(&[]);
    for (at, quantity) in job.quantities.list.iter().enumerate() {
        let parts = match &quantity.form {
            Form::Process(process) => vec![process.initial, process.trend_per_year, process.volatility],
            Form::Converted { amount, per_usd } => vec![*amount, *per_usd],
            _ => Vec::new(),
        };
        assert!(parts.iter().all(|slot| (slot.0 as usize) < at), "{}", quantity.key);
    }
}
