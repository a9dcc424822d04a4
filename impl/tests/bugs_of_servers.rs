//! Each seeded bug of the query server and the control server changes what the node does, in the shortest run that shows
//! it.

mod rig;

use std::sync::Arc;

use rig::*;
use spillway_impl::bug::Bug;
use spillway_impl::config::{Config, Strategy};
use spillway_impl::node::Input;
use spillway_impl::nodes::control::Control;
use spillway_impl::nodes::query::Query;
use spillway_impl::profile::Rule;
use spillway_impl::wire::{Entry, Wire};
use spillway_traces::HandOver;

/// A bug, a run, and what the run says at its end: with all rules kept, and with the bug.
type Case = (Bug, fn(Config) -> String, &'static str, &'static str);

/// C0 with these queries, the first of them as request 1.
fn queue(config: Config, classes: &[spillway_impl::config::Class]) -> Rig<Query> {
    let mut c0 = query_server(config);
    for (request, &class) in (1..).zip(classes) {
        c0.gets(b(0), query(request, class));
    }
    c0
}

/// K with request 1 of C0 in its ledger.
fn held(config: Config) -> Rig<Control> {
    let mut k0 = control_server(config);
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0
}

/// C0 where user 1 shared with everyone and then with nobody; what client 0 sees of it.
fn after_revocation(config: Config) -> String {
    let mut c0 = query_server(config);
    let record = record(Some(1), Rule::Nobody, &[]);
    let revoked = Entry { revision: 2, user: 1, version: 2, record };
    c0.gets(G, update(vec![entry(1, 1), revoked]));
    c0.gets(b(0), query(1, Normal));
    c0.start(1);
    c0.serve(1)
}

