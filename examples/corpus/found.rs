//! What went wrong on the way, one situation each: what the checker, the lockstep of nodes and model, and the simulator
//! have found, and what was believed of guarantees and does not hold. `traces/corpus/found` has the traces.
//!
//! Each is written by hand as the shortest run that comes to the point. What was wrong then is put back by a seeded bug,
//! if there is one; if there is none, by an edit that [`Back::ByHand`] names, made once.

use spillway_model::Scope;
use spillway_model::scope::{Body, Class, Links, Request};
use spillway_properties::{CheckedMachine, SOMETIMES_NAMES};
use spillway_traces::{
    Action, Expect, Header, Machine, Node, Observed, Recorder, RequestId, Source, Spillway, Trace,
    Verdict,
};

use crate::choosing;

/// How what was wrong is put back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Back {
    /// By a seeded bug of the model, which breaks this guarantee in the run.
    Mutant(&'static str, &'static str),
    /// By a seeded bug of the nodes, with which they do something else.
    Bug(&'static str),
    /// By this edit.
    ByHand(&'static str),
}

/// What is expected of the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is taken, like those before.
    Accepted,
    /// It is refused, by the model and by the nodes.
    Refused,
}

/// One thing that went wrong.
#[derive(Debug)]
pub(crate) struct Found {
    /// The name of its trace.
    pub(crate) name: &'static str,
    /// What went wrong.
    pub(crate) why: &'static str,
    /// What puts it back.
    pub(crate) back: Back,
    /// The scope that it is derived from.
    base: &'static str,
    /// What is different there.
    differs: fn(&mut Scope),
    /// The steps, see [`action`].
    steps: &'static str,
    /// Whether nodes choose for themselves what they do: then only what happens to them is in the steps.
    pub(crate) choosing: bool,
    /// How it ends.
    pub(crate) last: Last,
}

impl Found {
    const fn of(name: &'static str, base: &'static str, steps: &'static str) -> Found {
        let (why, back) = ("", Back::ByHand(""));
        let (choosing, last) = (false, Last::Accepted);
        Found { name, why, back, base, differs: |_| (), steps, choosing, last }
    }

    /// The line in the header of its trace.
    pub(crate) fn line(&self) -> String {
        match self.back {
            Back::Mutant(bug, _) | Back::Bug(bug) => {
                format!("{} The seeded bug `{bug}` puts it back.", self.why)
            }
            Back::ByHand(_) => self.why.to_owned(),
        }
    }

    /// Its scope.
    pub(crate) fn scope(&self) -> Scope {
        let mut scope = Scope::builtin(self.base, SOMETIMES_NAMES).expect("the scope is builtin");
        (scope.name, scope.about) = (self.name.to_owned(), self.why.to_owned());
        scope.sometimes.clear();
        (self.differs)(&mut scope);
        scope
    }

    /// The steps that are told.
    pub(crate) fn happens(&self) -> Vec<Action> {
        self.steps.split(',').map(action).collect()
    }

    /// Its steps, those included that nodes choose for themselves.
    fn actions(&self) -> Vec<Action> {
        let told = self.happens();
        match self.choosing {
            true => choosing::run(&self.scope(), &told).into_iter().map(|(step, _)| step).collect(),
            false => told,
        }
    }

    /// What is expected of its trace.
    pub(crate) fn expect(&self) -> Expect {
        match self.last {
            Last::Accepted => Expect::Accepted,
            Last::Refused => Expect::Refused { line: self.actions().len() as u64 + 1 },
        }
    }

    /// Its trace, recorded on the model.
    ///
    /// # Errors
    /// The model refuses a step that it should take, or takes the one that it should refuse.
    pub(crate) fn trace(&self) -> Result<Trace<Spillway>, String> {
        let failed = |what: String| format!("{}: {what}", self.name);
        let mut header = Header::new::<Spillway>(Source::Model, 0, self.scope().to_json());
        (header.expect, header.why) = (Some(self.expect()), Some(self.line()));
        let mut machine = CheckedMachine::new(self.scope(), None);
        let (mut recorder, mut events) = (Recorder::new(), Vec::new());
        let actions = self.actions();
        for (at, action) in actions.iter().enumerate() {
            let last = at + 1 == actions.len() && self.last == Last::Refused;
            let observed = match (machine.step(action), last) {
                (Ok(observed), false) => observed,
                (Err(_), true) => Observed::default(),
                (Ok(_), true) => return Err(failed(format!("{action}: it is taken"))),
                (Err(refusal), false) => return Err(failed(format!("{action}: {refusal}"))),
            };
            events.push(recorder.event(*action, observed));
        }
        let verdict = match self.last {
            Last::Accepted => Verdict::Holds,
            Last::Refused => Verdict::Refused,
        };
        Trace::new(header, events).finish(verdict, None).map_err(|error| failed(error.to_string()))
    }
}

