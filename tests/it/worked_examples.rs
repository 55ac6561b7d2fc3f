//! The worked examples of `docs/model.md §13`, to their printed digits.

use loophole::calendar::Month;
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{Clearing, Market, Solver};
use loophole::model::drivers::{Drivers, Sampler, Scratch};
use loophole::model::ledger::Trace;
use loophole::model::parameters::*;
use loophole::model::rules::RuleDates;
use loophole::model::step::{Workspace, simulate};
use loophole::random::design::{Sampling, Scheme};

fn close(value: f64, expected: f64, digits: f64) {
    assert!((value - expected).abs() <= 0.5 * digits, "{value} is not {expected}");
}

#[test]
fn static_market() {
    let demand =
        [(120.0, 0.6, 2.0, 10.0), (100.0, 1.0, 1.5, 7.5)].map(|(q, elasticity, reference, choke)| {
            DemandCurve {
                planned_use: q,
                elasticity,
                reference_price: reference,
                choke_price: choke,
                saturation: 2.0,
            }
        });
    let market = Market {
        capacity: &[60.0, 80.0, 50.0],
        cost: &[0.4, 1.0, 0.2],
        rate: &[1.0, 0.6, 2.0, 1.8, 0.3, 0.5],
        demand: &demand,
    };
    let mut clearing = Clearing::default();
    Solver::default().solve(&market, &mut clearing).expect("the example has a solution");
    close(clearing.price[0], 1.459244, 1e-6);
    close(clearing.price[1], 1.621382, 1e-6);
    for (hours, expected) in clearing.hours.iter().zip([60.0, 0.0, 42.492407, 37.507593, 0.0, 50.0]) {
        close(*hours, expected, 1e-6);
    }
    close(clearing.served[0], 144.984815, 1e-6);
    close(clearing.served[1], 92.513667, 1e-6);
}

/// Puts numbers into a table of quantities and hands out their slots.
#[derive(Default)]
struct Table(Quantities);

impl Table {
    fn number(&mut self, value: f64) -> Slot {
        let key = format!("number{}", self.0.list.len());
        self.0.list.push(Quantity { stream: key.clone(), key, form: Form::Constant(value) });
        Slot(self.0.list.len() as u32 - 1)
    }
}

/// The three-month example: 50 owned chips, 100 on offer for rent, two-month contracts.
fn three_months(rules: impl Fn(&mut Table) -> Vec<Rule>) -> (Quantities, World) {
    let mut table = Table::default();
    let mut n = |value| table.number(value);
    let zero = n(0.0);
    let one = n(1.0);
    let world = World {
        start: Month::new(2026, 10),
        months: 3,
        lead: 1,
        discount_rate: zero,
        workloads: vec![Workload {
            id: "training".into(),
            title: "Training".into(),
            kind: WorkloadKind::Training,
            intensity: None,
            prefill_share: None,
            reference: Rate { compute: 1.0, bound: 1.0 },
            distillable: false,
        }],
        chips: vec![Chip {
            id: "chip".into(),
            title: "Chip".into(),
            h100e_peak: 1.0,
            memory_tb_per_s: one,
            all_in_power_kw: one,
            efficiency: vec![Some(Efficiency { peak_tflops: one, mfu: one, mbu: one, goodput: one })],
        }],
        regions: vec![Region {
            id: "here".into(),
            title: "Here".into(),
            home: true,
            electricity: n(0.10),
            pue: one,
            shell_usd_per_kw: zero,
            shell_life_years: one,
            opex_usd_per_kw_year: zero,
            wacc: zero,
        }],
        channels: vec![
            Channel {
                id: "own".into(),
                title: "Own".into(),
                chip: 0,
                region: 0,
                origin: Origin::Domestic,
                serves: vec![true],
                availability: one,
                supply: Supply::Owned(Owned {
                    capex: n(3650.0),
                    extra_capex: None,
                    price_decline: zero,
                    life_years: n(5.0),
                    residual: zero,
                    idle_share: zero,
                    fleet: n(50.0),
                    fleet_age_months: (0, 0),
                    pipeline: vec![],
                    supply: zero,
                    import_quota: None,
                    scarcity_rent_share: zero,
                    supply_response: zero,
                    supply_response_delay: 12,
                    supply_response_cap: one,
                    learning_rate: zero,
                    mfu_learning_rate: zero,
                    mfu_learning_ceiling: one,
                    cumulative: None,
                    rest_of_market: zero,
                }),
            },
            Channel {
                id: "rent".into(),
                title: "Rent".into(),
                chip: 0,
                region: 0,
                origin: Origin::Offshore,
                serves: vec![true],
                availability: one,
                supply: Supply::Rental(Rental {
                    price: n(1.5),
                    contract_basis: one,
                    spot_basis: one,
                    overhead: zero,
                    on_offer: n(100.0),
                    committed: zero,
                    committed_price: None,
                    term: 2,
                    prepaid: zero,
                    exit_fee_months: zero,
                    owed_share_when_void: zero,
                    rent_response: zero,
                }),
            },
        ],
        labs: vec![Lab {
            id: "lab".into(),
            title: "Lab".into(),
            shares: vec![one, one],
            anticipation: zero,
            sign_ahead: false,
            hedge_share: zero,
            demand: vec![Some(Demand {
                planned_use: n(120.0),
                elasticity: one,
                reference_price: n(2.0),
                choke_price: n(20.0),
                saturation: n(2.0),
            })],
        }],
        rules: vec![],
        distillation: None,
        calibration_price: None,
        demand_scale: 1.0,
    };
    let rules = rules(&mut table);
    (table.0, World { rules, ..world })
}

