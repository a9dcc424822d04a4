//! Rows of cells, in columns as wide as need be.

use anstyle::Style;

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

/// The rows as text, indented by two, columns two apart.
pub(crate) fn table(rows: &[Vec<Cell>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut gap = 0; // blanks are written before a text only, so that no line ends with one
    for (cell, width) in row.iter().zip(widths) {
        let padding = width - cell.width();
        gap += 2;
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
        assert_eq!(table(&rows), "  a     7  x\n  bcd  11\n           y\n");
    }
}
