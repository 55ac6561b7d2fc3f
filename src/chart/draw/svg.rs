//! The scene as files: SVG with real text and the font inside, PNG by resvg with no other font.
//!
//! Marks go through plotters' SVG back end on a canvas [`RESOLUTION`] times as fine, scaled back by a transform. plotters'
//! SVG has no patterns, no kerned or measured text and no accessible names, so hatching, text, title and description are
//! written here.

use super::frame::RESOLUTION;
use super::scene::{Anchor, Mark, Scene, Text};
use crate::chart::text::{BOLD, REGULAR, Weight};
use crate::chart::theme::{Rgb, Theme};
use crate::encoding::xml;
use base64::Engine;
use plotters::prelude::*;
use resvg::{tiny_skia, usvg};
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// A length with at most two decimals.
fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn style(color: Rgb, opacity: f64) -> RGBAColor {
    RGBColor(color.0, color.1, color.2).mix(opacity)
}

/// A run of marks as plotters' SVG elements, in its fine coordinates.
fn plotted(marks: &[&Mark], scene: &Scene) -> String {
    let fine = |(x, y): &(f64, f64)| (libm::round(x * RESOLUTION) as i32, libm::round(y * RESOLUTION) as i32);
    let all = |points: &[(f64, f64)]| points.iter().map(fine).collect::<Vec<_>>();
    let thick = |width: f64| libm::round(width * RESOLUTION) as u32;
    let size = (thick(scene.canvas.width()), thick(scene.canvas.height()));
    let mut buffer = String::new();
    {
        let root = SVGBackend::with_string(&mut buffer, size).into_drawing_area();
        for mark in marks {
            match mark {
                Mark::Polygon(points, color, opacity) => {
                    root.draw(&Polygon::new(all(points), style(*color, *opacity).filled()))
                }
                Mark::Path(points, color, width) => {
                    root.draw(&PathElement::new(all(points), style(*color, 1.0).stroke_width(thick(*width))))
                }
                Mark::Dashed(points, color, width) => {
                    let stroke = style(*color, 1.0).stroke_width(thick(*width));
                    let (dash, gap) = (thick(width * 3.0), thick(width * 2.6));
                    let dashes = plotters::element::DashedPathElement::new(all(points), dash, gap, stroke);
                    root.draw(&dashes)
                }
                Mark::Disc(center, radius, color) => {
                    root.draw(&Circle::new(fine(center), thick(*radius), style(*color, 1.0).filled()))
                }
                Mark::Hatched(..) => Ok(()),
            }
            .expect("drawing into memory");
        }
        root.present().expect("drawing into memory");
    }
    let from = buffer.find(">\n").map_or(0, |at| at + 2);
    let to = buffer.rfind("</svg>").unwrap_or(buffer.len());
    // Opacity of the one shape it stands at, which takes a renderer no layer of its own.
    buffer.get(from..to).unwrap_or_default().replace("<polygon opacity=", "<polygon fill-opacity=")
}

fn hatched(points: &[(f64, f64)], color: Rgb, id: &str) -> String {
    let corners: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    format!("<polygon fill=\"url(#{})\" points=\"{}\"/>\n", hatch_id(id, color), corners.join(" "))
}

fn hatch_id(id: &str, color: Rgb) -> String {
    format!("{id}-hatch-{}", color.css().trim_start_matches('#'))
}

fn hatch_pattern(id: &str, color: Rgb, ground: Rgb, scale: f64) -> String {
    let (step, line) = (px(9.0 * scale), px(2.6 * scale));
    format!(
        "<pattern id=\"{}\" width=\"{step}\" height=\"{step}\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"{step}\" height=\"{step}\" fill=\"{}\"/>\
         <rect width=\"{line}\" height=\"{step}\" fill=\"{}\"/></pattern>",
        hatch_id(id, color),
        ground.mixed(color, 0.12).css(),
        ground.mixed(color, 0.75).css()
    )
}

fn written(text: &Text, theme: Theme) -> String {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if text.weight == Weight::Bold { " font-weight=\"700\"" } else { "" };
    let halo = if text.halo {
        let (ground, rim) = (theme.ground().css(), px(text.size * 0.2));
        format!(
            " stroke=\"{ground}\" stroke-width=\"{rim}\" stroke-linejoin=\"round\" paint-order=\"stroke\""
        )
    } else {
        String::new()
    };
    format!(
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{weight}{halo}>{}</text>\n",
        px(text.x),
        px(text.y),
        px(text.size),
        text.color.css(),
        xml(&text.words)
    )
}

/// The style of a picture: its fonts.
fn font_faces() -> &'static str {
    static FACES: OnceLock<String> = OnceLock::new();
    FACES.get_or_init(|| format!("<style>\n{}{}</style>\n", font_face(REGULAR, 400), font_face(BOLD, 700)))
}

