//! The second route alone: worked examples by hand, identities on invented worlds.

use super::costs::{annuity, charge, value_lost};
use super::merit::clear_by_merit;
use super::month::{Story, simulate};
use super::rules::{Dates, expected};
use super::trace::Trace;
use super::worlds::{Invented, Table, invent};
use super::{Clear, H, Values, known};
use loophole::calendar::Month;
use loophole::economics::demand::DemandCurve;
use loophole::model::parameters::{
    Announcement, Channel, Chip, Demand, Effect, Efficiency, Form, Lab, Months, Origin, Owned, Quantities,
    Rate, Region, Rental, Reversal, Rule, Slot, Supply, Target, WindDown, Workload, WorkloadKind, World,
};

/// Fails unless `left` and `right` agree to `tolerance` relative to the larger of them and 1.
#[track_caller]
fn close(left: f64, right: f64, tolerance: f64) {
    let scale = left.abs().max(right.abs()).max(1.0);
    assert!((left - right).abs() <= tolerance * scale, "{left} is not {right}");
}

/// One workload, one chip with e = 1, one rental and one domestic owned channel; every number a constant.
struct Tiny {
    world: World,
    table: Table,
}

impl Tiny {
    /// Q = 120 chips, elasticity 1, p_ref 2, choke 20, saturation 2. Fleet 50 chips of 3,650 USD over 5 years at no
    /// cost of capital, 1 kW at .10 USD, no supply. 100 chips on offer at 1.5 USD for two months, none committed.
    fn new(months: usize, lead: usize) -> Tiny {
        let mut table = Table::default();
        let world = tiny_world(months, lead, &mut |value| table.constant(value));
        Tiny { world, table }
    }

    fn set(&mut self, slot: Slot, value: f64) {
        self.table.0.list[slot.0 as usize].form = Form::Constant(value);
    }

    fn rental(&mut self) -> &mut Rental {
        match &mut self.world.channels[1].supply {
            Supply::Rental(rental) => rental,
            Supply::Owned(_) => unreachable!("channel 1 is rented"),
        }
    }

    fn owned(&mut self) -> &mut Owned {
        match &mut self.world.channels[0].supply {
            Supply::Owned(owned) => owned,
            Supply::Rental(_) => unreachable!("channel 0 is owned"),
        }
    }

    fn demand(&self) -> Demand {
        self.world.labs[0].demand[0].clone().expect("the lab runs its workload")
    }

    /// A rule announced and effective in `month`: rental closed for new hours and, if wound down, for old contracts.
    fn close_rental(&mut self, month: i32, wind_down: WindDown, leakage: f64, premium: f64) {
        let zero = self.table.constant(0.0);
        let (leakage, premium) = (self.table.constant(leakage), self.table.constant(premium));
        let effect = |target, leakage, premium| Effect {
            target,
            channels: vec![false, true],
            workloads: vec![false],
            labs: vec![false],
            factor: zero,
            leakage,
            premium,
        };
        self.world.rules.push(Rule {
            id: "close".into(),
            title: "Close".into(),
            announcement: Announcement::Fixed(month),
            announcement_stream: "close/announcement".into(),
            lag_days: zero,
            ramp_months: zero,
            wind_down,
            reversal: Reversal::Never,
            reversal_stream: "close/reversal".into(),
            effects: vec![
                effect(Target::NewRental, Some(leakage), Some(premium)),
                effect(Target::ExistingContracts, None, None),
            ],
        });
    }

    fn tell(&self) -> Trace {
        let dates: Vec<Dates> = self.world.rules.iter().map(|rule| fixed_dates(&rule.announcement)).collect();
        tell(&self.world, &self.table.0, &dates, &clear_by_merit)
    }
}

fn fixed_dates(announcement: &Announcement) -> Dates {
    let Announcement::Fixed(month) = announcement else { panic!("not a fixed month") };
    Dates { announced: Some(i64::from(*month)), effective: Some(i64::from(*month)), reversed: None }
}