/// The page that lists them, `traces/corpus/README.md`.
pub(crate) fn page() -> String {
    let mut page = String::from(PAGE);
    for found in FOUND {
        let back = match found.back {
            Back::Mutant(bug, property) => {
                format!("`{bug}` in the model, which breaks {property}")
            }
            Back::Bug(bug) => format!("`{bug}` in the nodes"),
            Back::ByHand(edit) => format!("by hand: {edit}"),
        };
        page += &format!("| `{}` | {} | {back} |\n", found.name, found.why);
    }
    page
}

/// The page without its last table.
const PAGE: &str = "\
# The corpus

Traces that are replayed whenever the tests run, and stay when what they found is forgotten. `cargo run --release
--example corpus` writes all of this anew, `tests/corpus.rs` holds it.

* `mutants/`: a shortest counterexample for each seeded bug of the model.
* `scopes/`: a shortest witness for each situation that a scope is there to reach.
* `found/`: one run for each thing that went wrong on the way. The first line of each says why it is there.

`spillway replay --on both FILE` runs one on the nodes and on the model, `spillway show FILE` shows it.

## What went wrong

| trace | why | what puts it back |
|---|---|---|
";

/// Reads a step: `A0>B0` is a delivery, everything else a word and the nodes and requests that it names.
fn action(text: &str) -> Action {
    let words: Vec<&str> = text.split_whitespace().collect();
    let node = |name: &str| name.parse::<Node>().unwrap_or_else(|error| panic!("{text}: {error}"));
    let request = |name: &str| {
        let number = name.strip_prefix('r').and_then(|number| number.parse().ok());
        RequestId(number.unwrap_or_else(|| panic!("{text}: `{name}` is no request")))
    };
    match words[..] {
        [link] if link.contains('>') => {
            let (from, to) = link.split_once('>').expect("it has one");
            Action::Deliver { from: node(from), to: node(to) }
        }
        ["issue", a, r] => Action::Issue { client: node(a), request: request(r) },
        ["retry", a, r] => Action::Retry { client: node(a), request: request(r) },
        ["start", c, r] => Action::Start { server: node(c), request: request(r) },
        ["serve", c, r] => Action::Serve { server: node(c), request: request(r) },
        ["offer", c, r] => Action::Offer { server: node(c), request: request(r) },
        ["assign", r, c, to] => assign(node(c), request(r), node(to), Node::CONTROL),
        ["assign", r, c, to, by] => assign(node(c), request(r), node(to), node(by)),
        ["sync", c] => Action::Sync { server: node(c) },
        ["crash", n] => Action::Crash { node: node(n) },
        ["stop", n] => Action::Stop { node: node(n) },
        ["restart", n] => Action::Restart { node: node(n) },
        ["reset", a, b] => Action::Reset { a: node(a), b: node(b) },
        ["cut", a, b] => Action::Cut { from: node(a), to: node(b) },
        ["heal", a, b] => Action::Heal { from: node(a), to: node(b) },
        ["move", a, b] => Action::Move { client: node(a), to: node(b) },
        ["drop", a, b] => Action::Drop { from: node(a), to: node(b) },
        ["resend", a, b] => Action::Resend { from: node(a), to: node(b) },
        ["lease", k] => Action::Lease { to: node(k) },
        ["compact"] => Action::Compact {},
        _ => panic!("`{text}` is no step"),
    }
}

fn assign(source: Node, request: RequestId, to: Node, by: Node) -> Action {
    Action::Assign { source, request, to, by }
}

fn asks(client: u16, class: Class, user: u16, home: u16) -> Request {
    Request { client, body: Body::Query { user, class }, home }
}

const fn publishes(client: u16, home: u16) -> Request {
    Request { client, body: Body::Publish, home }
}