const QUERY: &[Case] = &[
    (
        Bug::TokenIgnored,
        |config| {
            let mut c0 = query_server(config);
            c0.gets(b(0), Wire::Query(asked(1, Normal, 1)));
            c0.start(1)
        },
        "illegal",
        "",
    ),
    (Bug::LowestClassStarted, |config| queue(config, &[Bulk, Interactive]).start(1), "illegal", ""),
    (Bug::NewestStarted, |config| queue(config, &[Normal, Normal]).start(2), "illegal", ""),
    (
        Bug::AgeingIgnored,
        |mut config| {
            config.knobs.overtaken_max = 1;
            let mut c0 = queue(config, &[Bulk, Normal, Normal]);
            c0.start(2);
            c0.serve(2);
            c0.start(3)
        },
        "illegal",
        "",
    ),
    (
        Bug::OfferedBelowThreshold,
        |config| queue(config, &[Normal]).offer(1),
        "illegal",
        "K Offer r1 as C0.0.1 for B0",
    ),
    (
        Bug::HighestClassOffered,
        |config| queue(config, &[Interactive, Bulk]).offer(1),
        "illegal",
        "K Offer r1 as C0.0.1 for B0",
    ),
    (
        Bug::RunningOffered,
        |config| {
            let mut c0 = queue(config, &[Bulk]);
            c0.start(1);
            c0.gets(b(0), query(2, Interactive));
            c0.offer(1)
        },
        "illegal",
        "K Offer r1 as C0.0.1 for B0",
    ),
    (
        Bug::RefusedOffered,
        |config| {
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.gets(k(0), returned(2, id(0, 1)));
            c0.offer(2)
        },
        "illegal",
        "K Offer r2 as C0.0.2 for B0",
    ),
    (
        Bug::ForeignOffered,
        |config| {
            let mut c0 = query_server(config);
            c0.gets(k(0), assign(1, id(1, 1)));
            c0.gets(b(0), query(2, Interactive));
            c0.offer(1)
        },
        "illegal",
        "K Offer r1 as C0.0.1 for ",
    ),
    (
        Bug::IncarnationReused,
        |config| {
            let mut c0 = rig(Query::new(Arc::new(config), 0, 1));
            c0.gets(b(0), query(1, Normal));
            c0.gets(b(0), query(2, Normal));
            c0.offer(2)
        },
        "K Offer r2 as C0.1.1 for B0",
        "K Offer r2 as C0.0.1 for B0",
    ),
    (
        Bug::AgainUnmarked,
        |config| {
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.gets(b(0), query(2, Normal));
            c0.gets(k(0), finish(2, id(0, 1)))
        },
        "queued r2",
        "",
    ),
    (
        Bug::FinishUnmatched,
        |config| {
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.gets(k(0), finish(2, HandOver { incarnation: 1, ..id(0, 1) }))
        },
        "dropped",
        "",
    ),
    (
        Bug::ReturnUnmatched,
        |config| {
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.gets(k(0), returned(2, id(0, 9)))
        },
        "dropped",
        "queued r2",
    ),
    (
        Bug::ReturnedUnmarked,
        |config| {
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.gets(k(0), returned(2, id(0, 1)));
            c0.offer(2)
        },
        "illegal",
        "K Offer r2 as C0.0.2 for B0",
    ),
    (
        Bug::SecondSourceAdopted,
        |config| {
            let mut c0 = query_server(config);
            c0.gets(k(0), assign(1, id(1, 1)));
            c0.gets(k(0), assign(1, id(2, 1)))
        },
        "K Reject r1 as C2.0.1",
        "K Accept r1 as C2.0.1",
    ),
    (
        Bug::LoadUnchecked,
        |config| queue(config, &[Normal]).gets(k(0), assign(2, id(1, 1))),
        "K Reject r2 as C1.0.1",
        "queued r2; K Accept r2 as C1.0.1",
    ),
    (
        Bug::RoomsIgnored,
        |mut config| {
            config.knobs.rooms = vec![4, 2, 1];
            let mut c0 = queue(config, &[Normal]);
            c0.gets(b(0), query(2, Bulk))
        },
        "B0 Busy r2",
        "queued r2",
    ),
    (
        Bug::DoneUnsaid,
        |config| {
            let mut c0 = query_server(config);
            c0.gets(k(0), assign(1, id(1, 1)));
            c0.start(1);
            c0.serve(1)
        },
        "B0 Answer r1 v0 at 0; K Done r1 as C1.0.1",
        "B0 Answer r1 v0 at 0",
    ),
    (
        Bug::NotOfferedAgain,
        |mut config| {
            config.timers.pull_back_us = 0;
            let mut c0 = queue(config, &[Normal, Normal]);
            c0.offer(2);
            c0.reset(k(0))
        },
        "K Offer r2 as C0.0.1 for B0",
        "",
    ),
    (
        Bug::EpochUnchecked,
        |mut config| {
            config.control_servers = 2;
            let mut c0 = query_server(config);
            c0.gets(k(1), Wire::Lead { epoch: 1 });
            c0.gets(k(0), assign(1, id(1, 1)))
        },
        "dropped",
        "queued r1; K Accept r1 as C1.0.1",
    ),
    (
        Bug::WithdrawnForAll,
        |config| {
            let mut c0 = query_server(config);
            c0.gets(k(0), assign(1, id(1, 1)));
            c0.gets(b(1), query(1, Normal));
            c0.gets(k(0), withdraw(1, id(1, 1)));
            c0.start(1)
        },
        "",
        "illegal",
    ),
    (Bug::RulesIgnored, after_revocation, "B0 Answer r1 v0 at 2", "B0 Answer r1 v1 at 2"),
    (Bug::RevokedCopyKept, after_revocation, "B0 Answer r1 v0 at 2", "B0 Answer r1 v1 at 2"),
    (
        Bug::GapApplied,
        |config| query_server(config).gets(G, update(vec![entry(2, 1)])),
        "dropped",
        "",
    ),
    (
        Bug::AcknowledgedBeforeStored,
        |config| query_server(config).gets(b(0), publish(1)),
        "G Publish r1",
        "G Publish r1; B0 Published r1 at 0",
    ),
];