fn tiny_world(months: usize, lead: usize, of: &mut dyn FnMut(f64) -> Slot) -> World {
    let efficiency = Efficiency { peak_tflops: of(1.0), mfu: of(1.0), mbu: of(1.0), goodput: of(1.0) };
    let chip = Chip {
        id: "chip".into(),
        title: "Chip".into(),
        h100e_peak: 1.0,
        memory_tb_per_s: of(1.0),
        all_in_power_kw: of(1.0),
        efficiency: vec![Some(efficiency)],
    };
    let region = Region {
        id: "region".into(),
        title: "Region".into(),
        home: true,
        electricity: of(0.1),
        pue: of(1.0),
        shell_usd_per_kw: of(0.0),
        shell_life_years: of(15.0),
        opex_usd_per_kw_year: of(0.0),
        wacc: of(0.0),
    };
    let supplies = [Supply::Owned(tiny_owned(of)), Supply::Rental(tiny_rental(of))];
    let channel = |(index, supply): (usize, Supply)| Channel {
        id: format!("c{index}"),
        title: format!("Channel {index}"),
        chip: 0,
        region: 0,
        origin: [Origin::Domestic, Origin::Offshore][index],
        serves: vec![true],
        availability: of(1.0),
        supply,
    };
    let channels = supplies.into_iter().enumerate().map(channel).collect();
    let demand = Demand {
        planned_use: of(120.0),
        elasticity: of(1.0),
        reference_price: of(2.0),
        choke_price: of(20.0),
        saturation: of(2.0),
    };
    World {
        start: Month::new(2026, 10),
        months,
        lead,
        discount_rate: of(0.0),
        workloads: vec![Workload {
            id: "training".into(),
            title: "Training".into(),
            kind: WorkloadKind::Training,
            intensity: None,
            prefill_share: None,
            reference: Rate { compute: 1.0, bound: 1.0 },
            distillable: true,
        }],
        chips: vec![chip],
        regions: vec![region],
        channels,
        labs: vec![Lab {
            id: "lab".into(),
            title: "Lab".into(),
            shares: vec![of(1.0), of(1.0)],
            anticipation: of(0.0),
            sign_ahead: false,
            hedge_share: of(0.0),
            demand: vec![Some(demand)],
        }],
        rules: Vec::new(),
        distillation: None,
        calibration_price: None,
        demand_scale: 1.0,
    }
}

fn tiny_owned(of: &mut dyn FnMut(f64) -> Slot) -> Owned {
    Owned {
        capex: of(3650.0),
        extra_capex: None,
        price_decline: of(0.0),
        life_years: of(5.0),
        residual: of(0.0),
        idle_share: of(0.0),
        fleet: of(50.0),
        fleet_age_months: (0, 0),
        pipeline: Vec::new(),
        supply: of(0.0),
        import_quota: None,
        scarcity_rent_share: of(0.0),
        supply_response: of(0.0),
        supply_response_delay: 12,
        supply_response_cap: of(3.0),
        learning_rate: of(0.0),
        mfu_learning_rate: of(0.0),
        mfu_learning_ceiling: of(1.0),
        cumulative: None,
        rest_of_market: of(0.0),
    }
}

fn tiny_rental(of: &mut dyn FnMut(f64) -> Slot) -> Rental {
    Rental {
        price: of(1.5),
        contract_basis: of(1.0),
        spot_basis: of(1.0),
        overhead: of(0.0),
        on_offer: of(100.0),
        committed: of(0.0),
        committed_price: None,
        term: 2,
        prepaid: of(0.0),
        exit_fee_months: of(0.0),
        owed_share_when_void: of(0.0),
        rent_response: of(0.0),
    }
}

/// Tells a path whose quantities are constants and schedules.
pub fn tell(world: &World, quantities: &Quantities, dates: &[Dates], clear: Clear<'_>) -> Trace {
    let lead = world.lead as i64;
    let now = |slot: Slot, t: usize| known(quantities, slot, t as i64);
    let ahead = |slot: Slot, t: usize| known(quantities, slot, t as i64 + lead);
    simulate(world, Values { now: &now, ahead: &ahead }, dates, clear)
}

