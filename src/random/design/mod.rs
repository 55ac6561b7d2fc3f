//! How a job's uniforms are laid out over its paths.
//!
//! Plain paths are independent. Antithetic paths come in pairs at u and 1 − u. Latin hypercubes put one path into each
//! stratum of every dimension, Sobol' points fill the cube evenly in all dimensions at once; both are run as
//! [`REPLICATES`] independent randomised copies, dealt out in turn (path mod 16), so that their error can be told from
//! how far the copies differ.
//!
//! Sources of randomness are known by their stream's name. Under plain, antithetic and Latin hypercube sampling a draw
//! depends on its own source only; Sobol' dimensions are dealt out to the streams that are said to matter most, then in the order of
//! names, early steps first, and monthly normals cross a Brownian bridge (`bridge`), so that early steps matter most.
//! The first n paths of a longer run are the n-path run, except for the Latin hypercube, whose strata are as many as its
//! paths.

mod bridge;
mod permutation;
mod sobol;

use std::fmt;
use std::str::FromStr;

use self::bridge::Bridge;
use self::permutation::permuted;
use self::sobol::ScrambledSobol;
use super::stream::StreamKey;

pub use self::sobol::{SobolPoints, TABLE_DIMENSIONS};

/// Independent randomised copies of a Latin hypercube or Sobol' design.
pub const REPLICATES: usize = 16;

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

impl Sampling {
    /// All schemes.
    pub const ALL: [Sampling; 4] =
        [Sampling::Plain, Sampling::Antithetic, Sampling::LatinHypercube, Sampling::Sobol];

    /// Its name in a scenario.
    pub const fn name(self) -> &'static str {
        match self {
            Sampling::Plain => "plain",
            Sampling::Antithetic => "antithetic",
            Sampling::LatinHypercube => "latin-hypercube",
            Sampling::Sobol => "sobol",
        }
    }

    /// The group a path belongs to: paths of different groups are independent, so standard errors come from the means
    /// of groups.
    pub const fn group_of(self, path: usize) -> usize {
        match self {
            Sampling::Plain => path,
            Sampling::Antithetic => path / 2,
            Sampling::LatinHypercube | Sampling::Sobol => path % REPLICATES,
        }
    }

    /// Number of groups among the first `paths` paths.
    pub const fn groups(self, paths: usize) -> usize {
        match self {
            Sampling::Plain => paths,
            Sampling::Antithetic => paths.div_ceil(2),
            Sampling::LatinHypercube | Sampling::Sobol if paths < REPLICATES => paths,
            Sampling::LatinHypercube | Sampling::Sobol => REPLICATES,
        }
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no sampling scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSampling(pub String);

impl fmt::Display for UnknownSampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no sampling scheme; allowed: {}",
            self.0,
            Sampling::ALL.map(Sampling::name).join(", ")
        )
    }
}

impl std::error::Error for UnknownSampling {}

impl FromStr for Sampling {
    type Err = UnknownSampling;
    fn from_str(text: &str) -> Result<Sampling, UnknownSampling> {
        Sampling::ALL
            .into_iter()
            .find(|scheme| scheme.name() == text)
            .ok_or_else(|| UnknownSampling(text.to_string()))
    }
}

/// A source of uniforms: a parameter (one step, one lane) or a process (a step a month, a lane a kind of shock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// Name of its stream; sources of one name share draws.
    pub stream: &'a str,
    /// Steps at which it is drawn, from 0.
    pub steps: usize,
    /// Uniforms a step.
    pub lanes: usize,
}

/// One lane.
impl<'a> From<(&'a str, usize)> for Source<'a> {
    fn from((stream, steps): (&'a str, usize)) -> Source<'a> {
        Source { stream, steps, lanes: 1 }
    }
}

/// What an experiment's design is drawn by, besides its sources.
#[derive(Clone, Copy, Debug)]
pub struct Scheme<'a> {
    /// Sampling scheme.
    pub sampling: Sampling,
    /// Seed of every stream.
    pub seed: u64,
    /// Paths.
    pub paths: usize,
    /// Streams that take the first Sobol' dimensions, in the order of how much they matter.
    pub leading: &'a [String],
}

