//! From an axis' numbers to pixels, by plotters' coordinates.
//!
//! plotters maps to whole pixels, so a frame maps to a canvas [`RESOLUTION`] times as fine and divides: marks and labels go
//! through the same mapping and stand together to a tenth of a pixel.

use super::scene::Rect;
use crate::chart::figure::{Axis, Scale};
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

/// Steps of plotters' whole-number canvas in a pixel.
pub const RESOLUTION: f64 = 10.0;

enum Coordinate {
    Linear(RangedCoordf64),
    Log(LogCoord<f64>),
}

/// A plot's rectangle and the axes that map into it.
pub struct Frame {
    /// Where the plot is.
    pub plot: Rect,
    x: Coordinate,
    y: Coordinate,
    rows_downward: bool,
}

fn coordinate(axis: &Axis) -> Coordinate {
    let (low, high) = axis.extent();
    match axis.scale {
        Scale::Log(..) => Coordinate::Log((low..high).log_scale().into()),
        _ => Coordinate::Linear((low..high).into()),
    }
}

fn map(coordinate: &Coordinate, value: f64, from: f64, to: f64) -> f64 {
    let limits = ((from * RESOLUTION) as i32, (to * RESOLUTION) as i32);
    let place = match coordinate {
        Coordinate::Linear(linear) => linear.map(&value, limits),
        Coordinate::Log(log) => log.map(&value, limits),
    };
    f64::from(place) / RESOLUTION
}

impl Frame {
    /// A frame for a panel's axes in a rectangle.
    pub fn new(plot: Rect, x: &Axis, y: &Axis) -> Frame {
        let rows_downward = matches!(y.scale, Scale::Rows(_));
        Frame { plot, x: coordinate(x), y: coordinate(y), rows_downward }
    }

    /// Where a value of the horizontal axis stands.
    pub fn x(&self, value: f64) -> f64 {
        map(&self.x, value, self.plot.x0, self.plot.x1)
    }

    /// Where a value of the vertical axis stands; rows count from the top.
    pub fn y(&self, value: f64) -> f64 {
        let (from, to) =
            if self.rows_downward { (self.plot.y0, self.plot.y1) } else { (self.plot.y1, self.plot.y0) };
        map(&self.y, value, from, to)
    }

    /// Where a point stands.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x(x), self.y(y))
    }
}
