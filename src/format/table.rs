//! Rows of cells, in columns as wide as need be.

use anstyle::Style;
use console::Term;

use crate::style::{self, paint};

/// A cell of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    /// A cell in a style.
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Cell {
        Cell { text: text.into(), style, right: false }
    }

    /// A plain cell.
    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell::new(text, style::PLAIN)
    }

    /// The same, aligned to the right as numbers are.
    pub(crate) fn right(mut self) -> Cell {
        self.right = true;
        self
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// The rows as text, indented by two, columns two apart. On a terminal the last column goes on below itself; elsewhere a
/// row is a line, so that it greps.
pub(crate) fn table(rows: &[Vec<Cell>]) -> String {
    within(rows, terminal_width(), wrapped)
}

/// The same, but on a terminal the last column is cut off where it does not fit, so that every row is a line there too.
pub(crate) fn table_of_lines(rows: &[Vec<Cell>]) -> String {
    within(rows, terminal_width(), clipped)
}

fn terminal_width() -> usize {
    Term::stdout().size_checked().map_or(usize::MAX, |(_, width)| usize::from(width))
}

/// What becomes of a text that is wider than it may be.
type Fit = fn(&str, usize) -> Vec<String>;

fn within(rows: &[Vec<Cell>], width_max: usize, fit: Fit) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let start: usize = widths.iter().rev().skip(1).map(|width| width + GAP).sum::<usize>() + GAP;
    let last_max = width_max.saturating_sub(start).max(LAST_MIN);
    let fitted = |row: &Vec<Cell>| match row.last() {
        Some(last) if row.len() == columns && last.width() > last_max => {
            folded(row, fit(&last.text, last_max))
        }
        _ => vec![row.clone()],
    };
    rows.iter().flat_map(fitted).map(|row| line(&row, &widths)).collect()
}

/// Blanks before a column.
const GAP: usize = 2;
/// The last column is not made narrower than this, however narrow the terminal.
const LAST_MIN: usize = 20;

/// A row whose last cell is these lines, as rows.
fn folded(row: &[Cell], lines: Vec<String>) -> Vec<Vec<Cell>> {
    let Some((last, before)) = row.split_last() else { return Vec::new() };
    let rows = lines.into_iter().enumerate().map(|(at, text)| {
        let blank = |cell: &Cell| if at == 0 { cell.clone() } else { Cell::plain("") };
        before.iter().map(blank).chain([Cell { text, ..last.clone() }]).collect()
    });
    rows.collect()
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut gap = 0; // blanks are written before a text only, so that no line ends with one
    for (cell, width) in row.iter().zip(widths) {
        let padding = width.saturating_sub(cell.width());
        gap += GAP;
        if cell.text.is_empty() {
            gap += padding;
            continue;
        }
        let before = gap + if cell.right { padding } else { 0 };
        line += &format!("{:before$}{}", "", paint(cell.style, &cell.text));
        gap = if cell.right { 0 } else { padding };
    }
    line + "\n"
}

/// Text as lines of at most this many characters, as far as its words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text cut off so that it has at most this many characters.
fn clipped(text: &str, width: usize) -> Vec<String> {
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    vec![format!("{}…", kept.trim_end())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_no_line_ends_with_a_blank() {
        let rows = [
            vec![Cell::plain("a"), Cell::plain("7").right(), Cell::plain("x")],
            vec![Cell::plain("bcd"), Cell::plain("11").right(), Cell::plain("")],
            vec![Cell::plain(""), Cell::plain("").right(), Cell::plain("y")],
        ];
        assert_eq!(within(&rows, usize::MAX, wrapped), "  a     7  x\n  bcd  11\n           y\n");
    }

    #[test]
    fn text_wraps_between_words() {
        assert_eq!(wrapped("a bc def ghijkl", 4), ["a bc", "def", "ghijkl"]);
        assert!(wrapped("", 4).is_empty());
        let rows = [vec![Cell::plain("a"), Cell::plain("twenty letters and a few more")]];
        assert_eq!(within(&rows, 20, wrapped), "  a  twenty letters and a\n     few more\n");
        assert_eq!(within(&rows, 20, clipped), "  a  twenty letters and…\n");
    }
}
