//! Loops over many numbers on the widest instructions a machine has.
//!
//! A wide function is one source compiled three times: for every x86-64 machine, for those with AVX2, which take four numbers at a
//! time where others take two, and for those with AVX-512, which take eight. Sums, products, quotients, roots and comparisons are rounded number by number as IEEE 754 says,
//! and nothing here is contracted or reordered, so that all give the same bits; the tests hold each against its twin that takes
//! one number at a time. Other processors have the one version.

/// Defines a function over slices that runs on AVX-512 or AVX2 where there is one.
macro_rules! wide {
    ($(#[$about:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        $(#[$about])*
        $visibility fn $name($($argument: $type),*) {
            #[inline(always)]
            fn anywhere($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn by_fours($($argument: $type),*) {
                anywhere($($argument),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
            fn by_eights($($argument: $type),*) {
                anywhere($($argument),*);
            }

            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512vl")
            {
                #[expect(unsafe_code, reason = "asked just before: the processor has what the function is compiled for")]
                unsafe {
                    by_eights($($argument),*);
                }
                return;
            }
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                #[expect(unsafe_code, reason = "asked just before: the processor has what the function is compiled for")]
                unsafe {
                    by_fours($($argument),*);
                }
                return;
            }
            anywhere($($argument),*);
        }
    };
}

pub(crate) use wide;
