//! A comparison as charts: wait by class and goodput over load, and waits while the load steps up and back.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use spillway_impl::compare::report::Row;
use spillway_impl::compare::scenario::{STEP, WINDOW_US};

use crate::failure::Failure;

/// A line's name and its points.
type Line<'a> = (&'a str, Vec<(f64, f64)>);

struct Chart<'a> {
    file: &'a str,
    title: &'a str,
    x: &'a str,
    y: &'a str,
    lines: Vec<Line<'a>>,
    /// Where lines are cut off above, so that one does not flatten all others.
    y_max: f64,
    /// Places on the x axis that are marked.
    marked: Vec<f64>,
    /// Where lines are not.
    legend: SeriesLabelPosition,
}

const CLASSES: [(&str, &str); 3] = [
    ("wait-interactive.svg", "Wait of interactive requests over load"),
    ("wait-normal.svg", "Wait of normal requests over load"),
    ("wait-bulk.svg", "Wait of bulk requests over load"),
];
/// Waits are drawn up to this.
const WAIT_MS_MAX: f64 = 250.0;
/// Loads are drawn up to this many times capacity where waits are shown.
const WAIT_LOAD_MAX: f64 = 2.0;
/// Whose waits during a step are drawn: with all of them nothing can be seen.
const STEPPING: [&str; 4] = ["ideal", "control", "none", "delay-shedder"];

/// Draws all charts into a new folder; their paths.
///
/// # Errors
/// The folder or a file in it cannot be written.
pub(super) fn write(folder: &Path, rows: &[Row]) -> Result<Vec<String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Input(format!("{} cannot be written: {error}", folder.display()))
    };
    std::fs::create_dir(folder).map_err(|error| failed(&error))?;
    let mut written = Vec::new();
    for chart in charts(rows) {
        let path = folder.join(chart.file);
        draw(&path, &chart).map_err(|error| failed(&error))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn charts(rows: &[Row]) -> Vec<Chart<'_>> {
    let mut charts: Vec<Chart<'_>> =
        CLASSES.iter().enumerate().map(|(at, names)| wait(rows, at, *names)).collect();
    charts.push(goodput(rows));
    charts.push(step(rows));
    charts
}

fn wait<'a>(rows: &'a [Row], class: usize, (file, title): (&'a str, &'a str)) -> Chart<'a> {
    let line = |row: &'a Row| {
        let points = row.loads.iter().filter(|steady| steady.classes[class].answered > 0);
        let of = |us: u64| us as f64 / 1e3;
        let points = points
            .map(|steady| (steady.load_milli as f64 / 1e3, of(steady.classes[class].wait_us)));
        (row.name.as_str(), points.filter(|(load, _)| *load <= WAIT_LOAD_MAX).collect())
    };
    Chart {
        file,
        title,
        x: "offered load, in times of capacity",
        y: "mean wait, ms",
        lines: rows.iter().map(line).collect(),
        y_max: WAIT_MS_MAX,
        marked: vec![1.0],
        legend: SeriesLabelPosition::UpperLeft,
    }
}

fn goodput(rows: &[Row]) -> Chart<'_> {
    let points = |row: &Row| -> Vec<(f64, f64)> {
        let point = |load: u64, good: u64| (load as f64 / 1e3, good as f64 / 1e3);
        row.loads.iter().map(|steady| point(steady.load_milli, steady.goodput_milli)).collect()
    };
    Chart {
        file: "goodput.svg",
        title: "Goodput over load",
        x: "offered load, in times of capacity",
        y: "answered in time, in times of capacity",
        lines: rows.iter().map(|row| (row.name.as_str(), points(row))).collect(),
        y_max: 1.05,
        marked: vec![1.0],
        legend: SeriesLabelPosition::LowerRight,
    }
}

/// The wait of normal requests, which fit even during the step.
fn step(rows: &[Row]) -> Chart<'_> {
    const NORMAL: usize = 1;
    let points = |row: &Row| -> Vec<(f64, f64)> {
        let ms = |us: u64| us as f64 / 1e3;
        let waits = (0..).zip(&row.step.waits_us[NORMAL]);
        waits.filter_map(|(at, wait)| Some((ms(at * WINDOW_US), ms((*wait)?)))).collect()
    };
    let up_ms = STEP[0].lasts_us as f64 / 1e3;
    let shown = rows.iter().filter(|row| STEPPING.contains(&row.name.as_str()));
    Chart {
        file: "step.svg",
        title: "Wait of normal requests while the load steps to 1.4x and back",
        x: "time, ms",
        y: "mean wait, ms",
        lines: shown.map(|row| (row.name.as_str(), points(row))).collect(),
        y_max: WAIT_MS_MAX,
        marked: vec![up_ms, up_ms + STEP[1].lasts_us as f64 / 1e3],
        legend: SeriesLabelPosition::UpperLeft,
    }
}

fn draw(path: &Path, chart: &Chart<'_>) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (960, 540)).into_drawing_area();
    area.fill(&WHITE)?;
    let points = || chart.lines.iter().flat_map(|(_, points)| points);
    let x_max = points().map(|point| point.0).fold(0.0, f64::max);
    let y_max = points().map(|point| point.1).fold(0.0, f64::max).min(chart.y_max);
    let mut drawn = ChartBuilder::on(&area)
        .caption(chart.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..x_max, 0.0..y_max)?;
    drawn.configure_mesh().x_desc(chart.x).y_desc(chart.y).light_line_style(WHITE).draw()?;
    for place in &chart.marked {
        let line = vec![(*place, 0.0), (*place, y_max)];
        drawn.draw_series(LineSeries::new(line, BLACK.mix(0.3)))?;
    }
    for (at, (name, points)) in chart.lines.iter().enumerate() {
        let style = style(at, name);
        let cut = points.iter().map(|(x, y)| (*x, y.min(y_max)));
        drawn
            .draw_series(LineSeries::new(cut, style))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], style));
    }
    drawn
        .configure_series_labels()
        .position(chart.legend.clone())
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

/// What is compared with all others is drawn bold.
fn style(at: usize, name: &str) -> ShapeStyle {
    let width = if ["ideal", "control"].contains(&name) { 3 } else { 1 };
    let color = match name {
        "ideal" => BLACK,
        "control" => RED,
        _ => {
            let (r, g, b) = Palette99::pick(at).rgb();
            RGBColor(r, g, b)
        }
    };
    color.stroke_width(width)
}
