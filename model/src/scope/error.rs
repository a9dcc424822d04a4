//! What is wrong with a scope file, where, and what was expected instead.

use std::fmt;
use std::ops::Range;

/// A fault of a scope file, with its place.
///
/// It displays as one line, `file:line:column: message; expected …; did you mean …?`. A program that would rather
/// show the line itself finds the bytes in [`span`](Self::span), and the words for its label and note in
/// [`message`](Self::message) and [`hint`](Self::hint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeError {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The bytes of the text that are at fault: within the text and at the borders of characters; may be empty.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected; empty when the message says it all.
    pub expected: String,
    /// The known name that was probably meant.
    pub nearest: Option<String>,
}

impl ScopeError {
    /// An error at `span` of `text`, whose line and column it finds out.
    pub(super) fn new(
        file: &str,
        text: &str,
        span: Range<usize>,
        message: String,
        expected: String,
        nearest: Option<String>,
    ) -> Self {
        let start = border(text, span.start);
        let end = border(text, span.end).max(start);
        let (line, column) = line_and_column(text, start);
        Self { file: file.to_owned(), line, column, span: start..end, message, expected, nearest }
    }

    /// What was expected and what was probably meant, without the place and the message; empty if there is nothing.
    pub fn hint(&self) -> String {
        let expected = (!self.expected.is_empty()).then(|| format!("expected {}", self.expected));
        let nearest = self.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
        expected.into_iter().chain(nearest).collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for ScopeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = self.hint();
        let separator = if hint.is_empty() { "" } else { "; " };
        write!(
            formatter,
            "{}:{}:{}: {}{separator}{hint}",
            self.file, self.line, self.column, self.message
        )
    }
}

impl std::error::Error for ScopeError {}

/// The last border between characters at or before `offset`.
fn border(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Line and column, from 1, of a border between characters. A byte order mark takes no column.
fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
    (saturated(line), saturated(column))
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_survive_any_offset() {
        let text = "\u{feff}ä = 1\r\nöü = 2\n";
        let place = |offset| {
            let error =
                ScopeError::new("f", text, offset..offset, String::new(), String::new(), None);
            (error.line, error.column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 1), "after the byte order mark");
        assert_eq!(place(5), (1, 2), "after a letter of two bytes");
        assert_eq!(place(4), (1, 1), "within a letter");
        assert_eq!(place(text.find("= 2").expect("there")), (2, 4));
        assert_eq!(place(usize::MAX), (3, 1));
    }
}
