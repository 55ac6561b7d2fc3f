//! Asking for memory ahead of time.

/// Lets the processor fetch numbers that will be needed soon, where it takes such hints.
#[inline(always)]
pub(crate) fn fetch<T>(numbers: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = numbers.as_ptr().cast::<i8>();
        for line in (0..size_of_val(numbers)).step_by(64) {
            #[expect(unsafe_code, reason = "a hint about memory that is there, which changes nothing")]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(start.add(line));
            }
        }
    }
}
