//! The few colours. Text is painted as it is made; where it goes decides whether the paint is kept.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// For what is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what is not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what must not be overlooked.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// For what the eye should find first.
pub(crate) const STRONG: Style = Style::new().bold();
/// For what the eye may skip.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// For everything else.
pub(crate) const PLAIN: Style = Style::new();

/// Something in a style.
pub(crate) struct Painted<T> {
    what: T,
    style: Style,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.style, self.what, self.style)
    }
}

/// Paints something.
pub(crate) fn paint<T: fmt::Display>(style: Style, what: T) -> Painted<T> {
    Painted { what, style }
}

pub(crate) fn bad<T: fmt::Display>(what: T) -> Painted<T> {
    paint(BAD, what)
}
pub(crate) fn warn<T: fmt::Display>(what: T) -> Painted<T> {
    paint(WARN, what)
}
pub(crate) fn strong<T: fmt::Display>(what: T) -> Painted<T> {
    paint(STRONG, what)
}
pub(crate) fn faint<T: fmt::Display>(what: T) -> Painted<T> {
    paint(FAINT, what)
}

/// Whether standard error shows colour: it is a terminal, and `NO_COLOR` does not forbid it.
pub(crate) fn stderr_has_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
