//! `spillway check --random`: its options, and the words that random walks need beside those of an exploration.

use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use spillway_properties::random::{
    self, Distinct, FAULT_PERCENT, Longest, MEMORY_MIB, Options, SEEDS_MAX, STEPS_MAX, Walked,
    Walks,
};
use spillway_properties::{Finding, Kind, Overall, Report, SCOPE_BOUNDS, Verdict};

use super::words::{self, why_stopped};
use super::{Done, threads, until};
use crate::failure::Failure;
use crate::format::number::{count, counted, probability, rate, seconds};
use crate::progress::Line;
use crate::trace_file::{Subject, shell};

/// What the JSON object names as the engine.
pub(super) const ENGINE: &str = "random";
/// The seeds if none are given.
const SEEDS: &str = "0..1000";
/// The steps of a walk if nothing is said.
const STEPS: &str = "1000";

/// The options of random walks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Random walks")]
pub(super) struct WalkArgs {
    /// Walk at random instead of exploring. What breaks is found on the walk with the lowest seed, and shrunk.
    #[arg(long, conflicts_with_all = ["states_max", "depth_max", "engine"])]
    pub(super) random: bool,
    /// The seeds, from A up to but without B: one walk for each, the same on every machine that has this version.
    #[arg(long, value_name = "A..B", requires = "random", default_value = SEEDS, value_parser = seeds)]
    seeds: Range<u64>,
    /// Steps of a walk, at most; 100000 at most. A walk ends before if nothing is left to do.
    #[arg(long, value_name = "N", requires = "random", default_value = STEPS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(STEPS_MAX)))]
    depth: u32,
    /// How often, in a hundred steps at which a fault is possible, one is taken. With 0 none ever is.
    #[arg(long, value_name = "PERCENT", requires = "random", default_value_t = FAULT_PERCENT,
        value_parser = clap::value_parser!(u32).range(0..=100))]
    fault_percent: u32,
}

/// Reads `A..B`.
pub(crate) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let expected = "expected A..B, two whole numbers of which the first is smaller, as in 0..1000";
    let ends = text.split_once("..").ok_or(expected)?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u64>());
        let number = number.ok_or_else(|| expected.to_owned())?;
        number.map_err(|_| format!("a seed is at most {}; {expected}", u64::MAX))
    };
    let (start, end) = (number(ends.0)?, number(ends.1)?);
    match end.checked_sub(start) {
        None | Some(0) => Err(format!("there is no seed in it; {expected}")),
        Some(seeds) if seeds > SEEDS_MAX => {
            Err(format!("these are {seeds} seeds; expected {SEEDS_MAX} at most"))
        }
        Some(_) => Ok(start..end),
    }
}

/// Walks.
pub(super) fn walk(
    args: &super::Args,
    subject: &Subject,
) -> Result<(Report, Option<Walks>), Failure> {
    let options = Options {
        property: args.property,
        mutant: subject.mutant,
        until: until(args),
        threads: threads(args),
        seeds: args.walks.seeds.clone(),
        steps_max: args.walks.depth,
        fault_percent: args.walks.fault_percent,
        seconds_max: args.seconds_max,
        memory_mib_max: args.memory_max.unwrap_or(MEMORY_MIB),
    };
    let line = Line::new(None);
    let walked = random::check(&subject.scope, &options, &mut |progress| line.show_walks(progress));
    let Walked { report, walks } = walked.map_err(Failure::input)?;
    Ok((report, Some(walks)))
}

/// The seed of the walk that shows a property, or a bound that did not suffice.
pub(super) fn seed(walks: &Walks, property: &str) -> Option<u64> {
    let sighting = walks.sighting(property).map(|sighting| sighting.seed);
    sighting.or(walks.bound_seed.filter(|_| property == SCOPE_BOUNDS))
}

/// The verdict in a sentence, which never says that anything holds.
pub(super) fn summary(done: &Done<'_>, walks: &Walks) -> String {
    let name = &done.report.scope;
    match (done.report.overall(), done.report.stopped) {
        (Overall::Fail, _) => format!("{name} fails: {}", words::wrong(done)),
        (Overall::Inconclusive, Some(stopped)) => format!(
            "{name} is inconclusive: {}; {} of {} made",
            why_stopped(stopped, done),
            count(number(walks.walked)),
            words::are(number(walks.seeds.end - walks.seeds.start), "walk")
        ),
        (Overall::Inconclusive, None) => {
            let open = done.report.findings.iter().find(|finding| finding.counts);
            let open = open.map_or_else(String::new, |finding| not_met(finding, walks));
            format!("{name} is inconclusive: {open}")
        }
        (Overall::Pass, _) => match done.report.findings.as_slice() {
            [only] if only.kind == Kind::Sometimes => format!("{name}: {}", words::headline(only)),
            _ => format!("{name} is not violated on {}; that is no proof", on(walks)),
        },
    }
}

