//! A comparison as people read it: a table for each load, and the figures.

use spillway_impl::compare::report::{Figure, Row};
use spillway_impl::compare::scenario::{
    HOT_LOAD_MILLI, HOT_MILLI, SKEWS, STEP, Steady, in_time_us,
};
use spillway_impl::compare::setup::Setup;
use spillway_properties::Overall;

use crate::format;
use crate::format::table::{Cell, table};
use crate::style;

/// Loads of the table of too much.
const SHOWN_MILLI: [u64; 3] = [1_000, 2_000, 4_000];

/// All tables.
pub(super) fn all(setup: &Setup, rows: &[Row], figures: &[Figure]) -> String {
    let [interactive, normal, bulk] = setup.classes;
    let mut told = format!(
        "{} query servers, a query of {} on average, a message of {}; of 100 requests {interactive} interactive, {normal} normal, {bulk} bulk\n",
        setup.servers(),
        time(setup.work_us),
        time(setup.hop_us),
    );
    told += &titled(
        &format!("{} % load, {} % of it for one server", HOT_LOAD_MILLI / 10, HOT_MILLI / 10),
        hot(rows),
    );
    told += &titled(
        &format!(
            "Completed a second while 99 % of all are answered within {}, by skew of homes",
            time(in_time_us(setup))
        ),
        in_time(rows),
    );
    told += &titled(
        "Too much for all servers together: goodput, and answered of each class",
        loads(rows),
    );
    told += &titled(
        &format!(
            "Load stepping from {} to {} and back: when waits are as before",
            times(STEP[0].load_milli),
            times(STEP[1].load_milli)
        ),
        step(rows),
    );
    told += &titled("To reach, with the default allocator", to_reach(figures));
    told
}

/// The last line.
pub(super) fn verdict(verdict: Overall, figures: &[Figure]) -> String {
    let missed: Vec<&str> =
        figures.iter().filter(|figure| !figure.holds).map(|figure| figure.name.as_str()).collect();
    let sentence = match missed.as_slice() {
        [] => "the default allocator reaches every figure".to_owned(),
        missed => format!("the default allocator misses: {}", missed.join("; ")),
    };
    format!("\n{}", format::verdict_line(verdict, &sentence))
}

fn titled(title: &str, rows: Vec<Vec<Cell>>) -> String {
    format!("\n{}\n\n{}", style::strong(title), table(&rows))
}

fn head(names: &[&str]) -> Vec<Cell> {
    let cell = |(at, name): (usize, &&str)| {
        let cell = Cell::new(*name, style::FAINT);
        if at == 0 { cell } else { cell.right() }
    };
    names.iter().enumerate().map(cell).collect()
}

fn numbers(name: &str, numbers: impl IntoIterator<Item = String>) -> Vec<Cell> {
    let numbers = numbers.into_iter().map(|number| Cell::plain(number).right());
    std::iter::once(Cell::plain(name)).chain(numbers).collect()
}

fn hot(rows: &[Row]) -> Vec<Vec<Cell>> {
    let ideal_us = rows[0].hot.all.response_us.max(1);
    let mut lines = vec![head(&[
        "",
        "mean",
        "over ideal",
        "p50",
        "p99",
        "interactive waits",
        "normal",
        "bulk",
        "refused",
    ])];
    lines.extend(rows.iter().map(|row| {
        let Steady { all, classes, .. } = &row.hot;
        let mut cells = vec![
            time(all.response_us),
            format!("{:.2}x", all.response_us as f64 / ideal_us as f64),
            time(all.p50_us),
            time(all.p99_us),
        ];
        cells.extend(classes.iter().map(|class| time(class.wait_us)));
        cells.push(percent((all.refused + all.given_up) * 1_000 / all.asked.max(1)));
        numbers(&row.name, cells)
    }));
    lines
}

fn in_time(rows: &[Row]) -> Vec<Vec<Cell>> {
    let skews: Vec<String> = SKEWS.iter().map(|skew| format!("{skew}x")).collect();
    let mut names = vec![""];
    names.extend(skews.iter().map(String::as_str));
    let mut lines = vec![head(&names)];
    lines.extend(rows.iter().map(|row| {
        let cells = row.in_time.iter().map(|one| (one.per_second_milli / 1_000).to_string());
        numbers(&row.name, cells)
    }));
    lines
}

fn loads(rows: &[Row]) -> Vec<Vec<Cell>> {
    let mut lines = vec![head(&["", "offered", "goodput", "interactive", "normal", "bulk"])];
    for row in rows {
        let shown = row.loads.iter().filter(|steady| SHOWN_MILLI.contains(&steady.load_milli));
        for (at, steady) in shown.enumerate() {
            let mut cells = vec![times(steady.load_milli), percent(steady.goodput_milli)];
            cells.extend(steady.classes.iter().map(|class| percent(class.answered_milli())));
            lines.push(numbers(if at == 0 { &row.name } else { "" }, cells));
        }
    }
    lines
}

fn step(rows: &[Row]) -> Vec<Vec<Cell>> {
    let mut lines =
        vec![head(&["", "all", "interactive", "normal", "bulk", "refused meanwhile", "", ""])];
    lines.extend(rows.iter().map(|row| {
        let back = |us: &Option<u64>| us.map_or("never".to_owned(), time);
        let mut cells = vec![back(&row.step.all_back_after_us)];
        cells.extend(row.step.back_after_us.iter().map(back));
        cells.extend(row.step.refused_milli.iter().map(|milli| percent(*milli)));
        numbers(&row.name, cells)
    }));
    lines
}

fn to_reach(figures: &[Figure]) -> Vec<Vec<Cell>> {
    let line = |figure: &Figure| {
        let mark = match figure.holds {
            true => Cell::new("✓", style::GOOD),
            false => Cell::new("✗", style::BAD),
        };
        let number = |text: &str| Cell::plain(text).right();
        vec![mark, Cell::plain(&figure.name), number(&figure.to_reach), number(&figure.reached)]
    };
    figures.iter().map(line).collect()
}

fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

fn times(milli: u64) -> String {
    format!("{}x", milli as f64 / 1e3)
}

fn percent(milli: u64) -> String {
    format!("{:.1} %", milli as f64 / 10.0)
}
