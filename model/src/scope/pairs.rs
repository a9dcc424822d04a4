//! The generated suite: a small scope for every two features of the protocol, since what each keeps alone two may
//! break together.
//!
//! Every pair starts from one query at a server that is to take none; each feature adds as little as shows it.

mod expected;
mod less;

use std::num::NonZeroUsize;

use super::limits::LINK_MAX_DEFAULT;
use super::{
    Body, Class, Disk, Faults, Knobs, Links, Nodes, Request, Returned, Routing, Rule, Scope,
    Strategy, Unit,
};
use expected::expected;
use less::less;

/// A feature of the protocol as an ingredient of a scope.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// Its name: half of the names of its pairs.
    pub name: &'static str,
    /// What it adds, in a sentence.
    pub about: &'static str,
    /// What a pair must reach for it, unless the other half rules that out (`pairs/expected.rs`).
    pub sometimes: &'static [&'static str],
    subject: Subject,
    add: fn(&mut Scope),
}

/// What a feature is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// Tasks that are handed over.
    Tasks,
    /// User information, from client to replica.
    Info,
    /// Nodes and links, whatever they do.
    Links,
}

/// Unique states of a pair, at most: one that has more is to be made smaller.
pub const STATES_MAX: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");

/// What stands between the names of two features in the name of a pair.
pub const BETWEEN: &str = "-and-";

macro_rules! features {
    ($($subject:ident $name:literal $about:literal [$($sometimes:literal),*] |$scope:ident| $add:expr;)+) => {
        /// The features, in the order in which pairs name them.
        pub const FEATURES: &[Feature] = &[$(Feature {
            name: $name,
            about: $about,
            sometimes: &[$($sometimes),*],
            subject: Subject::$subject,
            add: |$scope| { $add; },
        },)+];
    };
}