/// All of them: first what lockstep and the simulator have found, then what the checker has, then what was believed of
/// guarantees.
pub(crate) const FOUND: &[Found] = &[
    Found {
        why: "Lockstep: in the model a global server that was down compacted its log.",
        back: Back::ByHand(
            "Leave the guard `is_up` out of `allows_compact`, and `is_down` out of `may_compact`.",
        ),
        differs: |scope| (scope.faults.stop_global, scope.faults.compact) = (1, 1),
        last: Last::Refused,
        ..Found::of(
            "compacted-while-down",
            "catch-up",
            "issue A0 r0, A0>B0, B0>C0, C0>G, stop G, compact",
        )
    },
    Found {
        why: "Lockstep: in the model a control server that lost a query server gave back what the other one held, too \
            early and out of order.",
        back: Back::ByHand("Leave `own` out of `return_unreceivable` in the model."),
        differs: |scope| {
            scope.requests = vec![asks(0, Class::Interactive, 0, 0), asks(0, Class::Bulk, 0, 0)];
            scope.faults.stop_query = 1;
        },
        ..Found::of(
            "returned-for-the-other",
            "standby",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, B0>C0, B0>C0, lease K1, K1>C0, offer C0 r1, offer C0 r0, \
             C0>K1, C0>K1, assign r0 C0 C1 K1, stop C1, K1>C0, K1>C0",
        )
    },
    Found {
        why: "Lockstep: in the model a communication server sent what is pending again in the order of requests, while \
            a reset is a loss, then a new connection, and each sends its own.",
        back: Back::ByHand(
            "Greet before the queries to others are forwarded, in `communication_reconnects` of the model.",
        ),
        differs: |scope| scope.faults.reset_query = 1,
        ..Found::of(
            "reset-in-two-halves",
            "downtime",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, reset B0 C0, B0>C1, B0>C1, B0>C0",
        )
    },
    Found {
        why: "Lockstep: a control server returned what nobody could take at once when it lost a query server, before it \
            could know that the loss lasts: in a reset nobody counts as down.",
        back: Back::ByHand("Call `return_unplaceable` in `connection_lost` of the control server."),
        differs: |scope| scope.faults.reset_control = 1,
        ..Found::of(
            "returned-before-a-loss-lasts",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, offer C0 r0, C0>K, assign r0 C0 C1, reset C1 K, assign r0 C0 C1, K>C1, \
             start C1 r0, serve C1 r0, C1>B0, B0>A0",
        )
    },
    Found {
        why: "Lockstep: the specification said two things of a query server that restarts behind a cut, and the nodes \
            had the other: the control server notices that it is back, and assigns into the void.",
        back: Back::ByHand("Ignore `Input::Reachable` in the control server."),
        differs: |scope| (scope.faults.stop_query, scope.faults.cut_control) = (1, 1),
        ..Found::of(
            "back-behind-a-cut",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, cut K C1, stop C1, restart C1, offer C0 r0, C0>K, assign r0 C0 C1",
        )
    },
    Found {
        why: "Lockstep: a link was healed while one end was down, and the other end took that for a sign of life of it.",
        back: Back::ByHand(
            "Leave `is_down` out of `tell_reachable` of the world, and tell the end that is up.",
        ),
        differs: |scope| (scope.faults.stop_query, scope.faults.cut_control) = (1, 1),
        ..Found::of(
            "healed-while-down",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, cut C1 K, stop C1, heal C1 K, offer C0 r0, C0>K, K>C0",
        )
    },
    Found {
        why: "Lockstep: the nodes did not note as dropped what they know already, a query that is queued and a publish \
            that is relayed.",
        back: Back::ByHand("Let `known_already` of the query server do nothing."),
        differs: |scope| scope.faults.retry = 2,
        ..Found::of(
            "known-already",
            "retry",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, B0>C0, B0>C0, retry A0 r0, retry A0 r1, A0>B0, A0>B0, B0>C0, \
             B0>C0",
        )
    },
    Found {
        why: "Simulator, eleven seeds: a node chose to do more in the middle of a step that gives several inputs. Here \
            the nodes choose for themselves, and the restart is over before the first offer.",
        back: Back::ByHand("Let `at_once` of the world only run the step."),
        choosing: true,
        differs: |scope| {
            let ask = asks(0, Class::Interactive, 0, 0);
            (scope.requests, scope.faults.stop_control) = (vec![ask; 3], 1);
        },
        ..Found::of(
            "chosen-in-the-middle",
            "standby",
            "lease K1, K1>C0, K1>C1, stop K1, issue A0 r0, A0>B0, B0>C0, issue A0 r1, A0>B0, B0>C0, \
             issue A0 r2, A0>B0, B0>C0, restart K1, K1>C0, K1>C1",
        )
    },
    Found {
        why: "Simulator, seeds 2565 and 2802: an answer was lost on a direction that was cut, and healed while the \
            other one was cut, so that no reset came yet; no-lost-overflow-task did not excuse that.",
        back: Back::ByHand("Excuse only a cut of the way from the query server, in `is_unheard`."),
        differs: |scope| scope.faults.cut_query = 2,
        ..Found::of(
            "half-healed",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, offer C0 r0, C0>K, assign r0 C0 C1, K>C1, start C1 r0, cut C1 B0, \
             serve C1 r0, C1>K, C1>K, K>C0, cut B0 C1, heal C1 B0, heal B0 C1, B0>C0",
        )
    },
    Found {
        why: "Pairs: a query server that has not heard who leads, and is not heard by who does, waits for that; \
            no-lost-overflow-task did not excuse it.",
        back: Back::ByHand("Let `is_unled` be false."),
        differs: |scope| scope.faults.cut_control = 1,
        ..Found::of(
            "not-told-who-leads",
            "standby",
            "issue A0 r0, A0>B0, B0>C0, offer C0 r0, cut K1 C0, lease K1, K1>C1, C1>K, C0>K, heal K1 C0, K1>C0, \
             C0>K1",
        )
    },
    Found {
        why: "Pairs: exploration left out the timer of a communication server whose query the query server has, though \
            it has it from another one and would not tell this one.",
        back: Back::ByHand("Let `is_known` ask only whether the query server has the request."),
        differs: |scope| {
            scope.knobs.links = Links::Datagram;
            (scope.faults.moves, scope.faults.drop) = (1, 1);
        },
        ..Found::of(
            "known-from-another",
            "moving-client",
            "issue A0 r0, A0>B0, B0>C0, move A0 B1, A0>B1, drop B1 C0, resend B1 C0, B1>C0, B0>C0, start C0 r0, \
             serve C0 r0, C0>B1, B1>A0",
        )
    },
    Found {
        why: "Random walks: exploration left out a reset that loses nothing, as it changed nothing under the right \
            rules; under a wrong one it does.",
        back: Back::Mutant("applied-rewound", "synced-info"),
        ..Found::of(
            "idle-reset",
            "catch-up",
            "issue A0 r0, A0>B0, B0>C0, C0>G, G>C0, C0>B0, B0>A0, sync C0, G>C0, reset C0 G, C0>G",
        )
    },
    Found {
        why: "Exploration: a change carried only what it changes; a publish that overtakes a new rule was stored first, \
            and the rule dropped as older, though acknowledged.",
        back: Back::Mutant("change-alone-carried", "visible-to-allowed"),
        ..Found::of(
            "change-alone",
            "sharing",
            "issue A0 r0, issue A0 r1, issue A1 r3, A0>B0, A1>B0, A0>B0, B0>C0, B0>C0, C0>G, G>C0, C0>B0, B0>A0, \
             issue A0 r2, A0>B0, B0>C1, C1>G, start C0 r3, sync C0, G>C0, sync C0, G>C0, serve C0 r3",
        )
    },
    Found {
        why: "Review: guarantees read what a bug corrupts. An answer was believed about its revision.",
        back: Back::Mutant("revision-understated", "synced-info"),
        ..Found::of(
            "revision-believed",
            "catch-up-crash",
            "issue A0 r0, issue A0 r1, issue A0 r2, A0>B0, A0>B0, A0>B0, B0>C0, B0>C1, C0>G, start C1 r2, sync C1, \
             G>C1, serve C1 r2, C1>B0, B0>A0",
        )
    },
    Found {
        why: "Review: guarantees read what a bug corrupts. A ledger was believed about who has refused.",
        back: Back::Mutant("refusal-unnoted", "strategy-kept"),
        last: Last::Refused,
        ..Found::of(
            "refusals-believed",
            "refusals",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, B0>C0, B0>C0, offer C0 r1, C0>K, assign r1 C0 C1, K>C1, C1>K, \
             assign r1 C0 C1",
        )
    },
    Found {
        why: "Review: guarantees read what a bug corrupts. A task was believed about whether it came back.",
        back: Back::Mutant("returned-unmarked", "overflow-only"),
        last: Last::Refused,
        ..Found::of(
            "mark-believed",
            "refusals",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, B0>C0, B0>C0, offer C0 r1, C0>K, assign r1 C0 C1, K>C1, C1>K, \
             assign r1 C0 C2, K>C2, C2>K, K>C0, offer C0 r1",
        )
    },
    Found {
        why: "Belief: a task is not lost while some entry names it. The source's own entry leads nowhere, unless it \
            offers again.",
        back: Back::Mutant("not-offered-again", "no-lost-overflow-task"),
        differs: |scope| scope.faults.crash_control = 1,
        ..Found::of(
            "entry-is-no-custodian",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, offer C0 r0, crash K, C0>K, assign r0 C0 C1, K>C1, start C1 r0, serve C1 r0, \
             C1>B0, B0>A0",
        )
    },
    Found {
        why: "Belief: a hand-over may end once it is accepted. Every scope survives it, but the nodes then end it \
            before the model does.",
        back: Back::Bug("freed-at-accept"),
        ..Found::of(
            "ended-at-accept",
            "cut",
            "issue A0 r0, A0>B0, B0>C0, offer C0 r0, C0>K, assign r0 C0 C1, K>C1, C1>K, start C1 r0, serve C1 r0, \
             C1>K, K>C0, C1>B0, B0>A0",
        )
    },
    Found {
        why: "Belief: a repeated request may carry a newer token. Then its copies differ, and who is served first \
            decides; all carry the token of the first time.",
        back: Back::Bug("retried-with-new-token"),
        ..Found::of(
            "token-of-the-first-time",
            "retry",
            "issue A0 r0, issue A0 r1, A0>B0, B0>C0, C0>G, G>C0, C0>B0, B0>A0, retry A0 r1, A0>B0, A0>B0, B0>C0, \
             B0>C0",
        )
    },
    Found {
        why: "Belief: one reply to a request travels. After a repetition two do; the client takes the first.",
        back: Back::Mutant("second-reply-taken", "answered-once"),
        differs: |scope| scope.requests = vec![asks(0, Class::Interactive, 0, 0)],
        ..Found::of(
            "two-replies",
            "retry",
            "issue A0 r0, A0>B0, B0>C0, start C0 r0, serve C0 r0, C0>B0, retry A0 r0, B0>A0, A0>B0, B0>C0, \
             start C0 r0, serve C0 r0, C0>B0, B0>A0",
        )
    },
    Found {
        why: "Belief: an answer is as new as what the client knows when it gets it. Of two queries under way at once, \
            the one that is answered last may be answered by who lags.",
        back: Back::ByHand(
            "Judge `fresh-answer` by the client's token in `before` instead of the floor.",
        ),
        differs: |scope| {
            let ask = |home| asks(0, Class::Interactive, 1, home);
            scope.requests = vec![publishes(1, 0), ask(0), ask(1)];
        },
        ..Found::of(
            "asked-before-it-was-known",
            "sync",
            "issue A0 r1, issue A0 r2, A0>B0, A0>B0, B0>C1, start C1 r2, issue A1 r0, A1>B0, B0>C0, B0>C0, C0>G, \
             sync C0, G>C0, G>C0, start C0 r1, serve C0 r1, C0>B0, C0>B0, B0>A0, serve C1 r2, C1>B0, B0>A0",
        )
    },
    Found {
        why: "Belief: the highest class is started first. One that waits for a revision would block the others; it is \
            the highest of those that are ready.",
        back: Back::ByHand("Let every task of the queue count as ready in `starts_in_order`."),
        differs: |scope| {
            let (own, other) = (asks(0, Class::Interactive, 0, 1), asks(1, Class::Bulk, 0, 1));
            scope.requests = vec![publishes(0, 0), own, other];
        },
        ..Found::of(
            "highest-of-the-ready",
            "sync",
            "issue A0 r0, A0>B0, B0>C0, C0>G, G>C0, C0>B0, B0>A0, issue A0 r1, A0>B0, B0>C1, issue A1 r2, A1>B0, \
             B0>C1, start C1 r2, serve C1 r2, sync C1, G>C1, start C1 r1",
        )
    },
    Found {
        why: "Belief: a server that helps stays at its threshold. Its own queries may put it above that right after.",
        back: Back::ByHand("Judge `threshold-kept` in every state with a foreign task."),
        differs: |scope| {
            scope.requests = vec![asks(0, Class::Bulk, 0, 0), asks(0, Class::Bulk, 0, 1)];
        },
        ..Found::of(
            "above-it-right-after",
            "cut",
            "issue A0 r0, issue A0 r1, A0>B0, A0>B0, B0>C0, offer C0 r0, C0>K, assign r0 C0 C1, K>C1, B0>C1, \
             start C1 r0, serve C1 r0, start C1 r1",
        )
    },
];
