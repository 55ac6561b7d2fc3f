//! A lab's contracts with one rental channel (`docs/model.md §6`, §9).
//!
//! A contract is take-or-pay at its signing price from its signing month to the end of its term. Rules may void part of
//! those signed before their effect; what is voided stays void and what is owed for it is due at once.

use crate::calendar::HOURS_PER_MONTH;
use crate::economics::rental::{monthly_bill, months_owed_when_void};
use crate::model::rules::Void;

/// Chips signed for in one month at one price.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Contract {
    signed: i64,
    /// First month after the term.
    ends: i64,
    chips: f64,
    price: f64,
    leaked: bool,
    /// Share not voided.
    kept: f64,
}

/// What a void contract owes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoidTerms {
    /// Billed on top of the price.
    pub overhead: f64,
    /// Prepaid share of the bill.
    pub prepaid: f64,
    /// Months of bill due at once.
    pub exit_fee_months: f64,
    /// Share of the rest that is owed.
    pub owed_share: f64,
}

/// Chips under contract, open and leaked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Committed {
    /// Signed through the open door.
    pub open: f64,
    /// Signed at the leaky price.
    pub leaked: f64,
}

impl Committed {
    /// Both.
    pub fn total(&self) -> f64 {
        self.open + self.leaked
    }
}

/// A lab's contracts with a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    contracts: Vec<Contract>,
    committed: Committed,
    planned: Committed,
    /// Σ chips · price: an hour's rent before overhead.
    rent_per_hour: f64,
}

impl Book {
    /// The stock of the start: `term` equal vintages, one ending after each month.
    pub fn begin(&mut self, chips: f64, price: f64, term: usize) {
        *self = Book { contracts: std::mem::take(&mut self.contracts), ..Book::default() };
        self.contracts.clear();
        if chips > 0.0 {
            let vintage = chips / term as f64;
            self.contracts.extend((1..=term as i64).map(|ends| Contract {
                signed: -1,
                ends,
                chips: vintage,
                price,
                leaked: false,
                kept: 1.0,
            }));
        }
    }

    /// Signs `chips` at `price` in month `t` for `term` months.
    pub fn sign(&mut self, t: usize, term: usize, chips: f64, price: f64, leaked: bool) {
        if chips > 0.0 {
            let signed = t as i64;
            self.rent_per_hour += chips * price;
            self.contracts.push(Contract {
                signed,
                ends: signed + term as i64,
                chips,
                price,
                leaked,
                kept: 1.0,
            });
        }
    }

    /// Drops what has run out, voids what rules void in month `t`, and returns what is due for it, USD.
    pub fn wind_down(&mut self, t: usize, voids: &[Void], terms: &VoidTerms) -> f64 {
        let t = t as i64;
        self.contracts.retain(|contract| contract.ends > t && contract.kept > 0.0);
        let mut due = 0.0;
        if voids.is_empty() {
            return due;
        }
        for contract in &mut self.contracts {
            let left = kept(voids, contract.signed, |void| void.kept).min(contract.kept);
            if left < contract.kept {
                let months = months_owed_when_void(
                    (contract.ends - t) as f64,
                    terms.exit_fee_months,
                    terms.prepaid,
                    terms.owed_share,
                );
                due += contract.chips
                    * (contract.kept - left)
                    * monthly_bill(contract.price, terms.overhead, HOURS_PER_MONTH)
                    * months;
                contract.kept = left;
            }
        }
        due
    }

    /// Adds up what is under contract this month, and what will be in month `then` of those signed so far, as far as
    /// announced rules leave them. Call after [`Book::wind_down`].
    pub fn add_up(&mut self, then: usize, voids: &[Void]) {
        (self.committed, self.planned, self.rent_per_hour) = Default::default();
        for contract in &self.contracts {
            let chips = contract.chips * contract.kept;
            let planned = if contract.ends <= then as i64 {
                0.0
            } else if voids.is_empty() {
                chips
            } else {
                contract.chips * contract.kept.min(kept(voids, contract.signed, |void| void.planned))
            };
            self.rent_per_hour += chips * contract.price;
            if contract.leaked {
                self.committed.leaked += chips;
                self.planned.leaked += planned;
            } else {
                self.committed.open += chips;
                self.planned.open += planned;
            }
        }
    }

    /// Chips under contract this month, its signatures not included.
    pub fn committed(&self) -> Committed {
        self.committed
    }

    /// Chips that will be under contract in the month last added up for.
    pub fn committed_planned(&self) -> Committed {
        self.planned
    }

    /// This month's bill, its signatures included, USD; used or not.
    pub fn bill(&self, overhead: f64) -> f64 {
        monthly_bill(self.rent_per_hour, overhead, HOURS_PER_MONTH)
    }
}

/// Share that all rules together leave of a contract signed in month `signed`.
fn kept(voids: &[Void], signed: i64, share: impl Fn(&Void) -> f64) -> f64 {
    voids.iter().filter(|void| signed < void.effective).map(share).product()
}
