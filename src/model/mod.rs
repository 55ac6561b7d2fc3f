//! The story of a path: what an arm's labs pay and do, month by month, given one drawn future.
//!
//! [`step::simulate`] tells it: drivers in, [`ledger::Trace`] out. A month is rules, wind-down, [`plan`], [`operate`],
//! books, feedback, in that order (`docs/model.md §14`). The model draws nothing and knows no file; formulas live in
//! [`crate::economics`].

/// Makes a struct one that copies onto another keeping to the memory that is there: of these fields, which own some; the
/// others are plain numbers.
macro_rules! copied_in_place {
    ($name:ident { $($field:ident),* }) => {
        impl Clone for $name {
            fn clone(&self) -> $name {
                $name { $($field: self.$field.clone(),)* ..*self }
            }

            fn clone_from(&mut self, from: &$name) {
                $(let mut $field = std::mem::take(&mut self.$field);)*
                $($field.clone_from(&from.$field);)*
                *self = $name { $($field,)* ..*from };
            }
        }
    };
}

pub(crate) use copied_in_place;

pub mod calibrate;
pub mod conditions;
pub mod drivers;
pub mod ledger;
pub mod operate;
pub mod parameters;
pub mod plan;
pub mod rules;
pub mod state;
pub mod step;
pub mod supply;
pub mod tranches;