features! {
    Info "publish" "A client publishes." ["replicas-differ"] |s| publishes(s);
    Links "retry" "A client asks again although nothing was lost." ["second-reply"]
        |s| s.faults.retry = 1;
    Tasks "any-routing" "A query may go to any query server." ["overflow-happens"]
        |s| s.knobs.routing = Routing::Any;
    Tasks "busy" "A task that was refused by all is refused to the client." ["task-returned", "client-refused"]
        |s| { s.knobs.returned = Returned::Busy; s.knobs.threshold[1] = 0 };
    Links "crash-communication" "The communication server crashes." ["asked-again", "served-twice"]
        |s| s.faults.crash_communication = 1;
    Links "crash-query" "A query server crashes." ["served-twice", "source-crash-mid-handover"]
        |s| s.faults.crash_query = 1;
    Info "crash-global" "The global server crashes." ["duplicate-publish"]
        |s| { publishes(s); s.faults.crash_global = 1 };
    Tasks "crash-control" "The control server crashes." ["crash-mid-handover"]
        |s| s.faults.crash_control = 1;
    Links "reset-client" "A client's link is reset." ["asked-again", "second-reply"]
        |s| s.faults.reset_client = 1;
    Links "reset-query" "A query server's link to the communication server is reset." ["asked-again", "served-twice"]
        |s| s.faults.reset_query = 1;
    Info "reset-global" "A query server's link to the global server is reset." ["duplicate-publish"]
        |s| { publishes(s); s.faults.reset_global = 1 };
    Tasks "reset-control" "A query server's link to the control server is reset." ["served-twice"]
        |s| s.faults.reset_control = 1;
    Info "sharing" "A user hides what it has published." ["hidden-answer"]
        |s| { publishes(s); changes(s, Body::Share { rule: Rule::Nobody }) };
    Info "contacts" "A user shares with contacts only." ["hidden-answer"]
        |s| { publishes(s); s.knobs.sharing = Rule::Contacts };
    Info "deletion" "A user deletes what it has published." ["deleted-answer"]
        |s| { publishes(s); changes(s, Body::Delete) };
    Info "snapshot" "The global server forgets its log." ["snapshot-replaces"]
        |s| { publishes_twice(s); s.faults.compact = 1 };
    Info "disk" "What the global server writes is durable once it is flushed." ["write-at-risk"]
        |s| { publishes(s); s.knobs.disk = Disk::Flushed; s.faults.crash_global = 1 };
    Links "moving-client" "A client moves to another communication server." ["client-moves-mid-request"]
        |s| { s.nodes.communication_servers = 2; s.faults.moves = 1 };
    Links "leaving-client" "A client goes away." ["cancelled-in-queue", "served-for-nobody"]
        |s| s.faults.leave = 1;
    Tasks "cancel" "A client gives a request up." ["cancelled-in-queue"] |s| s.faults.cancel = 1;
    Links "stop-communication" "A communication server stays down for a while." ["asked-again", "served-twice"]
        |s| s.faults.stop_communication = 1;
    Links "stop-query" "A query server stays down for a while." ["served-twice", "source-crash-mid-handover"]
        |s| s.faults.stop_query = 1;
    Info "stop-global" "The global server stays down for a while." ["duplicate-publish"]
        |s| { publishes(s); s.faults.stop_global = 1 };
    Tasks "stop-control" "A control server stays down for a while." ["answered-while-control-down"] |s| s.faults.stop_control = 1;
    Links "cut-query" "A query server and the communication server do not hear each other for a while." ["heard-one-way"]
        |s| s.faults.cut_query = 1;
    Tasks "cut-control" "A query server and the control server do not hear each other for a while." ["pulled-back"]
        |s| s.faults.cut_control = 1;
    Links "drop" "A datagram is lost." ["served-twice", "duplicate-publish"]
        |s| { s.knobs.links = Links::Datagram; s.faults.drop = 1 };
    Links "duplicate" "A datagram is doubled." ["second-reply"]
        |s| { s.knobs.links = Links::Datagram; s.faults.duplicate = 1 };
    Links "reorder" "A datagram is overtaken." ["update-overtaken"]
        |s| { s.knobs.links = Links::Datagram; s.faults.reorder = 1 };
    Tasks "standby" "The lease passes to a standby control server." ["two-leaders", "superseded-heard"]
        |s| { s.nodes.control_servers = 2; s.faults.lease = 1 };
    Tasks "least-loaded" "The least loaded server takes a redundant task." ["loads-differ"]
        |s| { competes(s); strategy(s, Strategy::LeastLoaded) };
    Tasks "round-robin" "Servers take redundant tasks in turn." ["turn-passed-over"]
        |s| { competes(s); strategy(s, Strategy::RoundRobin); s.knobs.threshold[1] = 0 };
    Tasks "two-choices" "The less loaded of two servers takes a redundant task." ["loads-differ"]
        |s| { competes(s); strategy(s, Strategy::TwoChoices) };
    Tasks "weighted" "Servers take redundant tasks by weight." ["loads-differ"]
        |s| { competes(s); strategy(s, Strategy::Weighted); s.knobs.weights = vec![1, 2, 1] };
    Tasks "classes" "Servers take only some classes." ["class-not-accepted"]
        |s| {
            competes(s);
            strategy(s, Strategy::Classes);
            s.knobs.accepts = vec![vec![], vec![Class::Normal], vec![Class::Bulk]];
        };
    Tasks "delay" "A threshold is one of delay." ["late-server-offers"]
        |s| { competes(s); s.knobs.unit = Unit::Delay; s.faults.slow = 1 };
    Tasks "ageing" "A task is overtaken once at most." ["overtaken-to-the-bound"]
        |s| {
            competes(s);
            s.requests.push(query(0, Class::Interactive));
            s.knobs.overtaken_max = 1;
            s.knobs.threshold[0] = 1;
        };
    Tasks "give-back" "The control server gives a task back of itself." ["given-back"]
        |s| s.knobs.give_back = true;
    Tasks "rooms" "There is less room for bulk queries than for others." ["room-refused"]
        |s| { competes(s); s.knobs.rooms = vec![2, 1, 1] };
}

/// The scope of every two features that do not exclude each other, in the order of [`FEATURES`].
pub fn pairs() -> Vec<Scope> {
    let firsts = FEATURES.iter().enumerate();
    let both = firsts.flat_map(|(at, a)| FEATURES[at + 1..].iter().map(move |b| (a, b)));
    both.filter_map(|(a, b)| pair(a, b)).collect()
}

/// The scope of two features, the one that comes first in [`FEATURES`] first. None if they exclude each other.
pub fn pair(a: &Feature, b: &Feature) -> Option<Scope> {
    let mut scope = base();
    scope.name = format!("{}{BETWEEN}{}", a.name, b.name);
    scope.about = format!("{} {}", a.about, b.about);
    for feature in [a, b] {
        (feature.add)(&mut scope);
    }
    fit(&mut scope, a, b);
    scope.sometimes = expected(&scope, [a, b]);
    // What both set to different values they cannot share.
    let alone = |feature: &Feature| {
        let mut scope = base();
        (feature.add)(&mut scope);
        scope.knobs
    };
    let excluded = |x: Strategy, y: Strategy| x != y && x != Strategy::Any && y != Strategy::Any;
    if excluded(alone(a).strategy, alone(b).strategy) {
        return None;
    }
    scope.check().is_ok().then_some(scope)
}

