//! Each seeded bug of the client, the communication server and the global server changes what the node does, in the
//! shortest run that shows it.

mod rig;

use std::sync::Arc;

use rig::*;
use spillway_impl::bug::Bug;
use spillway_impl::config::{Config, Disk, Links, Routing};
use spillway_impl::node::{Change, Command, Input, Output};
use spillway_impl::nodes::client::Client;
use spillway_impl::nodes::communication::Communication;
use spillway_impl::nodes::global::{Global, file};
use spillway_impl::profile::Rule;
use spillway_impl::wire::{Body, Wire};
use spillway_traces::{Action, RequestId};

/// A bug, a run, and what the run says at its end: with all rules kept, and with the bug.
type Case = (Bug, fn(Config) -> String, &'static str, &'static str);

/// A1, whose query was answered as of revision 7, and who waits for nothing.
fn answered(config: Config) -> Rig<Client> {
    let mut a1 = client(config);
    a1.asks(1);
    a1.gets(b(0), reply(1, 7));
    a1
}

/// A1 waits for r1 and r2, the second asked with a token.
fn waits(config: Config) -> Rig<Client> {
    let mut a1 = client(config);
    a1.asks(1);
    a1.asks(2);
    a1
}

/// The rule in the record that the client sent last.
fn rule_sent(a1: &Rig<Client>) -> String {
    let rules = a1.out.iter().filter_map(|output| match output {
        Output::Send { message: Wire::Request(asked), .. } => match &asked.ask.body {
            Body::Publish { record, .. } => Some(format!("{:?}", record.rule)),
            Body::Query { .. } => None,
        },
        _ => None,
    });
    rules.collect()
}

const CLIENT: &[Case] = &[
    (
        Bug::SecondReplyTaken,
        |config| answered(config).gets(b(0), reply(1, 8)),
        "dropped",
        "given { request: r1, revision: 8, version: 0; user: r1 v0 at 8",
    ),
    (
        Bug::TokenLeftOut,
        |config| answered(config).asks(2),
        "B0 Request r2 token 7",
        "B0 Request r2 token 0",
    ),
    (
        Bug::SeenForgotten,
        |config| answered(config).asks(2),
        "B0 Request r2 token 7",
        "B0 Request r2 token 0",
    ),
    (
        Bug::AcknowledgementForgotten,
        |config| {
            let mut a1 = client(config);
            a1.changes(1, Change::Delete);
            a1.gets(b(0), reply(1, 7));
            a1.asks(2)
        },
        "B0 Request r2 token 7",
        "B0 Request r2 token 0",
    ),
    (
        Bug::RetriedWithNewToken,
        |config| {
            let mut a1 = waits(config);
            a1.gets(b(0), reply(1, 7));
            a1.on(Input::Command(Command::Retry(RequestId(2))))
        },
        "B0 Request r2 token 0",
        "B0 Request r2 token 7",
    ),
    (
        Bug::ReplyToOldest,
        |config| {
            let mut a1 = waits(config);
            a1.gets(b(0), reply(2, 7));
            a1.reset(b(0))
        },
        "B0 Request r1 token 0",
        "B0 Request r2 token 0",
    ),
    (
        Bug::ClientSilentAtReset,
        |config| waits(config).reset(b(0)),
        "B0 Request r1 token 0; B0 Request r2 token 0",
        "",
    ),
    (
        Bug::MovedSilently,
        |config| waits(config).on(Input::Command(Command::Move { to: b(1) })),
        "B1 Request r1 token 0; B1 Request r2 token 0",
        "",
    ),
    (
        Bug::GivenUpAwaited,
        |config| {
            let mut a1 = waits(config);
            a1.on(Input::Command(Command::Cancel(RequestId(1))));
            a1.gets(b(0), reply(1, 7))
        },
        "dropped",
        "given { request: r1, revision: 7, version: 0; user: r1 v0 at 7",
    ),
    (
        Bug::ChangeAloneCarried,
        |config| {
            let mut a1 = client(config);
            a1.changes(1, Change::Share(Rule::Nobody));
            a1.changes(2, Change::Delete);
            rule_sent(&a1)
        },
        "Nobody",
        "Everyone",
    ),
    (
        Bug::RequestNotRepeated,
        |mut config| {
            config.knobs.links = Links::Datagram;
            waits(config).step(Action::Resend { from: a(1), to: b(0) })
        },
        "B0 Request r1 token 0; B0 Request r2 token 0",
        "illegal",
    ),
];