#[test]
fn three_months_open_meet_the_printed_digits() {
    let trace = Tiny::new(3, 1).tell();
    for month in &trace.months {
        let lab = &month.labs[0];
        close(lab.lambda[0], 1.6, 1e-12);
        close(lab.served[0], 150.0 * H, 1e-12);
        close(lab.spend.total(), 116_191.666667, 1e-11);
        close(lab.economic_cost, 77_096.916476, 1e-11);
    }
}

#[test]
fn three_months_of_a_ban_meet_the_printed_digits() {
    let mut tiny = Tiny::new(3, 1);
    tiny.close_rental(1, WindDown::Immediate, 0.2, 1.5);
    let trace = tiny.tell();
    let expected = [(1.6, 77_096.916476), (3.428571, 133_973.853595), (3.428571, 133_973.853595)];
    for (month, (lambda, cost)) in trace.months.iter().zip(expected) {
        assert!((month.labs[0].lambda[0] - lambda).abs() < 5e-7);
        close(month.labs[0].economic_cost, cost, 1e-11);
    }
}

/// 40 chips under contract in four equal vintages at 2 USD plus a tenth; a bill is 1,606 USD a chip-month, and a voided
/// chip with r months left owes 1 + .6·r bills.
fn committed(wind_down: WindDown) -> Tiny {
    let mut tiny = Tiny::new(4, 0);
    let rental = tiny.rental().clone();
    tiny.rental().term = 4;
    tiny.set(rental.committed, 40.0);
    tiny.set(rental.price, 2.0);
    tiny.set(rental.overhead, 0.1);
    tiny.set(rental.exit_fee_months, 1.0);
    tiny.set(rental.prepaid, 0.2);
    tiny.set(rental.owed_share_when_void, 0.5);
    tiny.close_rental(0, wind_down, 0.0, 1.0);
    tiny
}

#[test]
fn a_linear_wind_down_owes_on_what_it_voids_each_month() {
    let mut tiny = committed(WindDown::Grandfathered);
    let two = tiny.table.constant(2.0);
    tiny.world.rules[0].wind_down = WindDown::Linear(Months::Months(two));
    let trace = tiny.tell();
    let spend: Vec<_> = trace.months.iter().map(|month| month.labs[0].spend).collect();
    // Half of four vintages with 1, 2, 3, 4 months left, then the other half of three with 1, 2, 3.
    close(spend[0].void_dues, 5.0 * 1606.0 * (4.0 + 0.6 * 10.0), 1e-12);
    close(spend[0].contracts, 20.0 * 1606.0, 1e-12);
    close(spend[1].void_dues, 5.0 * 1606.0 * (3.0 + 0.6 * 6.0), 1e-12);
    close(spend[1].contracts, 0.0, 1e-12);
    close(spend[2].void_dues, 0.0, 1e-12);
}

#[test]
fn a_cliff_voids_at_its_end() {
    let mut tiny = committed(WindDown::Grandfathered);
    let days = tiny.table.constant(60.0);
    tiny.world.rules[0].wind_down = WindDown::Cliff(Months::Days(days));
    let trace = tiny.tell();
    let spend: Vec<_> = trace.months.iter().map(|month| month.labs[0].spend).collect();
    close(spend[0].contracts, 40.0 * 1606.0, 1e-12);
    close(spend[1].contracts, 30.0 * 1606.0, 1e-12);
    close(spend[1].void_dues, 0.0, 1e-12);
    close(spend[2].contracts, 0.0, 1e-12);
    close(spend[2].void_dues, 10.0 * 1606.0 * (2.0 + 0.6 * 3.0), 1e-12);
}

