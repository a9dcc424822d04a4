//! What an engine adds to the model and its properties, on the default scope: `cargo bench --bench engine` prints the table.
//!
//! An engine's own time a successor is what it takes for the whole scope, less what the model takes to list actions, make
//! states and judge them, timed over a sample of the same graph in the same round. All alternate; medians count.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use spillway_checker::{Checker, Packing, fingerprint};
use spillway_model::{Protocol, Scope};
use spillway_properties::sizes::Small;
use spillway_properties::{Checked, CheckedState, SOMETIMES_NAMES};
use stateright::{Checker as _, HasDiscoveries, Model};

/// Rounds; the ways alternate.
const ROUNDS: usize = 5;
/// One state in so many is timed for the model's own cost.
const SAMPLE_EVERY: usize = 8;
/// What the scope has.
const UNIQUE: u64 = 1_819_244;
const GENERATED: u64 = 9_155_977;

type Judged = Checked<Protocol<Small>>;
type State = <Judged as Model>::State;

struct Bytes;

impl Packing<Judged> for Bytes {
    fn pack(&self, _model: &Judged, state: &State, bytes: &mut Vec<u8>) {
        state.pack(bytes);
    }
    fn unpack(&self, _model: &Judged, bytes: &[u8]) -> State {
        CheckedState::unpack(bytes)
    }
}

/// A way to explore: nanoseconds a generated state.
type Way = (&'static str, fn() -> f64);

const WAYS: [Way; 6] = [
    ("spillway, plain", || ours(1, false)),
    ("spillway, packed", || ours(1, true)),
    ("spillway, packed, 2 threads", || ours(2, true)),
    ("stateright BFS", || stateright(1, false)),
    ("stateright BFS, 2 threads", || stateright(2, false)),
    ("stateright DFS", || stateright(1, true)),
];

fn main() -> std::io::Result<()> {
    let (mut model, mut ways) = (Vec::new(), WAYS.map(|_| Vec::new()));
    let sample = sample();
    for _ in 0..ROUNDS {
        model.push(alone(&sample));
        for ((_, run), times) in WAYS.iter().zip(&mut ways) {
            times.push(run());
        }
    }
    let mut out = std::io::stdout().lock();
    let model = median(model);
    let bfs = median(ways[3].clone());
    writeln!(
        out,
        "scope default, ns a generated state, medians of {ROUNDS}; model and properties {model:.0}\n"
    )?;
    writeln!(
        out,
        "| engine | all | its own | over stateright's BFS, 1 thread |\n|---|---|---|---|"
    )?;
    for ((name, _), times) in WAYS.iter().zip(ways) {
        let all = median(times);
        let threads = if name.contains("2 threads") { 2.0 } else { 1.0 };
        writeln!(out, "| {name} | {all:.0} | {:.0} | {:.2}x |", all * threads - model, bfs / all)?;
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn judged() -> Judged {
    let scope = Scope::default_scope(SOMETIMES_NAMES).expect("the default scope is compiled in");
    let expected = scope.sometimes.clone();
    Checked::new(Protocol::new(scope, None)).seeking(|name| expected.iter().any(|one| one == name))
}

/// Some of the states, as breadth-first search meets them.
fn sample() -> Vec<State> {
    let model = judged().unlatched();
    let (mut seen, mut level) = (std::collections::BTreeSet::new(), model.init_states());
    let (mut sample, mut met) = (Vec::new(), 0);
    while !level.is_empty() {
        let mut next = Vec::new();
        for state in level {
            next.extend(
                model.next_states(&state).into_iter().filter(|s| seen.insert(fingerprint(s))),
            );
            met += 1;
            if met % SAMPLE_EVERY == 0 {
                sample.push(state);
            }
        }
        level = next;
    }
    sample
}

/// What the model takes alone: actions, states, and properties, but no hash.
fn alone(sample: &[State]) -> f64 {
    let model = judged().unlatched();
    let properties = model.properties();
    let (mut actions, mut successors) = (Vec::new(), 0u64);
    let begun = Instant::now();
    for state in sample {
        // What is reached is not looked for again: always the guarantees, seldom the situations.
        for property in properties.iter().take(spillway_properties::ALWAYS.len() + 1) {
            assert!((property.condition)(&model, state), "the default scope holds");
        }
        model.actions(state, &mut actions);
        for action in actions.drain(..) {
            black_box(model.next_state(state, action));
            successors += 1;
        }
    }
    begun.elapsed().as_nanos() as f64 / successors as f64
}

fn ours(threads: usize, packed: bool) -> f64 {
    let checker = Checker::new(judged().unlatched()).threads(threads);
    let mut checker = if packed { checker.packed_by(Bytes) } else { checker };
    let report = checker.run().expect("it is explored");
    assert_eq!((report.unique_states, report.generated_states), (UNIQUE, GENERATED));
    report.elapsed.as_nanos() as f64 / GENERATED as f64
}

fn stateright(threads: usize, depth_first: bool) -> f64 {
    let begun = Instant::now();
    // Nothing is violated, so it goes on to the end.
    let builder = judged().checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    let (unique, generated) = if depth_first {
        let checker = builder.spawn_dfs().join();
        (checker.unique_state_count(), checker.state_count())
    } else {
        let checker = builder.spawn_bfs().join();
        (checker.unique_state_count(), checker.state_count())
    };
    assert_eq!((unique as u64, generated as u64), (UNIQUE, GENERATED));
    begun.elapsed().as_nanos() as f64 / GENERATED as f64
}
