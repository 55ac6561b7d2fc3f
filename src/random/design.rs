//! How a job's uniforms are laid out over paths.
/// Sampling schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Independent paths.
    Plain,
    /// Pairs of paths at u and 1 − u.
    Antithetic,
    /// One path in each stratum of every dimension.
    LatinHypercube,
    /// Scrambled Sobol' points.
    Sobol,
}