#[test]
fn grandfathered_contracts_run_to_term() {
    let trace = committed(WindDown::Grandfathered).tell();
    for (t, month) in trace.months.iter().enumerate() {
        close(month.labs[0].spend.contracts, (40.0 - 10.0 * t as f64) * 1606.0, 1e-12);
        close(month.labs[0].spend.void_dues, 0.0, 1e-12);
        close(month.labs[0].channels[1].new.iter().sum(), 0.0, 1e-12);
    }
}

#[test]
fn a_reversal_leaves_void_contracts_void() {
    let mut tiny = committed(WindDown::Grandfathered);
    let four = tiny.table.constant(4.0);
    tiny.world.rules[0].wind_down = WindDown::Linear(Months::Months(four));
    tiny.set(tiny.demand().planned_use, 0.0);
    let dates = [Dates { announced: Some(0), effective: Some(0), reversed: Some(1) }];
    let trace = tell(&tiny.world, &tiny.table.0, &dates, &clear_by_merit);
    for (t, month) in trace.months.iter().enumerate() {
        close(month.labs[0].spend.contracts, 0.75 * (40.0 - 10.0 * t as f64) * 1606.0, 1e-12);
    }
}

#[test]
fn a_hedge_orders_what_the_fleet_lacks_within_supply() {
    let mut tiny = Tiny::new(3, 1);
    let owned = tiny.owned().clone();
    tiny.set(tiny.world.labs[0].hedge_share, 0.75);
    tiny.set(owned.capex, 1e6);
    tiny.set(owned.supply, 25.0);
    let trace = tiny.tell();
    // 90 of 120 wanted, 50 owned: 25 and then 15.
    let orders: Vec<f64> = trace.months.iter().map(|month| month.labs[0].channels[0].orders).collect();
    for (order, hand) in orders.iter().zip([25.0, 15.0, 0.0]) {
        close(*order, hand, 1e-12);
    }
    close(trace.months[2].labs[0].channels[0].chips_alive, 90.0, 1e-12);
}

/// No rental; a fleet of 30 and ten chips a month: with Q = 100 at p_ref 2 the plans' duals are 5, 4, …
fn scarce() -> Tiny {
    let mut tiny = Tiny::new(4, 1);
    let (rental, owned) = (tiny.rental().clone(), tiny.owned().clone());
    tiny.set(rental.on_offer, 0.0);
    tiny.set(tiny.demand().planned_use, 100.0);
    tiny.set(owned.fleet, 30.0);
    tiny.set(owned.supply, 10.0);
    tiny
}

#[test]
fn scarcity_rent_takes_its_share_of_last_months_gain() {
    let mut tiny = scarce();
    let owned = tiny.owned().clone();
    tiny.set(owned.scarcity_rent_share, 0.5);
    let trace = tiny.tell();
    let buy_cost = 3650.0 / 60.0 / H + 0.1;
    let rate: Vec<f64> = trace.months.iter().map(|month| month.labs[0].channels[0].scarcity_rate).collect();
    let hand = [5.0, 5.0, 4.0, 200.0 / 60.0].map(|lambda| 0.5 * (lambda - buy_cost));
    for (rate, hand) in rate.iter().zip(hand) {
        close(*rate, hand, 1e-12);
    }
    let paid: Vec<f64> = trace.months.iter().map(|month| month.labs[0].spend.scarcity).collect();
    close(paid[0], 0.0, 1e-12);
    close(paid[1], 10.0 * H * hand[0], 1e-12);
    close(paid[3], 10.0 * H * (hand[0] + hand[1] + hand[2]), 1e-12);
}

#[test]
fn supply_follows_what_chips_were_worth() {
    let mut tiny = scarce();
    let owned = tiny.owned().clone();
    tiny.owned().supply_response_delay = 1;
    tiny.set(owned.supply_response, 1.0);
    let trace = tiny.tell();
    // Month 3 follows month 2's plan: 30 + 10 + 10 + 8 chips.
    let orders = [10.0, 10.0, 8.0, 10.0 * (200.0 / 58.0) / 5.0];
    for (month, hand) in trace.months.iter().zip(orders) {
        close(month.labs[0].channels[0].orders, hand, 1e-12);
    }
}