fn run((quantities, world): &(Quantities, World)) -> Trace {
    let scheme = Scheme { sampling: Sampling::Plain, seed: 1, paths: 1, leading: &[] };
    let sampler = Sampler::new(quantities, &[], vec![], vec![], scheme, (world.months, world.lead));
    let mut drivers = Drivers::default();
    sampler.central(&mut Scratch::default(), &mut drivers);
    let dates = RuleDates::central(world, &drivers);
    let mut trace = Trace::default();
    simulate(world, &drivers, &dates, &mut Workspace::default(), &mut trace).expect("the example runs");
    trace
}

#[test]
fn three_months_open() {
    let trace = run(&three_months(|_| vec![]));
    for month in &trace.months {
        let books = &month.labs[0];
        close(books.price[0], 1.6, 1e-12);
        close(books.served[0], 150.0 * 730.0, 1e-6);
        close(books.spend().total(), 116_191.666667, 1e-6);
        close(books.economic_cost(), 77_096.916476, 1e-6);
    }
}

#[test]
fn three_months_closed_in_the_second() {
    let trace = run(&three_months(|table| {
        let (zero, leakage, premium) = (table.number(0.0), table.number(0.2), table.number(1.5));
        let effect = |target, leakage, premium| Effect {
            target,
            channels: vec![false, true],
            workloads: vec![false],
            labs: vec![false],
            factor: zero,
            leakage,
            premium,
        };
        vec![Rule {
            id: "close".into(),
            title: "Close".into(),
            announcement: Announcement::Fixed(1),
            announcement_stream: "close/announcement".into(),
            lag_days: zero,
            ramp_months: zero,
            wind_down: WindDown::Immediate,
            reversal: Reversal::Never,
            reversal_stream: "close/reversal".into(),
            effects: vec![
                effect(Target::NewRental, Some(leakage), Some(premium)),
                effect(Target::ExistingContracts, None, None),
            ],
        }]
    }));
    let expected = [(1.6, 77_096.916476), (3.428571, 133_973.853595), (3.428571, 133_973.853595)];
    for (month, (price, cost)) in trace.months.iter().zip(expected) {
        close(month.labs[0].price[0], price, 1e-6);
        close(month.labs[0].economic_cost(), cost, 1e-6);
    }
}
