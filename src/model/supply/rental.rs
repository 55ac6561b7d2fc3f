//! A lab's contracts with one rental channel (`docs/model.md §6`, §9).
//!
//! A contract is take-or-pay at its signing price from its signing month to the end of its term. Rules may void part of
//! those signed before their effect; what is voided stays void and what is owed for it is due at once.

use crate::calendar::HOURS_PER_MONTH;
use crate::economics::rental::{monthly_bill, months_owed_when_void};
use crate::math::{Lanes, in_lanes};
use crate::model::rules::Void;

/// Chips signed for in one month at one price on each path.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Contract {
    signed: i64,
    /// First month after the term.
    ends: i64,
    chips: Lanes,
    price: Lanes,
    leaked: bool,
    /// Share not voided.
    kept: Lanes,
}

/// What a void contract owes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoidTerms {
    /// Billed on top of the price.
    pub overhead: Lanes,
    /// Prepaid share of the bill.
    pub prepaid: Lanes,
    /// Months of bill due at once.
    pub exit_fee_months: Lanes,
    /// Share of the rest that is owed.
    pub owed_share: Lanes,
}

in_lanes! {
    /// Chips under contract, open and leaked.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Committed<N> {
        /// Signed through the open door.
        pub open: N,
        /// Signed at the leaky price.
        pub leaked: N,
    }
}

impl Committed<Lanes> {
    /// Both.
    #[inline(always)]
    pub fn total(&self) -> Lanes {
        self.open + self.leaked
    }
}

/// A lab's contracts with a channel.
#[derive(Debug, Default, PartialEq)]
pub struct Book {
    contracts: Vec<Contract>,
    committed: Committed<Lanes>,
    planned: Committed<Lanes>,
    /// Σ chips · price: an hour's rent before overhead.
    rent_per_hour: Lanes,
}

copied_in_place!(Book { contracts });

impl Book {
    /// The stock of the start: `term` equal vintages, one ending after each month.
    pub fn begin(&mut self, chips: Lanes, price: Lanes, term: usize) {
        *self = Book { contracts: std::mem::take(&mut self.contracts), ..Book::default() };
        self.contracts.clear();
        if chips.any(|chips| chips > 0.0) {
            let vintage = chips / term as f64;
            self.contracts.extend((1..=term as i64).map(|ends| Contract {
                signed: -1,
                ends,
                chips: vintage,
                price,
                leaked: false,
                kept: Lanes::ONE,
            }));
        }
    }

    /// Signs `chips` at `price` in month `t` for `term` months.
    #[inline(always)]
    pub fn sign(&mut self, t: usize, term: usize, chips: Lanes, price: Lanes, leaked: bool) {
        if chips.any(|chips| chips > 0.0) {
            let signed = t as i64;
            self.rent_per_hour += chips * price;
            self.contracts.push(Contract {
                signed,
                ends: signed + term as i64,
                chips,
                price,
                leaked,
                kept: Lanes::ONE,
            });
        }
    }

    /// Drops what has run out, voids what rules void in month `t`, and returns what is due for it, USD.
    #[inline(always)]
    pub fn wind_down(&mut self, t: usize, voids: &[Void], terms: &VoidTerms) -> Lanes {
        let t = t as i64;
        // Terms of a channel are equally long, and the stock of the start lies in the order in which it ends, none of it after what is
        // signed first: what is over lies in front.
        let over = self.contracts.iter().take_while(|contract| contract.ends <= t).count();
        self.contracts.drain(..over);
        let mut due = Lanes::ZERO;
        if voids.is_empty() {
            return due;
        }
        for contract in &mut self.contracts {
            let left = kept(voids, contract.signed, |void| void.kept).min(contract.kept);
            if Lanes::each(|i| contract.kept[i] - left[i]).all_are(|lost| lost == 0.0) {
                continue;
            }
            let months_left = (contract.ends - t) as f64;
            due += Lanes::each(|i| {
                let months = months_owed_when_void(
                    months_left,
                    terms.exit_fee_months[i],
                    terms.prepaid[i],
                    terms.owed_share[i],
                );
                contract.chips[i]
                    * (contract.kept[i] - left[i])
                    * monthly_bill(contract.price[i], terms.overhead[i], HOURS_PER_MONTH)
                    * months
            });
            contract.kept = left;
        }
        let stands = |contract: &Contract| contract.kept.any(|kept| kept > 0.0);
        if !self.contracts.iter().all(stands) {
            self.contracts.retain(stands);
        }
        due
    }