/// Makes the two go together, in as few states as still show both.
fn fit(scope: &mut Scope, a: &Feature, b: &Feature) {
    let is = |name: &str| a.name == name || b.name == name;
    let subjects = [a.subject, b.subject];
    let (tasks, info) = (subjects.contains(&Subject::Tasks), subjects.contains(&Subject::Info));
    // Where nothing is about hand-overs there are none: they would only multiply the states.
    if info && !tasks {
        scope.knobs.threshold.fill(1);
    }
    if is("reorder") {
        overtakes(scope);
    }
    less(scope, is);
    // Two publishes beside anything but sharing, and a crash beside datagrams, are as much as hand-overs.
    let datagram = scope.knobs.links == Links::Datagram;
    let much = is("snapshot") && !is("sharing") || is("disk") && datagram;
    if info && (tasks || much) {
        slim(scope);
    }
    if scope.knobs.routing == Routing::Any {
        elsewhere(scope);
    }
}

/// The pair of this name, its halves in either order.
pub fn named(name: &str) -> Option<Scope> {
    let place = |name: &str| FEATURES.iter().position(|feature| feature.name == name);
    let halves = name
        .match_indices(BETWEEN)
        .find_map(|(at, _)| Some((place(&name[..at])?, place(&name[at + BETWEEN.len()..])?)));
    let (a, b) = halves?;
    (a != b).then(|| pair(&FEATURES[a.min(b)], &FEATURES[a.max(b)]))?
}

/// One query, one too many for its query server.
fn base() -> Scope {
    Scope {
        name: String::new(),
        about: String::new(),
        nodes: Nodes {
            clients: 2,
            communication_servers: 1,
            query_servers: 2,
            sessions: vec![0, 0],
            control_servers: 1,
        },
        knobs: Knobs {
            threshold: vec![0, 1],
            link_max: LINK_MAX_DEFAULT,
            window_max: 1,
            ..Knobs::default()
        },
        requests: vec![query(1, Class::Bulk)],
        rounds: 1,
        faults: Faults::default(),
        sometimes: Vec::new(),
    }
}

fn query(client: u16, class: Class) -> Request {
    Request { client, body: Body::Query { user: 0, class }, home: 0 }
}

fn publishes(scope: &mut Scope) {
    if !scope.requests.iter().any(|request| request.body == Body::Publish) {
        scope.requests.insert(0, Request { client: 0, body: Body::Publish, home: 0 });
    }
}

/// A replica that has only the first of two publishes is one that a snapshot replaces.
fn publishes_twice(scope: &mut Scope) {
    publishes(scope);
    if scope.requests.iter().filter(|request| is_change(request)).count() < 2 {
        changes(scope, Body::Publish);
    }
}

/// Two messages that travel one way: those of a second publish, unless the disk makes enough states as it is, or of a
/// second query where the one goes to and fro alone.
fn overtakes(scope: &mut Scope) {
    match scope.requests.iter().any(is_change) {
        true if scope.knobs.disk == Disk::Immediate => publishes_twice(scope),
        true => {}
        false if scope.knobs.returned == Returned::Busy => competes(scope),
        false => {}
    }
}

fn is_change(request: &Request) -> bool {
    !matches!(request.body, Body::Query { .. })
}

/// What any routing does is seen where the home of every query would have room for it.
fn elsewhere(scope: &mut Scope) {
    for request in &mut scope.requests {
        if !is_change(request) {
            request.home = scope.nodes.query_servers - 1;
        }
    }
}

/// A change after the publish.
fn changes(scope: &mut Scope, body: Body) {
    let changes = scope.requests.iter().filter(|request| is_change(request)).count();
    scope.requests.insert(changes, Request { client: 0, body, home: 0 });
}

/// A second query, more urgent than the first, of the client that also changes its information.
fn competes(scope: &mut Scope) {
    let second = query(0, Class::Interactive);
    if !scope.requests.contains(&second) {
        scope.requests.push(second);
    }
}

/// Changes and hand-overs multiply: a change that is not about whom it is shown to is made by the client that asks, who
/// makes it first; one that is, is not made after a publish, but holds from the start.
fn slim(scope: &mut Scope) {
    let shared = |request: &Request| request.body == Body::Share { rule: Rule::Nobody };
    if scope.requests.iter().any(shared) {
        scope.requests.retain(|request| !shared(request));
        scope.knobs.sharing = Rule::Nobody;
    }
    if scope.knobs.sharing != Rule::Everyone {
        return;
    }
    for request in &mut scope.requests {
        match &mut request.body {
            Body::Query { user, .. } => *user = 1,
            _ => request.client = 1,
        }
    }
}

fn strategy(scope: &mut Scope, strategy: Strategy) {
    scope.knobs.strategy = strategy;
    scope.nodes.query_servers = 3;
    let last = scope.knobs.threshold[1];
    scope.knobs.threshold.resize(3, last);
}
