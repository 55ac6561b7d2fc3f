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
#[derive(Clone, Debug)]
pub struct Design { keys: Vec<super::stream::StreamKey> }
impl Design {
    pub fn new(_: Sampling, seed: u64, _: usize, sources: &[(String, usize)]) -> Design { Design { keys: sources.iter().map(|s| super::stream::StreamKey::new(seed, &s.0)).collect() } }
    pub fn uniform(&self, source: usize, path: u64, step: usize) -> f64 { self.keys[source].uniform(path, step as u32, 0) }
}
impl Sampling { pub fn replicates(self) -> usize { 1 } pub fn unit(self) -> usize { 1 } }
