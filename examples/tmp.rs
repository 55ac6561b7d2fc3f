//! tmp
fn main() {
    use loophole::chart::text::{Weight, width};
    for s in [
        "as of",
        "as\u{a0}of",
        "Wind-down (as",
        "4 paths · seed 7",
        "4\u{a0}paths · seed\u{a0}7 · loophole\u{a0}0.1.0",
        "2026-11-24)",
        ") ·",
        "11",
        "2026",
        "-1",
        "1-",
        "loophole",
        "0.1.0",
    ] {
        println!("{s:?} {}", width(s, 2048.0, Weight::Regular));
    }
}