#[test]
fn rents_follow_last_months_use_down_to_a_floor() {
    let mut tiny = Tiny::new(4, 0);
    let (rental, owned) = (tiny.rental().clone(), tiny.owned().clone());
    tiny.rental().term = 1;
    tiny.set(owned.fleet, 0.0);
    tiny.set(rental.rent_response, 1.0);
    tiny.set(tiny.demand().elasticity, 0.0);
    let knots = vec![(0, 80.0), (1, 40.0), (2, 8.0)];
    let planned_use = tiny.demand().planned_use.0 as usize;
    tiny.table.0.list[planned_use].form = Form::Schedule { knots, linear: false };
    let trace = tiny.tell();
    for (month, hand) in trace.months.iter().zip([1.0, 1.0, 0.5, 0.25]) {
        close(month.channels[1].rent_factor, hand, 1e-12);
        close(month.channels[1].contract_price, 1.5 * hand, 1e-12);
    }
}

#[test]
fn learning_counts_orders_through_last_month() {
    let mut tiny = scarce();
    let owned = tiny.owned().clone();
    let start = tiny.table.constant(10.0);
    tiny.owned().cumulative = Some(start);
    tiny.set(owned.learning_rate, 0.2);
    let trace = tiny.tell();
    for (month, price) in trace.months.iter().zip([1.0, 0.8, 0.8f64.powf(3.0f64.log2()), 0.64]) {
        close(month.channels[0].system_price, 3650.0 * price, 1e-12);
    }
}

#[test]
fn hire_is_clamped_by_the_stock_and_by_what_is_free() {
    for (committed, hand) in [
        ((70.0, 0.0), (0.0, 20.0)),
        ((90.0, 0.0), (0.0, 10.0)),
        ((20.0, 5.0), (30.0, 15.0)),
        ((0.0, 30.0), (50.0, 0.0)),
        ((120.0, 0.0), (0.0, 0.0)),
    ] {
        let (open, leaked) = Story::for_hire(100.0, (0.5, 0.2), committed);
        close(open, hand.0, 1e-12);
        close(leaked, hand.1, 1e-12);
    }
}

#[test]
fn a_declining_annuity_repays_the_system() {
    for (wacc, decline, years) in [(0.08, 0.2, 5.0), (0.0, 0.0, 3.0), (0.07, 0.0, 4.0), (0.0, 0.1, 2.5)] {
        let mut tiny = Tiny::new(1, 0);
        let owned = tiny.owned().clone();
        tiny.set(owned.price_decline, decline);
        tiny.set(owned.life_years, years);
        tiny.set(tiny.world.regions[0].wacc, wacc);
        let value = |slot: Slot| known(&tiny.table.0, slot, 0);
        let months = (12.0 * years) as i64;
        let mut worth = 0.0;
        for m in 1..=months {
            let paid =
                charge(&owned, &tiny.world.chips[0], &tiny.world.regions[0], &value, 3650.0, m).capital;
            worth += paid / (1.0 + wacc).powf(m as f64 / 12.0);
        }
        close(worth, 3650.0, 1e-12);
    }
    close(annuity(0.0, 60, 0.0), 1.0 / 60.0, 1e-15);
}

#[test]
fn value_lost_is_the_area_under_inverse_demand() {
    for elasticity in [0.4, 1.0, 1.7] {
        let curve = DemandCurve {
            planned_use: 100.0,
            elasticity,
            reference_price: 2.0,
            choke_price: 8.0,
            saturation: 1.5,
        };
        let inverse = |q: f64| f64::min(8.0, 2.0 * (q / 100.0f64).powf(-1.0 / elasticity));
        for served in [0.0, 20.0, 70.0, 130.0] {
            let steps = 200_000;
            let width = (100.0 - served) / f64::from(steps);
            let sum: f64 = (0..steps).map(|i| inverse(served + (f64::from(i) + 0.5) * width) * width).sum();
            close(value_lost(&curve, served), sum, 1e-7);
        }
    }
}