/// That a property was not broken, or not reached, and why that says little.
pub(super) fn not_met(finding: &Finding, walks: &Walks) -> String {
    format!("{} on {}; that is no proof", word(finding), on(walks))
}

fn on(walks: &Walks) -> String {
    let steps = counted(walks.steps_max as usize, "step");
    format!("{} of at most {steps}", counted(number(walks.walked), "random walk"))
}

/// A verdict in a word or two.
pub(super) fn word(finding: &Finding) -> &'static str {
    match (finding.verdict, finding.kind) {
        (Verdict::Inconclusive, Kind::Always) => "not violated",
        (Verdict::Inconclusive, Kind::Sometimes) => "not reached",
        (verdict, _) => words::word(verdict),
    }
}

/// Where a property was met.
pub(super) fn place(finding: &Finding, walks: &Walks) -> Option<String> {
    let met = walks.sighting(finding.name)?;
    let after = counted(met.step as usize, "step");
    Some(match finding.kind {
        Kind::Always => {
            let shrunk = finding.path.as_ref().map_or(0, Vec::len);
            format!("after {}, shrunk from {after} of seed {}", counted(shrunk, "step"), met.seed)
        }
        _ => format!(
            "on {}, first after {after} of seed {}",
            counted(number(met.walks), "walk"),
            met.seed
        ),
    })
}

/// How much was walked.
pub(super) fn facts(report: &Report, walks: &Walks) -> Vec<(&'static str, String)> {
    let longest = walks.longest.map_or_else(String::new, |longest| {
        format!(", the longest {} of seed {}", count(longest.steps as usize), longest.seed)
    });
    let walked = format!(
        "{} from seed {} on, {}{longest}; {} ended early, with nothing left to do",
        counted(number(walks.walked), "walk"),
        walks.seeds.start,
        counted(number(walks.steps), "step"),
        count(number(walks.ended_early)),
    );
    let met = format!(
        "{} states and {} transitions that differ",
        at_least(walks.states),
        at_least(walks.transitions)
    );
    let took = format!(
        "{} on {}, {}",
        seconds(report.seconds),
        counted(report.threads, "thread"),
        rate(number(walks.steps), report.seconds)
    );
    let missed = probability(report.collision_probability());
    let collisions = format!("a state was not counted with probability {missed} at most");
    vec![("walked", walked), ("met", met), ("took", took), ("collisions", collisions)]
}

fn at_least(distinct: Distinct) -> String {
    let more = if distinct.at_least { "at least " } else { "" };
    format!("{more}{}", count(distinct.count))
}

/// The command that makes the walk again on which a property was met.
pub(super) fn again(done: &Done<'_>, walks: &Walks, property: &str) -> Option<String> {
    let seed = seed(walks, property)?;
    let scope = done.file.as_ref().unwrap_or(&done.report.scope);
    let mut command = format!("spillway check {}", shell(Path::new(scope)));
    if let Some(mutant) = done.report.mutant {
        command += &format!(" --mutant {mutant}");
    }
    if property != SCOPE_BOUNDS {
        command += &format!(" --property {property}");
    }
    // A seed is below the end of a range, so that there is a number after it.
    command += &format!(" --random --seeds {seed}..{}", seed.saturating_add(1));
    for (option, value, default) in [
        ("depth", walks.steps_max, STEPS.to_owned()),
        ("fault-percent", walks.fault_percent, FAULT_PERCENT.to_string()),
    ] {
        if value.to_string() != default {
            command += &format!(" --{option} {value}");
        }
    }
    Some(command)
}

/// The walks in JSON.
#[derive(Serialize)]
pub(super) struct Object {
    seeds: [u64; 2],
    walked: u64,
    steps_max: u32,
    fault_percent: u32,
    steps: u64,
    ended_early: u64,
    longest: Option<Longest>,
    states: Distinct,
    transitions: Distinct,
    met: Vec<Met>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_seed: Option<u64>,
}

/// Where something was met, in JSON.
#[derive(Serialize)]
struct Met {
    name: &'static str,
    walks: u64,
    seed: u64,
    step: u32,
}

/// The object.
pub(super) fn object(walks: &Walks) -> Object {
    let met = walks.sightings.iter();
    Object {
        seeds: [walks.seeds.start, walks.seeds.end],
        walked: walks.walked,
        steps_max: walks.steps_max,
        fault_percent: walks.fault_percent,
        steps: walks.steps,
        ended_early: walks.ended_early,
        longest: walks.longest,
        states: walks.states,
        transitions: walks.transitions,
        met: met
            .map(|m| Met { name: m.name, walks: m.walks, seed: m.seed, step: m.step })
            .collect(),
        bound_seed: walks.bound_seed,
    }
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
