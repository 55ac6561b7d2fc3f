//! What the first blocks of a job came to: what a run sets down and is taken up from.
//!
//! Blocks merge in order, so the state after the first n of them is a function of the job and of n alone. A run that is
//! taken up from such a state goes on as if it had never stopped, to the same bits. [`Progress::write_to`] seals a state
//! with a digest, behind a text that says what is being run; [`Progress::from_bytes`] takes nothing that is not whole.

use std::fmt;
use std::io::{self, BufWriter, Write};

use serde::{Deserialize, Serialize};

use super::column::ArmTallies;
use super::recorder::CellMoments;
use crate::encoding::{Digesting, sha256};
use crate::stats::sketch::Sketch;

const MAGIC: &[u8; 20] = b"loophole checkpoint\n";
const FORMAT: u8 = 6;
/// Hexadecimal digits of a digest.
const DIGEST: usize = 64;
/// Bytes of a length.
const LENGTH: usize = 8;
const HEAD: usize = MAGIC.len() + 1 + LENGTH;

/// Merged results of the first blocks of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Blocks done.
    pub blocks: usize,
    /// Paths in them.
    pub paths: usize,
    /// Arm, scalar, path in block order, of the paths of which every scalar is kept.
    pub scalars: Vec<Vec<Vec<f64>>>,
    /// By arm; none where every path is kept.
    pub tallies: Vec<ArmTallies>,
    /// By replicate.
    pub moments: Vec<CellMoments>,
    /// By cell.
    pub sketches: Vec<Sketch>,
}

/// Why bytes are no progress of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// They are something else.
    Foreign,
    /// They are of another version's format.
    Format(u8),
    /// They are of a run of something else, which this text says.
    OtherRun(String),
    /// They are cut short or were changed.
    Damaged,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Foreign => write!(f, "it is not a checkpoint"),
            Unusable::Format(format) => write!(f, "it has format {format}, this version reads {FORMAT}"),
            Unusable::OtherRun(_) => {
                write!(f, "it is of a run of other files, flags or code, and cannot be continued with these")
            }
            Unusable::Damaged => write!(f, "it is cut short or was changed"),
        }
    }
}

impl Progress {
    /// What stands before a state.
    pub fn head(identity: &str) -> Vec<u8> {
        [MAGIC, &[FORMAT][..], &(identity.len() as u64).to_le_bytes(), identity.as_bytes()].concat()
    }

    /// Writes the state, sealed; `identity` says what is being run. Nothing is held that grows with the state.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, identity: &str, to: impl Write) -> io::Result<()> {
        let mut sealed = Digesting::new(to);
        sealed.write_all(&Progress::head(identity))?;
        // Numbers come a few bytes at a time.
        let mut content = BufWriter::with_capacity(1 << 16, sealed);
        if let Err(why) = postcard::to_io(self, &mut content) {
            // It does not say why its writer failed; the writer does when it is asked again.
            content.flush()?;
            return Err(io::Error::other(why));
        }
        let (mut to, seal) = content.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
        to.write_all(seal.as_bytes())
    }

    /// What [`Progress::write_to`] writes.
    pub fn to_bytes(&self, identity: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(identity, &mut bytes)
            .unwrap_or_else(|why| unreachable!("a state of numbers can be written: {why}"));
        bytes
    }

    /// The state that was sealed for the same run.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn from_bytes(bytes: &[u8], identity: &str) -> Result<Progress, Unusable> {
        if !bytes.starts_with(MAGIC) {
            return Err(Unusable::Foreign);
        }
        let Some(&format) = bytes.get(MAGIC.len()) else { return Err(Unusable::Damaged) };
        if format != FORMAT {
            return Err(Unusable::Format(format));
        }
        if bytes.len() < HEAD + DIGEST {
            return Err(Unusable::Damaged);
        }
        let (content, seal) = bytes.split_at(bytes.len() - DIGEST);
        if sha256(content).as_bytes() != seal {
            return Err(Unusable::Damaged);
        }
        let (head, rest) = content.split_at(HEAD);
        let length = u64::from_le_bytes(std::array::from_fn(|at| head[MAGIC.len() + 1 + at]));
        let Some((text, state)) =
            usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length))
        else {
            return Err(Unusable::Damaged);
        };
        if text != identity.as_bytes() {
            return Err(Unusable::OtherRun(String::from_utf8_lossy(text).into_owned()));
        }
        postcard::from_bytes(state).map_err(|_| Unusable::Damaged)
    }

    /// Whether it is of this shape: arms, scalars, tallies, replicates, cells, and so many paths, of which so many are kept.
    pub(super) fn fits(&self, shape: &Progress, paths: usize, kept: usize) -> bool {
        self.paths == paths
            && self.scalars.len() == shape.scalars.len()
            && self.scalars.iter().zip(&shape.scalars).all(|(own, other)| own.len() == other.len())
            && self.scalars.iter().flatten().all(|column| column.len() == kept)
            && self.tallies.len() == shape.tallies.len()
            && self.tallies.iter().zip(&shape.tallies).all(|(own, other)| own.is_sound(other, paths as u64))
            && self.moments.len() == shape.moments.len()
            && self.moments.iter().zip(&shape.moments).all(|(own, other)| own.cells() == other.cells())
            && self.sketches.len() == shape.sketches.len()
            && self.sketches.iter().all(|sketch| sketch.is_sound(paths as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Progress {
        let mut sketches = vec![Sketch::default(); 2];
        sketches[0].add_all(&[1.0, -2.5, 0.0]);
        sketches[1].add_all(&[1e-300, 2.0, 3.0]);
        Progress {
            blocks: 1,
            paths: 3,
            scalars: vec![vec![vec![1.0, f64::INFINITY, -0.0]]],
            tallies: Vec::new(),
            moments: vec![CellMoments::empty(2)],
            sketches,
        }
    }

    #[test]
    fn what_is_sealed_is_read_back_and_nothing_else_is() {
        let (own, other) = ("own", "other");
        let bytes = sample().to_bytes(own);
        assert_eq!(Progress::from_bytes(&bytes, own), Ok(sample()));
        assert_eq!(Progress::from_bytes(&bytes, other), Err(Unusable::OtherRun("own".into())));
        assert_eq!(Progress::from_bytes(b"TOML", own), Err(Unusable::Foreign));
        for cut in 0..bytes.len() {
            assert!(Progress::from_bytes(&bytes[..cut], own).is_err(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 0x20;
            assert!(Progress::from_bytes(&bent, own).is_err(), "bent at {at}");
        }
    }

    #[test]
    fn a_state_of_another_shape_does_not_fit() {
        let whole = sample();
        assert!(whole.fits(&whole, 3, 3));
        assert!(!whole.fits(&whole, 4, 3));
        assert!(!whole.fits(&whole, 3, 2));
        let mut short = whole.clone();
        short.scalars[0][0].pop();
        assert!(!short.fits(&whole, 3, 3));
        let mut more = whole.clone();
        more.sketches[1].add(1.0);
        assert!(!more.fits(&whole, 3, 3));
    }
}