const CONTROL: &[Case] = &[
    (
        Bug::FreedAtAccept,
        |config| {
            let mut k0 = held(config);
            k0.assign(0, 1, 1);
            k0.gets(c(1), accept(1, id(0, 1)));
            k0.gets(c(1), done(1, id(0, 1)))
        },
        "C0 Finish r1 as C0.0.1",
        "dropped",
    ),
    (
        Bug::RefusalUnnoted,
        |config| {
            let mut k0 = held(config);
            k0.assign(0, 1, 1);
            k0.gets(c(1), reject(1, id(0, 1)));
            k0.assign(0, 1, 1)
        },
        "illegal",
        "C1 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::AssignedToRefuser,
        |config| {
            let mut k0 = held(config);
            k0.assign(0, 1, 1);
            k0.gets(c(1), reject(1, id(0, 1)));
            k0.assign(0, 1, 1)
        },
        "illegal",
        "C1 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::AssignedToSource,
        |config| held(config).assign(0, 1, 0),
        "illegal",
        "C0 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::LowestClassAssigned,
        |config| {
            let mut k0 = held(config);
            k0.gets(c(0), offer(2, Bulk, id(0, 2)));
            k0.assign(0, 2, 1)
        },
        "illegal",
        "C1 Assign r2 as C0.0.2 for B0",
    ),
    (
        Bug::AssignedKept,
        |config| {
            let mut k0 = held(config);
            k0.assign(0, 1, 1);
            k0.reset(c(1));
            k0.assign(0, 1, 2)
        },
        "C2 Assign r1 as C0.0.1 for B0",
        "illegal",
    ),
    (
        Bug::AssignedToLost,
        |config| {
            let mut k0 = held(config);
            k0.on(Input::Lost { peer: c(1) });
            k0.assign(0, 1, 1)
        },
        "illegal",
        "C1 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::DoneUnmatched,
        |config| held(config).gets(c(1), done(1, id(0, 9))),
        "dropped",
        "C0 Finish r1 as C0.0.1",
    ),
    (
        Bug::GivenBackHeld,
        |mut config| {
            config.knobs.give_back = true;
            let mut k0 = held(config);
            k0.give_back(0, 1);
            k0.assign(0, 1, 1)
        },
        "illegal",
        "C1 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::WrongTurn,
        |mut config| {
            config.knobs.strategy = Strategy::RoundRobin;
            let mut k0 = held(config);
            k0.assign(0, 1, 1);
            k0.gets(c(0), offer(2, Normal, id(0, 2)));
            k0.assign(0, 2, 1)
        },
        "illegal",
        "C1 Assign r2 as C0.0.2 for B0",
    ),
    (
        Bug::StrategyIgnored,
        |mut config| {
            config.knobs.strategy = Strategy::RoundRobin;
            held(config).assign(0, 1, 2)
        },
        "illegal",
        "C2 Assign r1 as C0.0.1 for B0",
    ),
    (
        Bug::LedgerRoomsIgnored,
        |mut config| {
            config.knobs.ledger_rooms = vec![4, 2, 1];
            held(config).gets(c(0), offer(2, Bulk, id(0, 2)))
        },
        "C0 Return r2 as C0.0.2",
        "",
    ),
    (
        Bug::LeadUnsaid,
        |mut config| {
            config.control_servers = 2;
            rig(Control::new(Arc::new(config), 1, 0)).on(Input::Lease { epoch: 1 })
        },
        "C0 Lead 1; C1 Lead 1; C2 Lead 1",
        "",
    ),
    (
        Bug::SupersededGoesOn,
        |mut config| {
            config.control_servers = 2;
            let mut k0 = held(config);
            k0.gets(c(1), Wire::Lead { epoch: 1 });
            k0.assign(0, 1, 1)
        },
        "illegal",
        "C1 Assign r1 as C0.0.1 for B0",
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
fn each_bug_of_the_query_server_shows() {
    each_differs_as_told(QUERY);
}

#[test]
fn each_bug_of_the_control_server_shows() {
    each_differs_as_told(CONTROL);
}

#[test]
fn every_bug_of_the_two_has_its_run() {
    let about = |server: &str| {
        Bug::ALL.iter().copied().filter(|bug| bug.about().contains(server)).collect::<Vec<Bug>>()
    };
    let shown = |cases: &[Case]| cases.iter().map(|case| case.0).collect::<Vec<Bug>>();
    assert_eq!(about("The query server"), shown(QUERY));
    assert_eq!(about("The control server"), shown(CONTROL));
}