#[test]
fn expected_severity_is_the_mean_over_announcements() {
    let mut table = Table::default();
    let (probability, per_year) = (table.constant(0.7), table.constant(1.3));
    let value = |slot: Slot| known(&table.0, slot, 0);
    let laws = [
        Announcement::Window { probability, from: 2, until: 9 },
        Announcement::Hazard { per_year, from: 1, until: 7 },
        Announcement::Hazard { per_year, from: -4, until: 30 },
    ];
    let (lag, ramp, draws) = (1, 3.0, 200_000);
    for law in &laws {
        for (t, target) in [(0, 4), (3, 7), (5, 6), (6, 12)] {
            let (mut sum, mut count) = (0.0, 0);
            for i in 0..draws {
                let u = (f64::from(i) + 0.5) / f64::from(draws);
                let month = super::rules::announced(law, &value, u);
                if month.is_some_and(|month| month <= t) {
                    continue;
                }
                count += 1;
                sum += month.map_or(0.0, |month| super::rules::standing(month + lag, ramp, target));
            }
            let mean = sum / f64::from(count);
            assert!(
                (expected(law, lag, ramp, &value, t, target) - mean).abs() < 2e-4,
                "{law:?} {t} {target}"
            );
        }
    }
}

#[test]
fn reversals_keep_their_law() {
    let mut table = Table::default();
    let (half, days, hazard) = (table.constant(0.5), table.constant(121.0), table.constant(0.6));
    let value = |slot: Slot| known(&table.0, slot, 0);
    let within = Reversal::Within { probability: half, within_days: days };
    let month = |law: &Reversal, u: f64| super::rules::reversed(10, law, &value, u);
    assert_eq!(month(&within, 0.5), None);
    assert_eq!(month(&within, 0.499_999), Some(14));
    assert_eq!(month(&within, 1e-9), Some(11));
    // The median wait at .6 a year is 13.9 months.
    assert_eq!(month(&Reversal::Hazard(hazard), 0.5), Some(24));
    assert_eq!(month(&Reversal::Hazard(hazard), 1e-9), Some(11));
    assert_eq!(month(&Reversal::Never, 0.1), None);
}

/// Invented worlds of one workload, which merit order clears.
fn single_workload() -> impl Iterator<Item = (u64, Invented)> {
    (0..600).map(|seed| (seed, invent(seed))).filter(|(_, invented)| invented.world.workloads.len() == 1)
}

fn tell_invented(invented: &Invented) -> Trace {
    tell(&invented.world, &invented.quantities, &invented.dates, &clear_by_merit)
}

#[test]
fn the_books_balance_on_invented_worlds() {
    for (seed, invented) in single_workload() {
        for (t, month) in tell_invented(&invented).months.iter().enumerate() {
            for lab in &month.labs {
                let at = format!("seed {seed}, month {t}: {lab:?}");
                for w in 0..lab.planned.len() {
                    close(lab.served[w] + lab.unserved[w] - lab.beyond_plan[w], lab.planned[w], 1e-12);
                }
                assert!(
                    lab.economic_cost.is_finite() && lab.spend.parts().iter().all(|part| *part >= -1e-6),
                    "{at}"
                );
                assert!(lab.channels.iter().all(|entry| entry.orders >= 0.0), "{at}");
            }
        }
    }
}

