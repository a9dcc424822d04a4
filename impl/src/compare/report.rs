//! What a comparison says: a row for each allocator, and the figures that this system's default is to reach.

use serde::Serialize;

use super::allocator::Allocator;
use super::arrivals::even_milli;
use super::scenario::{
    Effort, HOT_LOAD_MILLI, HOT_MILLI, InTime, LOADS_MILLI, SKEWS, Steady, Step, in_time, steady,
    step,
};
use super::setup::Setup;

/// One allocator under everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it does, in a line.
    pub about: &'static str,
    /// With one hot server.
    pub hot: Steady,
    /// What it completes in time, for each skew.
    pub in_time: Vec<InTime>,
    /// From little load to far too much, for no server more than for another.
    pub loads: Vec<Steady>,
    /// A step up and back.
    pub step: Step,
}

/// Measures one allocator.
pub fn row(setup: &Setup, allocator: &Allocator, effort: Effort) -> Row {
    let even_milli = even_milli(setup.servers());
    Row {
        name: allocator.name.clone(),
        about: allocator.about,
        hot: steady(setup, allocator, (HOT_LOAD_MILLI, HOT_MILLI), effort),
        in_time: SKEWS.iter().map(|skew| in_time(setup, allocator, *skew, effort)).collect(),
        loads: LOADS_MILLI
            .iter()
            .map(|load| steady(setup, allocator, (*load, even_milli), effort))
            .collect(),
        step: step(setup, allocator, effort),
    }
}

/// A figure to reach, in whole units or thousandths of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figure {
    /// What is measured.
    pub name: String,
    /// What is to be reached.
    pub to_reach: String,
    /// What is.
    pub reached: String,
    /// Whether that is enough.
    pub holds: bool,
}

/// The mean response with a hot server, over that of the ideal, in thousandths, at most.
const RESPONSE_MILLI_MAX: u64 = 1_120;
/// What is completed in time with skewed homes, over what is without an allocator, in thousandths, at least.
const COMPLETED_MILLI_MIN: u64 = 1_400;
/// Goodput under too much load, in thousandths of capacity, at least.
const GOODPUT_MILLI_MIN: u64 = 950;
/// Interactive requests that are answered while all of them fit, in thousandths, at least.
const INTERACTIVE_MILLI_MIN: u64 = 994;
/// How long after a step waits are as before, at most.
const BACK_US_MAX: u64 = 500_000;
/// The loads of "too much", in thousandths of capacity.
const TOO_MUCH_MILLI: [u64; 2] = [2_000, 4_000];
/// The skew at which what is completed in time counts.
const SKEW: u64 = 2;

/// The figures of one allocator beside the ideal and none.
///
/// # Panics
/// A row lacks a load or a skew that every row has.
pub fn figures(setup: &Setup, row: &Row, ideal: &Row, none: &Row) -> Vec<Figure> {
    let mut figures = vec![response(row, ideal), completed(row, none)];
    for load_milli in TOO_MUCH_MILLI {
        let steady = row.loads.iter().find(|steady| steady.load_milli == load_milli);
        let steady = steady.expect("every row has this load");
        figures.push(goodput(steady));
        let share =
            u64::from(setup.classes[0]) * 1_000 / u64::from(setup.classes.iter().sum::<u32>());
        if load_milli * share <= 1_000_000 {
            figures.push(interactive(steady));
        }
    }
    figures.push(back(row));
    figures
}

fn response(row: &Row, ideal: &Row) -> Figure {
    let milli = row.hot.all.response_us * 1_000 / ideal.hot.all.response_us.max(1);
    Figure {
        name: "mean response at 80 % load with one hot query server, over the ideal".to_owned(),
        to_reach: format!("≤ {}x", decimal(RESPONSE_MILLI_MAX)),
        reached: format!("{}x", decimal(milli)),
        holds: milli <= RESPONSE_MILLI_MAX,
    }
}

fn completed(row: &Row, none: &Row) -> Figure {
    let at = |row: &Row| {
        let found = row.in_time.iter().find(|in_time| in_time.skew == SKEW);
        found.expect("every row has this skew").per_second_milli
    };
    let milli = (at(row) * 1_000).checked_div(at(none)).unwrap_or(u64::MAX);
    Figure {
        name: format!(
            "completed a second at equal 99th percentile, homes skewed {SKEW}x, over no allocator"
        ),
        to_reach: format!("≥ {}x", decimal(COMPLETED_MILLI_MIN)),
        reached: format!("{}x", decimal(milli)),
        holds: milli >= COMPLETED_MILLI_MIN,
    }
}

fn goodput(steady: &Steady) -> Figure {
    Figure {
        name: format!("goodput when offered {}x capacity", steady.load_milli / 1_000),
        to_reach: format!("≥ {}", decimal(GOODPUT_MILLI_MIN)),
        reached: decimal(steady.goodput_milli),
        holds: steady.goodput_milli >= GOODPUT_MILLI_MIN,
    }
}

fn interactive(steady: &Steady) -> Figure {
    let answered = steady.classes[0].answered_milli();
    Figure {
        name: format!("interactive requests answered then, at {}x", steady.load_milli / 1_000),
        to_reach: format!("≥ {} %", percent(INTERACTIVE_MILLI_MIN)),
        reached: format!("{} %", percent(answered)),
        holds: answered >= INTERACTIVE_MILLI_MIN,
    }
}

fn back(row: &Row) -> Figure {
    let back_us = row.step.all_back_after_us;
    Figure {
        name: "waits as before, after a step to 1.4x and back".to_owned(),
        to_reach: format!("≤ {} ms", BACK_US_MAX / 1_000),
        reached: back_us.map_or("never".to_owned(), |us| format!("{} ms", us / 1_000)),
        holds: back_us.is_some_and(|us| us <= BACK_US_MAX),
    }
}

/// Thousandths as a number of two places, rounded down.
fn decimal(milli: u64) -> String {
    format!("{}.{:02}", milli / 1_000, milli % 1_000 / 10)
}

/// Thousandths as a percentage.
fn percent(milli: u64) -> String {
    format!("{}.{}", milli / 10, milli % 10)
}