/// What lies below everything.
fn ground(theme: Theme) -> String {
    format!("<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>", theme.ground().css())
}

fn font_face(bytes: &[u8], weight: u32) -> String {
    let code = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!(
        "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{code}) format(\"truetype\")}}\n"
    )
}

/// The scene as an SVG document; `id` keeps its names apart from another picture's on one page. The same scene gives the same bytes.
pub fn svg(scene: &Scene, theme: Theme, scale: f64, id: &str, title: &str, description: &str) -> String {
    let mut out = String::new();
    let (width, height) = (px(scene.canvas.width()), px(scene.canvas.height()));
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n",
        xml(title),
        xml(description)
    );
    out.push_str(font_faces());
    let mut colors: Vec<Rgb> = Vec::new();
    for mark in &scene.marks {
        if let Mark::Hatched(_, color) = mark
            && !colors.contains(color)
        {
            colors.push(*color);
        }
    }
    let hatch: String = colors.iter().map(|color| hatch_pattern(id, *color, theme.ground(), scale)).collect();
    let _ = write!(out, "<defs>{hatch}</defs>\n{}\n", ground(theme));
    let mut run: Vec<&Mark> = Vec::new();
    let flush = |run: &mut Vec<&Mark>, out: &mut String| {
        if !run.is_empty() {
            let finer = px(1.0 / RESOLUTION);
            let _ = write!(
                out,
                "<g transform=\"scale({finer})\" stroke-linejoin=\"round\">\n{}</g>\n",
                plotted(run, scene)
            );
            run.clear();
        }
    };
    for mark in &scene.marks {
        if let Mark::Hatched(points, color) = mark {
            flush(&mut run, &mut out);
            out.push_str(&hatched(points, *color, id));
        } else {
            run.push(mark);
        }
    }
    flush(&mut run, &mut out);
    out.push_str("<g font-family=\"Inter\" font-variant-ligatures=\"none\" xml:space=\"preserve\">\n");
    for text in &scene.texts {
        out.push_str(&written(text, theme));
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Pixels of a PNG in a pixel of the SVG.
const PNG_SCALE: f32 = 2.0;

/// The SVG as a PNG of twice its size, with the embedded fonts and no others.
///
/// # Panics
/// If `svg` is not one of ours.
pub fn png(svg: &str, theme: Theme) -> Vec<u8> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut database = usvg::fontdb::Database::new();
        database.load_font_data(REGULAR.to_vec());
        database.load_font_data(BOLD.to_vec());
        Arc::new(database)
    });
    let options =
        usvg::Options { font_family: "Inter".to_string(), fontdb: fonts.clone(), ..usvg::Options::default() };
    // The renderer has the fonts already, and pixels begin as the ground: both are dear to read and to draw.
    let rest = svg.replacen(font_faces(), "", 1).replacen(&ground(theme), "", 1);
    let tree = usvg::Tree::from_str(&rest, &options).expect("our own SVG");
    let (width, height) = (tree.size().width() * PNG_SCALE, tree.size().height() * PNG_SCALE);
    let mut pixels = tiny_skia::Pixmap::new(width as u32, height as u32).expect("a canvas of positive size");
    let Rgb(red, green, blue) = theme.ground();
    pixels.fill(tiny_skia::Color::from_rgba8(red, green, blue, u8::MAX));
    let transform = tiny_skia::Transform::from_scale(PNG_SCALE, PNG_SCALE);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    encoded(pixels)
}

/// Drops the fourth byte of every pixel, where the pixels lie: they take more memory than all else of a picture.
fn without_alpha(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / 4;
    // Four pixels at a time: what they become lies before what is still to be read.
    for i in 0..count / 4 {
        let mut four = [0; 16];
        four.copy_from_slice(&pixels[16 * i..][..16]);
        let four = u128::from_le_bytes(four);
        let color = |pixel: u32| (four >> (32 * pixel) & 0xFF_FFFF) << (24 * pixel);
        let colors = (color(0) | color(1) | color(2) | color(3)).to_le_bytes();
        pixels[12 * i..][..12].copy_from_slice(&colors[..12]);
    }
    for i in count / 4 * 4..count {
        pixels.copy_within(4 * i..4 * i + 3, 3 * i);
    }
    pixels.truncate(3 * count);
    pixels
}

/// Pixels as a PNG. The ground covers all of a picture, so none is seen through.
fn encoded(pixels: tiny_skia::Pixmap) -> Vec<u8> {
    debug_assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == u8::MAX));
    let (width, height) = (pixels.width(), pixels.height());
    let colors = without_alpha(pixels.take());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    // Most pixels are the one above.
    encoder.set_filter(png::FilterType::Up);
    let mut writer = encoder.write_header().expect("encoding into memory");
    writer.write_image_data(&colors).expect("encoding into memory");
    writer.finish().expect("encoding into memory");
    bytes
}
