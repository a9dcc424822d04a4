//! The strokes that a diagram is made of, as SVG text.

use std::fmt::Write;

/// The width of a character as a part of its height. No font is measured, so this is on the generous side.
const NARROW: f64 = 0.56;
const WIDE: f64 = 1.05;

#[derive(Clone, Copy)]
/// Which point of a text stands where it is put.
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A box with round corners around this point.
pub(super) fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, style: &str) {
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let _ = writeln!(
        svg,
        r#"<rect x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" rx="5" {style}/>"#
    );
}

/// A text on one line.
pub(super) fn text_at(
    svg: &mut String,
    text: &str,
    x: f64,
    y: f64,
    anchor: Anchor,
    color: &str,
    size: f64,
) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{}</text>"#,
        escape(text)
    );
}

/// About how wide a text is.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let em = |char: char| if char < '\u{2e80}' { NARROW } else { WIDE };
    text.chars().map(em).sum::<f64>() * size
}

/// Text as XML takes it. Control characters, most of which XML forbids, become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            _ if char.is_control() => escaped.push(' '),
            _ => escaped.push(char),
        }
    }
    escaped
}