#[test]
fn a_rule_that_leaks_everything_at_no_premium_changes_nothing() {
    for (seed, mut invented) in single_workload() {
        let mut table = Table(invented.quantities.clone());
        let (one, zero) = (table.constant(1.0), table.constant(0.0));
        for effect in invented.world.rules.iter_mut().flat_map(|rule| &mut rule.effects) {
            effect.target = Target::NewRental;
            (effect.factor, effect.leakage, effect.premium) = (zero, Some(one), Some(one));
        }
        for lab in &mut invented.world.labs {
            lab.sign_ahead = false;
        }
        invented.quantities = table.0;
        let ruled = tell_invented(&invented);
        invented.world.rules.clear();
        invented.dates.clear();
        let open = tell_invented(&invented);
        for (t, (ruled, open)) in ruled.months.iter().zip(&open.months).enumerate() {
            for (ruled, open) in ruled.labs.iter().zip(&open.labs) {
                let scale = open.spend.total().abs().max(1.0);
                let gap = (ruled.economic_cost - open.economic_cost).abs() / scale;
                assert!(gap < 1e-8, "seed {seed}, month {t}: {gap}");
            }
        }
    }
}

#[test]
fn doubling_all_prices_doubles_all_costs_and_no_quantity() {
    for (seed, mut invented) in single_workload() {
        let before = tell_invented(&invented);
        let mut table = Table(invented.quantities.clone());
        let mut money: Vec<&mut Slot> = Vec::new();
        for region in &mut invented.world.regions {
            money.extend([
                &mut region.electricity,
                &mut region.shell_usd_per_kw,
                &mut region.opex_usd_per_kw_year,
            ]);
        }
        for channel in &mut invented.world.channels {
            match &mut channel.supply {
                Supply::Rental(rental) => {
                    money.extend([&mut rental.price].into_iter().chain(&mut rental.committed_price))
                }
                Supply::Owned(owned) => {
                    money.extend([&mut owned.capex].into_iter().chain(&mut owned.extra_capex))
                }
            }
        }
        for demand in invented.world.labs.iter_mut().flat_map(|lab| &mut lab.demand).flatten() {
            money.extend([&mut demand.reference_price, &mut demand.choke_price]);
        }
        for slot in money {
            let form = match table.0.list[slot.0 as usize].form.clone() {
                Form::Constant(value) => Form::Constant(2.0 * value),
                Form::Schedule { knots, linear } => Form::Schedule {
                    knots: knots.into_iter().map(|(t, value)| (t, 2.0 * value)).collect(),
                    linear,
                },
                other => panic!("not made here: {other:?}"),
            };
            *slot = table.push(form);
        }
        invented.quantities = table.0;
        let after = tell_invented(&invented);
        for (t, (before, after)) in before.months.iter().zip(&after.months).enumerate() {
            for (before, after) in before.labs.iter().zip(&after.labs) {
                let gap = (after.economic_cost - 2.0 * before.economic_cost).abs();
                assert!(gap <= 1e-9 * (1.0 + before.spend.total()), "seed {seed}, month {t}: {gap}");
                close(after.served[0], before.served[0], 1e-10);
            }
        }
    }
}

#[test]
fn chips_alive_are_those_that_arrived_and_have_not_retired() {
    for (seed, invented) in single_workload() {
        let trace = tell_invented(&invented);
        for (index, channel) in invented.world.channels.iter().enumerate() {
            let Supply::Owned(owned) = &channel.supply else { continue };
            let life = 12.0 * known(&invented.quantities, owned.life_years, 0);
            if life < 40.0 {
                continue;
            }
            for (t, month) in trace.months.iter().enumerate() {
                for (place, (lab, held)) in invented.world.labs.iter().zip(&month.labs).enumerate() {
                    let share = known(&invented.quantities, lab.shares[index], 0);
                    let mut chips = share * known(&invented.quantities, owned.fleet, 0);
                    for slot in owned.pipeline.iter().take(t + 1) {
                        chips += share * known(&invented.quantities, *slot, 0);
                    }
                    for ordered in trace.months.iter().take((t + 1).saturating_sub(invented.world.lead)) {
                        chips += ordered.labs[place].channels[index].orders;
                    }
                    assert!(
                        (held.channels[index].chips_alive - chips).abs() < 1e-9 * (1.0 + chips),
                        "seed {seed}"
                    );
                }
            }
        }
    }
}
