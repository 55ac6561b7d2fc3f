//! Loops over many numbers on the widest instructions a machine has.
//!
//! A wide function is one source compiled several times: for machines with AVX2, which take four numbers at a time where every
//! x86-64 machine takes two; for those with AVX-512, which take eight and have twice the registers; and, where nothing else is said,
//! for every machine. Sums, products, quotients, roots and comparisons are rounded number by number as IEEE 754 says, and nothing here
//! is contracted or reordered, so that all give the same bits; tests hold them against twins that take one number at a time, and
//! whole runs on each against each other. Other processors have the one version for every machine.

use std::sync::atomic::{AtomicU8, Ordering};

/// Instructions that functions are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// What every machine of an architecture has.
    Baseline = 0,
    /// AVX2: four numbers at a time.
    Avx2 = 1,
    /// AVX-512: eight numbers at a time.
    Avx512 = 2,
}

/// The widest instructions that may be used, as numbers; [`UNKNOWN`] until somebody asks.
static WIDEST: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = u8::MAX;

/// Uses no wider instructions than these in this process; processors other than x86-64 have one kind. Results do not depend on it.
/// To be said before the first simulation: one that is under way on another thread may panic.
pub fn limit_instructions(widest: Instructions) {
    WIDEST.store(widest.min(built_in()) as u8, Ordering::Relaxed);
}

/// The widest instructions that this processor has and that may be used.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn instructions() -> Instructions {
    let widest = match WIDEST.load(Ordering::Relaxed) {
        UNKNOWN => ask(),
        widest => widest,
    };
    #[cfg(test)]
    let widest = widest.min(testing::HERE.get());
    match widest {
        0 => Instructions::Baseline,
        1 => Instructions::Avx2,
        // What is kept is never above what the processor has.
        _ => Instructions::Avx512,
    }
}

/// Asks the processor what it has, unless there is a limit by now.
#[cfg(target_arch = "x86_64")]
#[cold]
fn ask() -> u8 {
    let found = built_in() as u8;
    WIDEST
        .compare_exchange(UNKNOWN, found, Ordering::Relaxed, Ordering::Relaxed)
        .map_or_else(|limit| limit, |_| found)
}

/// The widest instructions that this processor has.
#[cfg(target_arch = "x86_64")]
fn built_in() -> Instructions {
    let eights = std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl");
    if eights {
        Instructions::Avx512
    } else if std::arch::is_x86_feature_detected!("avx2") {
        Instructions::Avx2
    } else {
        Instructions::Baseline
    }
}

/// Other processors have one kind.
#[cfg(not(target_arch = "x86_64"))]
fn built_in() -> Instructions {
    Instructions::Baseline
}

/// Defines a function that runs on AVX-512 or AVX2 where there is either. In it `AT_ONCE` is how many numbers may
/// be worked on together: a few times as many as an instruction takes, so that work overlaps and four of each fit the registers.
/// What follows `else` is done instead where an x86-64 machine has neither or may use neither; not in unit tests, which try there what
/// other processors run.
macro_rules! wide {
    ($(#[$about:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        wide! { $(#[$about])* $visibility fn $name($($argument: $type),*) $body else { anywhere::<8>($($argument),*) } }
    };
    (
        $(#[$about:meta])*
        $visibility:vis fn $name:ident $(<$(const $size:ident: usize),+>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)?
        $body:block else $narrow:block
    ) => {
        $(#[$about])*
        $visibility fn $name $(<$(const $size: usize),+>)? ($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn anywhere<$($(const $size: usize,)+)? const AT_ONCE: usize>($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn by_fours $(<$(const $size: usize),+>)? ($($argument: $type),*) $(-> $result)? {
                anywhere::<$($($size,)+)? 16>($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
            fn by_eights $(<$(const $size: usize),+>)? ($($argument: $type),*) $(-> $result)? {
                anywhere::<$($($size,)+)? 32>($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the processor was asked whether it has what the function is compiled for")]
            match $crate::math::wide::instructions() {
                $crate::math::Instructions::Avx512 => unsafe { by_eights $(::<$($size),+>)? ($($argument),*) },
                $crate::math::Instructions::Avx2 => unsafe { by_fours $(::<$($size),+>)? ($($argument),*) },
                $crate::math::Instructions::Baseline => if cfg!(test) { anywhere::<$($($size,)+)? 8>($($argument),*) } else $narrow,
            }
            #[cfg(not(target_arch = "x86_64"))]
            anywhere::<$($($size,)+)? 8>($($argument),*)
        }
    };
}

pub(crate) use wide;

/// Does some work on AVX-512 or AVX2, and none where there is neither, may be neither, or on other processors. Work takes on the
/// instructions of the function it stands in, so all of it that is to be wide must be inlined to here, the closure first:
/// `#[inline(always)]`.
#[inline]
pub(crate) fn widely<R>(work: impl FnOnce() -> R) -> Option<R> {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn by_fours<R>(work: impl FnOnce() -> R) -> R {
            work()
        }

        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn by_eights<R>(work: impl FnOnce() -> R) -> R {
            work()
        }

        #[expect(
            unsafe_code,
            reason = "the processor was asked whether it has what the function is compiled for"
        )]
        match instructions() {
            Instructions::Avx512 => Some(unsafe { by_eights(work) }),
            Instructions::Avx2 => Some(unsafe { by_fours(work) }),
            Instructions::Baseline => None,
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        drop(work);
        None
    }
}

/// Most numbers an instruction takes.
pub(crate) const LANES: usize = 8;

/// Makes of every number what `make` does, [`LANES`] at a time: also of the last few, which would go one by one.
#[inline(always)]
pub(crate) fn each(numbers: &mut [f64], make: impl Fn(f64) -> f64) {
    let (whole, rest) = numbers.as_chunks_mut::<LANES>();
    for lanes in whole {
        for x in lanes {
            *x = make(*x);
        }
    }
    if !rest.is_empty() {
        let mut last = [0.5; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for x in &mut last {
            *x = make(*x);
        }
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    use super::Instructions;

    thread_local! {
        /// The limit of a test, whose neighbours run on other threads.
        pub(super) static HERE: Cell<u8> = const { Cell::new(Instructions::Avx512 as u8) };
    }

    /// Does some work on no wider instructions than these; a test that fails ends its thread and the limit with it.
    pub(crate) fn on<R>(widest: Instructions, work: impl FnOnce() -> R) -> R {
        HERE.set(widest as u8);
        let result = work();
        HERE.set(Instructions::Avx512 as u8);
        result
    }
}