/// B0 with a query of A0 at C0.
fn pending(config: Config) -> Rig<Communication> {
    let mut b0 = communication_server(config);
    b0.gets(a(0), ask(1, 0, 0));
    b0
}

const COMMUNICATION: &[Case] = &[
    (Bug::PendingNotResent, |config| pending(config).reset(c(0)), "C0 Query r1 token 5", ""),
    (Bug::SameLinkOnlyResent, |config| pending(config).reset(c(1)), "C0 Query r1 token 5", ""),
    (
        Bug::RefusalUnsaid,
        |mut config| {
            config.knobs.pending_max = 1;
            pending(config).gets(a(1), ask(2, 1, 0))
        },
        "A1 Busy r2",
        "",
    ),
    (
        Bug::PendingUnbounded,
        |mut config| {
            config.knobs.pending_max = 1;
            pending(config).gets(a(1), ask(2, 1, 0))
        },
        "A1 Busy r2",
        "C0 Query r2 token 5",
    ),
    (
        Bug::PublishNotPending,
        |config| {
            let mut b0 = communication_server(config);
            b0.gets(a(0), change(1, 0, 0));
            b0.gets(c(0), published(1, 2))
        },
        "A0 Reply r1 v3 at 2",
        "dropped",
    ),
    (
        Bug::SessionKept,
        |config| pending(config).on(Input::Closed { client: a(0) }),
        "C0 Cancel r1",
        "",
    ),
    (Bug::GivenUpPending, |config| pending(config).gets(a(0), cancel(1)), "C0 Cancel r1", ""),
    (
        Bug::NeverRerouted,
        |mut config| {
            config.knobs.routing = Routing::Any;
            let mut b0 = pending(config);
            let route = |to| Action::Route { server: b(0), request: RequestId(1), to: c(to) };
            b0.step(route(0));
            b0.on(Input::Lost { peer: c(0) });
            b0.step(route(1))
        },
        "C1 Query r1 token 5; disarm reroute(r1)",
        "illegal",
    ),
    (
        Bug::PendingNotRepeated,
        |mut config| {
            config.knobs.links = Links::Datagram;
            pending(config).step(Action::Resend { from: b(0), to: c(0) })
        },
        "C0 Query r1 token 5",
        "illegal",
    ),
];

/// G has stored two revisions.
fn stored(config: Config) -> Rig<Global> {
    let mut g = global_server(config);
    g.publish(0, 1, 1, 1, true);
    g.publish(0, 2, 1, 2, false);
    g
}

/// G with a disk that flushes has version 2 of user 1, and its disk has not.
fn undurable(mut config: Config) -> Rig<Global> {
    config.knobs.disk = Disk::Flushed;
    let mut g = global_server(config);
    g.publish(0, 2, 1, 2, true);
    g
}