/// The uniforms of a job.
#[derive(Clone, Debug)]
pub struct Design {
    sampling: Sampling,
    paths: usize,
    keys: Vec<StreamKey>,
    sobol: Option<(ScrambledSobol, Bridge)>,
}

impl Design {
    /// The uniforms of a scheme's paths for these sources. Under Sobol' sampling, what is drawn beyond the first
    /// [`TABLE_DIMENSIONS`] dimensions, or at steps and lanes that no source states, is drawn plainly.
    pub fn new<'a, S: Into<Source<'a>> + Copy>(scheme: Scheme<'_>, sources: &[S]) -> Design {
        let Scheme { sampling, seed, paths, leading } = scheme;
        let sources: Vec<Source<'a>> = sources.iter().map(|&source| source.into()).collect();
        let longest = sources.iter().map(|source| source.steps).max().unwrap_or(0);
        let sobol = (sampling == Sampling::Sobol)
            .then(|| (ScrambledSobol::new(seed, &sources, leading), Bridge::new(longest)));
        let keys = sources.iter().map(|source| StreamKey::new(seed, source.stream)).collect();
        Design { sampling, paths, keys, sobol }
    }

    /// The uniform of a source (by its place in the list) at a path, step and lane, in the open interval (0, 1).
    ///
    /// Domain: path below the number of paths, under Latin hypercube and Sobol' sampling.
    #[inline]
    pub fn uniform(&self, source: usize, path: usize, step: usize, lane: usize) -> f64 {
        let key = &self.keys[source];
        let plain = |path: usize| key.uniform(path as u64, step as u32, lane as u32);
        match (&self.sobol, self.sampling) {
            (Some((sobol, _)), _) => sobol.uniform(source, path, step, lane).unwrap_or_else(|| plain(path)),
            (None, Sampling::Antithetic) if path % 2 == 1 => 1.0 - plain(path / 2),
            (None, Sampling::Antithetic) => plain(path / 2),
            (None, Sampling::LatinHypercube) => self.stratified(key, path, step, lane, plain(path)),
            (None, _) => plain(path),
        }
    }

    /// The uniforms of a source at a path and lane, at steps 0, 1, …
    ///
    /// Domain: as for [`Design::uniform`].
    pub fn uniforms(&self, source: usize, path: usize, lane: usize, uniforms: &mut [f64]) {
        match self.sampling {
            Sampling::Plain => self.keys[source].uniforms(path as u64, lane as u32, uniforms),
            Sampling::Antithetic => {
                self.keys[source].uniforms(path as u64 / 2, lane as u32, uniforms);
                if path % 2 == 1 {
                    uniforms.iter_mut().for_each(|u| *u = 1.0 - *u);
                }
            }
            Sampling::LatinHypercube | Sampling::Sobol => {
                for (step, uniform) in uniforms.iter_mut().enumerate() {
                    *uniform = self.uniform(source, path, step, lane);
                }
            }
        }
    }

    /// Turns normals, one a month, into monthly shocks of the same law: under Sobol' sampling so that the first matter most. `sums` is
    /// the caller's memory. Shape: as many months as the longest source has steps.
    pub fn shape(&self, normals: &mut [f64], sums: &mut Vec<f64>) {
        if let Some((_, bridge)) = &self.sobol {
            bridge.cross(normals, sums);
        }
    }

    /// A uniform in the path's own stratum of its replicate.
    ///     u = (π(i) + jitter)/n
    /// for the i-th of a replicate's n paths, with π a keyed permutation of the strata; its key stands in the stream at
    /// paths that no run reaches, 2^64 − 1 − replicate.
    fn stratified(&self, key: &StreamKey, path: usize, step: usize, lane: usize, jitter: f64) -> f64 {
        const BELOW_ONE: f64 = 1.0 - 0.5 * f64::EPSILON;
        let (replicate, place) = (path % REPLICATES, path / REPLICATES);
        let strata = self.paths / REPLICATES + usize::from(replicate < self.paths % REPLICATES);
        let words = key.words(u64::MAX - replicate as u64, step as u32, lane as u32);
        let stratum = permuted(place as u32, strata as u32, words);
        ((f64::from(stratum) + jitter) / strata as f64).min(BELOW_ONE)
    }
}

#[cfg(test)]
mod tests;