    /// Adds up what is under contract this month, and what will be in month `then` of those signed so far, as far as
    /// announced rules leave them. Call after [`Book::wind_down`].
    #[inline(always)]
    pub fn add_up(&mut self, then: usize, voids: &[Void]) {
        let mut committed = [Lanes::ZERO; 2];
        let mut later = [Lanes::ZERO; 2];
        let mut rent_per_hour = Lanes::ZERO;
        for contract in &self.contracts {
            let chips = contract.chips * contract.kept;
            rent_per_hour += chips * contract.price;
            let door = usize::from(contract.leaked);
            committed[door] += chips;
            if contract.ends > then as i64 {
                later[door] += if voids.is_empty() {
                    chips
                } else {
                    contract.chips * contract.kept.min(kept(voids, contract.signed, |void| void.planned))
                };
            }
        }
        self.rent_per_hour = rent_per_hour;
        self.committed = Committed { open: committed[0], leaked: committed[1] };
        self.planned = Committed { open: later[0], leaked: later[1] };
    }

    /// Chips under contract this month, its signatures not included.
    #[inline(always)]
    pub fn committed(&self) -> Committed<Lanes> {
        self.committed
    }

    /// Chips that will be under contract in the month last added up for.
    #[inline(always)]
    pub fn committed_planned(&self) -> Committed<Lanes> {
        self.planned
    }

    /// This month's bill, its signatures included, USD; used or not.
    #[inline(always)]
    pub fn bill(&self, overhead: Lanes) -> Lanes {
        Lanes::each(|i| monthly_bill(self.rent_per_hour[i], overhead[i], HOURS_PER_MONTH))
    }
}

/// Share that all rules together leave of a contract signed in month `signed`.
#[inline(always)]
fn kept(voids: &[Void], signed: i64, share: impl Fn(&Void) -> Lanes) -> Lanes {
    let mut kept = Lanes::ONE;
    for void in voids {
        let share = share(void);
        kept = Lanes::each(|i| if signed < void.effective[i] { kept[i] * share[i] } else { kept[i] });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::LANES;

    const NOTHING_OWED: VoidTerms = VoidTerms {
        overhead: Lanes::ZERO,
        prepaid: Lanes::ZERO,
        exit_fee_months: Lanes::ZERO,
        owed_share: Lanes::ZERO,
    };

    /// Twelve chips at the start, in three vintages.
    fn book() -> Book {
        let mut book = Book::default();
        book.begin(Lanes::all(12.0), Lanes::all(2.0), 3);
        book
    }

    #[test]
    fn what_is_wholly_void_owes_once_and_is_gone() {
        let void = Void { effect: (0, 0), effective: [0; LANES], kept: Lanes::ZERO, planned: Lanes::ZERO };
        let terms = VoidTerms { owed_share: Lanes::ONE, ..NOTHING_OWED };
        let mut book = book();
        assert!(book.wind_down(0, &[void], &terms).all_are(|due| due > 0.0));
        book.add_up(1, &[void]);
        assert_eq!((book.committed().total(), book.committed_planned().total()), (Lanes::ZERO, Lanes::ZERO));
        assert_eq!((book.contracts.len(), book.bill(Lanes::ZERO)), (0, Lanes::ZERO));
        assert_eq!(book.wind_down(1, &[void], &terms), Lanes::ZERO);
    }

    /// The stock of the start ends vintage by vintage, and what is signed after it lasts its term.
    #[test]
    fn contracts_run_out_in_order() {
        let (mut book, mut held) = (book(), Vec::new());
        for t in 0..5 {
            assert_eq!(book.wind_down(t, &[], &NOTHING_OWED), Lanes::ZERO);
            book.add_up(t + 1, &[]);
            held.push((book.committed().total()[0], book.committed_planned().total()[0]));
            book.sign(t, 3, Lanes::all(if t < 2 { 5.0 } else { 0.0 }), Lanes::ONE, t == 1);
        }
        assert_eq!(held, [(12.0, 8.0), (13.0, 9.0), (14.0, 5.0), (5.0, 0.0), (0.0, 0.0)]);
    }
}
