//! Where a number comes from: bibliography entries and grades of evidence.
//!
//! A scenario lists its sources once and names them beside its numbers. This module knows what an entry is and how it is
//! cited; it neither reads files nor decides which numbers need one.

use std::fmt;
use std::str::FromStr;

/// An entry of the bibliography.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Key in the file.
    pub key: String,
    /// Title of the work.
    pub title: String,
    /// Who published it.
    pub publisher: Option<String>,
    /// When, as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Address; several are separated by `;`.
    pub url: Option<String>,
    /// Where it was read, if not at the original.
    pub via: Option<String>,
    /// Licence of data taken from it.
    pub licence: Option<String>,
    /// Remark.
    pub note: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        match (&self.publisher, &self.date) {
            (Some(publisher), Some(date)) => write!(f, " ({publisher}, {date})")?,
            (Some(one), None) | (None, Some(one)) => write!(f, " ({one})")?,
            (None, None) => {}
        }
        if let Some(url) = &self.url {
            write!(f, ", {url}")?;
        }
        if let Some(via) = &self.via {
            write!(f, ", read via {via}")?;
        }
        Ok(())
    }
}

/// How good the evidence for a number is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Paper, filing, vendor or agency page, data repository.
    Primary,
    /// Named outlet or analyst.
    Press,
    /// A relay of something else.
    Secondary,
    /// Arithmetic on sourced numbers, shown.
    Derived,
    /// Somebody's opinion.
    Judgement,
}

impl Grade {
    /// Every grade as it is written in a file, best first.
    pub const NAMES: &'static [&'static str] = &["primary", "press", "secondary", "derived", "judgement"];

    /// As it is written in a file.
    pub fn name(self) -> &'static str {
        Grade::NAMES[self as usize]
    }
}

impl FromStr for Grade {
    type Err = ();
    fn from_str(text: &str) -> Result<Grade, ()> {
        match text {
            "primary" => Ok(Grade::Primary),
            "press" => Ok(Grade::Press),
            "secondary" => Ok(Grade::Secondary),
            "derived" => Ok(Grade::Derived),
            "judgement" => Ok(Grade::Judgement),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grade_reads_back_as_itself() {
        for &name in Grade::NAMES {
            assert_eq!(name.parse::<Grade>().map(Grade::name), Ok(name));
        }
        assert_eq!("rumour".parse::<Grade>(), Err(()));
    }

    #[test]
    fn a_citation_names_publisher_date_address_and_relay() {
        let source = Source {
            title: "Prices".into(),
            publisher: Some("Agency".into()),
            date: Some("2026-07".into()),
            url: Some("https://a.example".into()),
            via: Some("https://b.example".into()),
            ..Source::default()
        };
        assert_eq!(
            source.to_string(),
            "Prices (Agency, 2026-07), https://a.example, read via https://b.example"
        );
    }
}
