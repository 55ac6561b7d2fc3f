//! A histogram for quantiles of many values in little memory.
//!
//! A value's bin is its sign, its binary exponent and the first eight bits of its mantissa, so that finding it takes no
//! logarithm, edges are exact, and a bin is at most 1/256 = 0.39% of its values wide. Zero has a bin of its own. Counts
//! are integers: merging is exact, in any order. Only occupied binades take memory, one kilobyte each.

/// Bins a binade.
const BINS: usize = 256;
/// Bits of the mantissa below a bin's.
const SHIFT: u32 = 52 - 8;

/// Counts of values by bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Ascending by key.
    binades: Vec<Binade>,
    zeros: u64,
    count: u64,
    least: f64,
    greatest: f64,
}

/// Values of one sign and exponent.
#[derive(Clone, Debug, PartialEq)]
struct Binade {
    /// 1 + the biased exponent, negative for negative values: ascending with the values.
    key: i32,
    /// By the first bits of the mantissa.
    counts: Box<[u32; BINS]>,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch { binades: Vec::new(), zeros: 0, count: 0, least: f64::INFINITY, greatest: f64::NEG_INFINITY }
    }
}

impl Sketch {
    /// Takes in a value. Domain: finite; at most 2^32 − 1 values a bin.
    pub fn add(&mut self, value: f64) {
        debug_assert!(value.is_finite());
        self.count += 1;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        let place = (value.abs().to_bits() >> SHIFT) as usize;
        let magnitude = (place / BINS) as i32 + 1;
        let binade = self.binade(if value < 0.0 { -magnitude } else { magnitude });
        binade.counts[place % BINS] += 1;
    }

    /// Takes in another sketch's values.
    pub fn merge(&mut self, other: &Sketch) {
        self.count += other.count;
        self.zeros += other.zeros;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        for binade in &other.binades {
            let own = self.binade(binade.key);
            own.counts.iter_mut().zip(binade.counts.iter()).for_each(|(count, more)| *count += more);
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Number of values below zero.
    pub fn negative(&self) -> u64 {
        self.binades.iter().filter(|binade| binade.key < 0).map(Binade::count).sum()
    }

    /// Number of values that are zero.
    pub fn zero(&self) -> u64 {
        self.zeros
    }

    /// Number of values above zero.
    pub fn positive(&self) -> u64 {
        self.binades.iter().filter(|binade| binade.key > 0).map(Binade::count).sum()
    }

    /// Least value, exactly; ∞ without values.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// Greatest value, exactly; −∞ without values.
    pub fn greatest(&self) -> f64 {
        self.greatest
    }

    /// Quantile of Hyndman and Fan's type 7, from order statistics that each lie in their true bin, spread evenly over
    /// it: each is within 1/256 of its value, and so is the quantile where both it lies between have one sign. The least
    /// and greatest value are exact, and so is a sample of one value.
    ///
    /// Domain: at least one value; 0 ≤ p ≤ 1.
    pub fn quantile(&self, p: f64) -> f64 {
        assert!(self.count > 0, "a sketch without values has no quantiles");
        let place = (self.count - 1) as f64 * p.clamp(0.0, 1.0);
        let below = place.floor() as u64;
        let low = self.order_statistic(below);
        let share = place - place.floor();
        if share == 0.0 { low } else { low + (self.order_statistic(below + 1) - low) * share }
    }

    /// The value of a rank, counted from 0 at the least.
    fn order_statistic(&self, rank: u64) -> f64 {
        if rank == 0 || rank + 1 >= self.count {
            return if rank == 0 { self.least } else { self.greatest };
        }
        let mut before = rank;
        let negatives = self.binades.partition_point(|binade| binade.key < 0);
        for binade in &self.binades[..negatives] {
            match binade.value_of(before) {
                Ok(value) => return value.clamp(self.least, self.greatest),
                Err(rest) => before = rest,
            }
        }
        if before < self.zeros {
            return 0.0;
        }
        before -= self.zeros;
        for binade in &self.binades[negatives..] {
            match binade.value_of(before) {
                Ok(value) => return value.clamp(self.least, self.greatest),
                Err(rest) => before = rest,
            }
        }
        self.greatest
    }

    fn binade(&mut self, key: i32) -> &mut Binade {
        let at = self.binades.partition_point(|binade| binade.key < key);
        if self.binades.get(at).is_none_or(|binade| binade.key != key) {
            self.binades.insert(at, Binade { key, counts: Box::new([0; BINS]) });
        }
        &mut self.binades[at]
    }
}

impl Binade {
    fn count(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }

    /// The value of a rank within this binade, or the rank left over for the next.
    fn value_of(&self, mut rank: u64) -> Result<f64, u64> {
        for step in 0..BINS {
            let bin = if self.key < 0 { BINS - 1 - step } else { step };
            let count = u64::from(self.counts[bin]);
            if rank < count {
                let share = (rank as f64 + 0.5) / count as f64;
                let (low, high) = (self.edge(bin), self.edge(bin + 1));
                return Ok(if self.key < 0 {
                    -(high + (low - high) * share)
                } else {
                    low + (high - low) * share
                });
            }
            rank -= count;
        }
        Err(rank)
    }

    /// Magnitude at the lower edge of a bin.
    fn edge(&self, bin: usize) -> f64 {
        let place = (u64::from(self.key.unsigned_abs()) - 1) * BINS as u64 + bin as u64;
        f64::from_bits(place << SHIFT).min(f64::MAX)
    }
}
