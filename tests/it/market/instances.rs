//! Random markets, the same on every machine: SplitMix64 from a named seed.
//!
//! Every kind has what breaks solvers: tranches of one chip that tie at every price, tranches equal in everything,
//! capacities of zero, ineligible pairs, workloads nobody can serve, plans of zero, vertical demand, saturation 1,
//! choke prices at the reference price and committed hours at next to no cost.
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::Market;
use loophole::math::pow;

/// What the numbers of a random market look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Real numbers within two orders of magnitude.
    Plain,
    /// A few round numbers, so that supply meets demand exactly and many optima tie.
    Round,
    /// Capacities and plans from 0.1 to 1e10, costs from 1e-9 to 1e3.
    Wide,
    /// `Round` with vertical demand only: a linear program.
    Vertical,
}

/// A market that owns its numbers.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    pub capacity: Vec<f64>,
    pub cost: Vec<f64>,
    pub rate: Vec<f64>,
    pub demand: Vec<DemandCurve>,
}

impl Instance {
    pub fn market(&self) -> Market<'_> {
        Market { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand: &self.demand }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Draws(pub u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    pub fn one_of(&mut self, choices: &[f64]) -> f64 {
        choices[self.whole(0, choices.len() - 1)]
    }

    /// Uniform in the logarithm.
    pub fn size(&mut self, low: f64, high: f64) -> f64 {
        low * pow(high / low, self.uniform())
    }

    /// A market of at most `tranches` and at most `workloads`.
    pub fn instance(&mut self, kind: Kind, tranches: usize, workloads: usize) -> Instance {
        let workloads = self.whole(1, workloads);
        let tranches = self.whole(0, tranches);
        let mut instance = Instance::default();
        let mut chips: Vec<Vec<f64>> = Vec::new();
        for i in 0..tranches {
            if chips.is_empty() || self.chance(0.4) {
                chips.push((0..workloads).map(|_| self.chip_rate(kind)).collect());
            }
            if i > 0 && self.chance(0.1) {
                instance.repeat_last_tranche();
                continue;
            }
            let scale = if self.chance(0.3) { self.size(0.5, 2.0) } else { 1.0 };
            let scale = if matches!(kind, Kind::Round | Kind::Vertical) { 1.0 } else { scale };
            let chip = &chips[self.whole(0, chips.len() - 1)];
            instance.rate.extend(chip.iter().map(|e| e * scale));
            let (capacity, cost) = (self.capacity(kind), self.cost(kind));
            instance.capacity.push(capacity);
            instance.cost.push(cost);
        }
        instance.demand = (0..workloads).map(|_| self.curve(kind)).collect();
        instance
    }

    fn chip_rate(&mut self, kind: Kind) -> f64 {
        match kind {
            _ if self.chance(0.2) => 0.0,
            Kind::Plain | Kind::Wide => self.size(0.2, 3.0),
            Kind::Round | Kind::Vertical => self.one_of(&[0.5, 1.0, 2.0]),
        }
    }

    fn capacity(&mut self, kind: Kind) -> f64 {
        match kind {
            _ if self.chance(0.1) => 0.0,
            Kind::Plain => self.size(1.0, 100.0),
            Kind::Round | Kind::Vertical => self.one_of(&[1.0, 2.0, 3.0, 5.0]),
            Kind::Wide => self.size(0.1, 1e10),
        }
    }

    fn cost(&mut self, kind: Kind) -> f64 {
        match kind {
            Kind::Vertical => self.one_of(&[0.125, 0.25, 0.5, 1.0, 2.0]),
            _ if self.chance(0.2) => 1e-9,
            Kind::Plain => self.size(0.2, 5.0),
            Kind::Round => self.one_of(&[0.25, 0.5, 1.0, 2.0]),
            Kind::Wide => self.size(1e-9, 1e3),
        }
    }

    fn curve(&mut self, kind: Kind) -> DemandCurve {
        let round = matches!(kind, Kind::Round | Kind::Vertical);
        let reference_price = if round { self.one_of(&[1.0, 2.0]) } else { self.size(0.5, 5.0) };
        let planned_use = match kind {
            _ if self.chance(0.08) => 0.0,
            Kind::Plain => self.size(1.0, 200.0),
            Kind::Round | Kind::Vertical => self.one_of(&[1.0, 2.0, 4.0, 8.0]),
            Kind::Wide => self.size(0.1, 1e10),
        };
        let elasticity = match kind {
            Kind::Vertical => 0.0,
            _ => self.one_of(&[0.0, 0.0, 0.35, 0.6, 1.0, 1.0 + 1e-9, 1.25, 3.0]),
        };
        DemandCurve {
            planned_use,
            elasticity,
            reference_price,
            choke_price: reference_price * self.one_of(&[1.0, 2.0, 5.0, 20.0]),
            saturation: self.one_of(&[1.0, 1.5, 2.0, 2.0, 4.0]),
        }
    }
}

impl Instance {
    fn repeat_last_tranche(&mut self) {
        let workloads = self.rate.len() / self.capacity.len();
        self.capacity.extend_from_within(self.capacity.len() - 1..);
        self.cost.extend_from_within(self.cost.len() - 1..);
        self.rate.extend_from_within(self.rate.len() - workloads..);
    }
}