const GLOBAL: &[Case] = &[
    (
        Bug::OlderStored,
        |config| stored(config).publish(1, 1, 1, 1, true),
        "C1 Published r1 at 2",
        "stored { request: r1, revision: 3; append; C1 Published r1 at 3",
    ),
    (
        Bug::DuplicateUnacknowledged,
        |config| stored(config).publish(1, 1, 1, 1, true),
        "C1 Published r1 at 2",
        "",
    ),
    (
        Bug::AcknowledgedTooLow,
        |config| stored(config).publish(1, 2, 1, 2, false),
        "C1 Published r2 at 2",
        "C1 Published r2 at 1",
    ),
    (
        Bug::AcknowledgedBeforeFlushed,
        |config| undurable(config).publish(0, 3, 1, 3, true),
        "stored { request: r3, revision: 2",
        "stored { request: r3, revision: 2; C0 Published r3 at 2",
    ),
    (
        Bug::DuplicateBeforeFlushed,
        |config| undurable(config).publish(0, 1, 1, 1, true),
        "",
        "C0 Published r1 at 1",
    ),
    (
        Bug::FlushUnacknowledged,
        |config| undurable(config).stores(Action::Flush {}),
        "append; C0 Published r2 at 1",
        "append",
    ),
    (Bug::SyncedBeforeFlushed, |config| undurable(config).sync(0), "illegal", "C0 Update 1:u1v2"),
    (
        Bug::HelloIgnored,
        |config| {
            let mut g = stored(config);
            g.sync(0);
            g.reset(c(0));
            g.gets(c(0), Wire::Hello { applied: 0 });
            g.sync(0)
        },
        "C0 Update 1:u1v1",
        "C0 Update 2:u1v2-",
    ),
    (
        Bug::RevisionSkipped,
        |config| stored(config).sync(0),
        "C0 Update 1:u1v1",
        "C0 Update 2:u1v2-",
    ),
    (
        Bug::SnapshotSkipped,
        |config| {
            let mut g = stored(config);
            g.stores(Action::Compact {});
            g.sync(0)
        },
        "C0 Snapshot 2 2:u1v2-",
        "illegal",
    ),
    (
        Bug::TombstoneForgotten,
        |config| {
            let mut g = stored(config);
            g.stores(Action::Compact {});
            g.publish(0, 1, 1, 1, true)
        },
        "C0 Published r1 at 2",
        "stored { request: r1, revision: 3; append; C0 Published r1 at 3",
    ),
    (
        Bug::TornFrameAccepted,
        |config| {
            let mut bytes = file::frame(&[entry(1, 1)]);
            bytes[file::HEADER_BYTES + 3] ^= 1;
            let global = Global::restart(Arc::new(config), &bytes);
            global.map_or_else(|damaged| damaged.to_string(), |g| g.newest_revision().to_string())
        },
        "0",
        "1",
    ),
    (
        Bug::StoredInMemory,
        |config| {
            let bytes = file::frame(&[entry(1, 1)]);
            let global = Global::restart(Arc::new(config), &bytes);
            global.map_or_else(|damaged| damaged.to_string(), |g| g.newest_revision().to_string())
        },
        "1",
        "0",
    ),
];

fn each_differs_as_told(cases: &[Case]) {
    for &(bug, run, kept, broken) in cases {
        assert_eq!(run(config()), kept, "{} is off", bug.name());
        assert_eq!(run(buggy(bug)), broken, "{} is on", bug.name());
        assert_ne!(kept, broken, "{}", bug.name());
    }
}

#[test]
fn each_bug_of_the_client_shows() {
    each_differs_as_told(CLIENT);
}

#[test]
fn each_bug_of_the_communication_server_shows() {
    each_differs_as_told(COMMUNICATION);
}

#[test]
fn each_bug_of_the_global_server_shows() {
    each_differs_as_told(GLOBAL);
}

#[test]
fn every_bug_of_the_three_has_its_run() {
    let about = |node: &str| {
        Bug::ALL.iter().copied().filter(|bug| bug.about().contains(node)).collect::<Vec<Bug>>()
    };
    let shown = |cases: &[Case]| cases.iter().map(|case| case.0).collect::<Vec<Bug>>();
    assert_eq!(about("The client"), shown(CLIENT));
    assert_eq!(about("The communication server"), shown(COMMUNICATION));
    assert_eq!(about("The global server"), shown(GLOBAL));
}
