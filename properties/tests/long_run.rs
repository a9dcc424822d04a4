//! A run of any length costs the same at each step: a hundred thousand steps, every guarantee judged, and the state no
//! larger at the end than at the beginning. The cost is measured in rows, which every step is proportional to, never in
//! time.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_model::size::Table;
use spillway_model::{Growable, Protocol, Scope};
use spillway_properties::random::{LongWalk, Pace};
use spillway_properties::{Checked, SOMETIMES_NAMES};
use spillway_traces::Action;

const STEPS: u64 = 100_000;
/// What is compared: the first so many steps with the last.
const TENTH: u64 = STEPS / 10;
/// Settled history is forgotten after so many steps.
const FORGET_EVERY: u64 = 100;
/// Rows of all tables together, at most: there are 4 to 10 nodes, whatever waits, and the revisions of a while.
const ROWS_MAX: usize = 250;

/// Overflow, and changes of what is shown, over again.
const PLAIN: &str = r#"
name = "long"
about = "The default scope's shape, over and over again."
rounds = 10000
[nodes]
clients = 2
query-servers = 2
[knobs]
threshold = 1
queue-max = 4
window-max = 2
link-max = 32
[[request]]
client = 0
kind = "publish"
home = 0
[[request]]
client = 1
kind = "query"
user = 0
class = "interactive"
home = 0
[[request]]
client = 1
kind = "query"
user = 0
class = "bulk"
home = 0
[faults]
crash-control = 8
"#;

const DISK: &str = r#"
name = "long-disk"
about = "Publishes, deletions and rules, a log that is compacted, and a disk that is flushed."
rounds = 10000
[nodes]
clients = 2
query-servers = 2
[knobs]
threshold = [0, 2]
queue-max = 4
window-max = 2
link-max = 32
disk = "flushed"
[[request]]
client = 0
kind = "publish"
home = 0
[[request]]
client = 1
kind = "query"
user = 0
class = "normal"
home = 0
[[request]]
client = 0
kind = "delete"
home = 1
[[request]]
client = 0
kind = "share"
rule = "nobody"
home = 0
[[request]]
client = 1
kind = "query"
user = 0
class = "bulk"
home = 0
[[request]]
client = 0
kind = "share"
rule = "everyone"
home = 0
[faults]
crash-global = 4
crash-query = 2
reset-global = 4
compact = 8
"#;

const SESSIONS: &str = r#"
name = "long-sessions"
about = "Clients move and give up, servers crash, stop and are cut off."
rounds = 10000
[nodes]
clients = 3
communication-servers = 2
query-servers = 3
sessions = [0, 0, 1]
[knobs]
threshold = [0, 1, 2]
queue-max = 6
window-max = 2
link-max = 32
routing = "any"
strategy = "least-loaded"
[[request]]
client = 0
kind = "publish"
[[request]]
client = 1
kind = "query"
user = 0
class = "normal"
[[request]]
client = 2
kind = "query"
user = 0
class = "bulk"
[[request]]
client = 2
kind = "publish"
[[request]]
client = 1
kind = "query"
user = 2
class = "interactive"
[faults]
moves = 8
cancel = 8
retry = 8
crash-communication = 8
crash-control = 8
stop-control = 4
reset-client = 8
reset-query = 8
reset-control = 8
cut-control = 4
"#;

const STANDBY: &str = r#"
name = "long-standby"
about = "The lease passes, classes age, and servers take turns."
rounds = 10000
[nodes]
clients = 2
query-servers = 3
control-servers = 2
[knobs]
threshold = [0, 1, 1]
queue-max = 6
window-max = 3
link-max = 32
strategy = "round-robin"
overtaken-max = 2
[[request]]
client = 0
kind = "query"
user = 1
class = "bulk"
home = 0
[[request]]
client = 1
kind = "query"
user = 1
class = "interactive"
home = 0
[[request]]
client = 1
kind = "publish"
home = 0
[[request]]
client = 0
kind = "query"
user = 1
class = "normal"
home = 1
[faults]
lease = 8
crash-control = 4
"#;

/// What a run did.
#[derive(Debug)]
struct Did {
    /// The largest state of the first tenth, and of the last.
    rows: (usize, usize),
    largest: usize,
    settled: usize,
    revisions: usize,
    hand_overs: usize,
    faults: usize,
}

fn run(text: &str, fault_every: u32, forget_every: Option<u64>) -> Did {
    let scope = Scope::parse("long.toml", text, SOMETIMES_NAMES).unwrap();
    let checked = Checked::new(Protocol::<Growable>::new(scope, None));
    let mut walk = LongWalk::new(&checked, 1, Pace { fault_every, forget_every });
    let mut did =
        Did { rows: (0, 0), largest: 0, settled: 0, revisions: 0, hand_overs: 0, faults: 0 };
    while walk.steps() < STEPS {
        let action = walk.step().unwrap_or_else(|| panic!("step {}: nothing to do", walk.steps()));
        let (state, steps) = (walk.state(), walk.steps());
        assert_eq!(state.inner.full(), None, "step {steps}");
        assert_eq!(checked.broken(state), Vec::<&str>::new(), "step {steps}");
        let rows = state.rows();
        did.largest = did.largest.max(rows);
        match steps {
            ..=TENTH => did.rows.0 = did.rows.0.max(rows),
            _ if steps > STEPS - TENTH => did.rows.1 = did.rows.1.max(rows),
            _ => {}
        }
        did.hand_overs += usize::from(matches!(action, Action::Offer { .. }));
    }
    let state = &walk.state().inner;
    let issued = |client: spillway_model::rows::Client<u32>| client.issued as usize;
    let issued: usize = state.clients.iter().map(issued).sum();
    let waiting = Table::<u32, spillway_model::rows::Waiting<u32>>::len(&state.waiting);
    did.settled = issued - waiting;
    did.revisions = state.revisions();
    let budgets = |state: &spillway_model::State<Growable>| -> usize {
        state.budgets.iter().map(|left| usize::from(*left)).sum()
    };
    did.faults = budgets(&checked.model().initial()) - budgets(state);
    did
}

fn is_steady(text: &str, fault_every: u32) {
    let did = run(text, fault_every, Some(FORGET_EVERY));
    assert!(did.largest <= ROWS_MAX, "{did:?}");
    assert!(did.rows.1 <= did.rows.0 + did.rows.0 / 4, "it grows: {did:?}");
    assert!(did.settled > 4_000 && did.revisions > 1_000 && did.hand_overs > 1_000, "{did:?}");
    assert!(did.faults > 4, "{did:?}");
}

#[test]
fn the_default_shape_is_steady() {
    is_steady(PLAIN, 2_000);
}

/// A query server that may still lose its replica may ask for the whole log: its crashes come early.
#[test]
fn a_log_that_is_flushed_and_compacted_is_steady() {
    is_steady(DISK, 20);
}

#[test]
fn clients_that_move_and_servers_that_crash_are_steady() {
    is_steady(SESSIONS, 1_000);
}

#[test]
fn a_lease_that_passes_is_steady() {
    is_steady(STANDBY, 4_000);
}

/// The tests above can fail.
#[test]
fn without_forgetting_a_run_grows() {
    let did = run(PLAIN, 2_000, None);
    assert!(did.rows.1 > 4 * did.rows.0 && did.largest > 4 * ROWS_MAX, "{did:?}");
}
