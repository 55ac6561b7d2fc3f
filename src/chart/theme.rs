//! How meanings look: colours, inks and sizes.
//!
//! One meaning has one colour in every chart of a theme. Within each family that can share a picture (arms, origins,
//! workloads, parties, cost parts, directions) colours are ordered by lightness and lie at least [`LIGHTNESS_STEP`] apart, so that a
//! greyscale print and every kind of colour blindness still tell them apart; what is not served is hatched as well.
//! Hues avoid red against green. Text is never set in a colour whose contrast to the ground is below [`TEXT_CONTRAST`].

use super::figure::Meaning;

/// Least difference of CIE lightness L* (0 … 100) between two colours of one family.
pub const LIGHTNESS_STEP: f64 = 8.0;
/// Least contrast of text to its ground. Source: WCAG 2.2, success criterion 1.4.3 (AA).
pub const TEXT_CONTRAST: f64 = 4.5;

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    const fn hex(code: u32) -> Rgb {
        Rgb((code >> 16) as u8, (code >> 8) as u8, code as u8)
    }

    /// Relative luminance, 0 (black) … 1 (white).
    /// Source: WCAG 2.2, definition of relative luminance.
    pub fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// CIE 1976 lightness L*, 0 … 100: what is left of a colour in greyscale.
    pub fn lightness(self) -> f64 {
        let y = self.luminance();
        if y > 216.0 / 24_389.0 { 116.0 * libm::cbrt(y) - 16.0 } else { y * 24_389.0 / 27.0 }
    }

    /// Contrast ratio, 1 … 21. Source: WCAG 2.2.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// `share` of `other` mixed into this colour.
    pub fn mixed(self, other: Rgb, share: f64) -> Rgb {
        let mix = |a: u8, b: u8| libm::round(f64::from(a) + (f64::from(b) - f64::from(a)) * share) as u8;
        Rgb(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// `#rrggbb`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Light for print, dark for screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

impl Theme {
    /// The theme's name in files.
    pub fn name(self) -> &'static str {
        self.pick("light", "dark")
    }

    /// The ground.
    pub fn ground(self) -> Rgb {
        self.pick(Rgb::hex(0xFFFFFF), Rgb::hex(0x12161C))
    }

    /// Titles and numbers.
    pub fn ink(self) -> Rgb {
        self.pick(Rgb::hex(0x1A1D21), Rgb::hex(0xF1F3F5))
    }

    /// Subtitles, ticks, notes.
    pub fn muted(self) -> Rgb {
        self.pick(Rgb::hex(0x5A616B), Rgb::hex(0xA9B1BC))
    }

    /// Grid lines.
    pub fn grid(self) -> Rgb {
        self.pick(Rgb::hex(0xE3E6EA), Rgb::hex(0x2B323B))
    }

    /// Axis lines and zero lines.
    pub fn axis(self) -> Rgb {
        self.pick(Rgb::hex(0x7A828C), Rgb::hex(0x87909C))
    }

    /// The colour of a meaning. Families as in the module's first paragraph; workloads beyond the fourth repeat.
    pub fn color(self, meaning: Meaning) -> Rgb {
        let (light, dark) = match meaning {
            Meaning::Open => (0x1F5FA8, 0x4F92DD),
            Meaning::Closed => (0xE0632B, 0xF59A6C),
            Meaning::Expected => (0x3D3D3D, 0xE6E6E6),
            Meaning::Offshore => (0x5AAAE0, 0x86C8F5),
            Meaning::Domestic => (0x9E1B32, 0xE0506A),
            Meaning::Imported => (0xF2C84B, 0xFBE59A),
            Meaning::Grey => (0x6B7280, 0x646D7C),
            Meaning::Unserved => (0x8D939C, 0x8A929E),
            Meaning::Workload(k) => {
                [(0x4B2E83, 0x8F73D1), (0x168F7D, 0x3DBFA9), (0xD8A33C, 0xF3D08A), (0xDCC6E6, 0xF3E8FA)]
                    [k % 4]
            }
            Meaning::Labs => (0x0F3D5C, 0x3F80AB),
            Meaning::Hosts => (0x6FA898, 0xA9DCCE),
            Meaning::Vendors => (0xA8561A, 0xD98A4A),
            Meaning::Chip => (0x1F2F5C, 0x5068B8),
            Meaning::Rent => (0x0A5566, 0x1F96AE),
            Meaning::Building => (0x5A6DA0, 0x93A4DA),
            Meaning::Operations => (0x8C86B8, 0xC0BAE6),
            Meaning::Energy => (0xEBA63A, 0xFFD488),
            Meaning::Overhead => (0xD3D0C3, 0xF4F1E6),
            Meaning::Raises => (0xB4511A, 0xC96A35),
            Meaning::Lowers => (0x63ABC6, 0x6FB6D2),
            Meaning::Neutral => (0x4A5059, 0xC4CAD2),
        };
        Rgb::hex(self.pick(light, dark))
    }

    /// The colour of a meaning as text on the ground: moved toward the ink until it can be read.
    pub fn text(self, meaning: Meaning) -> Rgb {
        let color = self.color(meaning);
        let steps = (0..=20).map(|k| color.mixed(self.ink(), f64::from(k) / 20.0));
        steps.into_iter().find(|c| c.contrast(self.ground()) >= TEXT_CONTRAST).unwrap_or(self.ink())
    }

    /// Black or white, whichever reads better on a fill.
    pub fn on(self, fill: Rgb) -> Rgb {
        let (black, white) = (Rgb(0x14, 0x17, 0x1A), Rgb(0xFF, 0xFF, 0xFF));
        if fill.contrast(black) >= fill.contrast(white) { black } else { white }
    }

    fn pick<T>(self, light: T, dark: T) -> T {
        match self {
            Theme::Light => light,
            Theme::Dark => dark,
        }
    }
}

/// A picture's size in pixels (PNG files have twice as many).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// 1200 × 800: a figure in a research note.
    #[default]
    Note,
    /// 1600 × 900: a slide.
    Wide,
    /// 800 × 900: one column of two.
    Column,
    /// 1080 × 1080: a post.
    Square,
}

impl Size {
    /// All sizes.
    pub const ALL: [Size; 4] = [Size::Note, Size::Wide, Size::Column, Size::Square];

    /// The size's name in files.
    pub fn name(self) -> &'static str {
        match self {
            Size::Note => "note",
            Size::Wide => "wide",
            Size::Column => "column",
            Size::Square => "square",
        }
    }

    /// Width and height.
    pub fn pixels(self) -> (f64, f64) {
        match self {
            Size::Note => (1200.0, 800.0),
            Size::Wide => (1600.0, 900.0),
            Size::Column => (800.0, 900.0),
            Size::Square => (1080.0, 1080.0),
        }
    }

    /// The smallest text. 22 px at a width of 1200, in proportion when wider, and never below 18.
    pub fn smallest_text(self) -> f64 {
        match self {
            Size::Note | Size::Square => 22.0,
            Size::Wide => 1600.0 * 22.0 / 1200.0,
            Size::Column => 18.0,
        }
    }
}
