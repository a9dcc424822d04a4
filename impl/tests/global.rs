//! The global server, rule by rule: what it stores, acknowledges and feeds.
#![allow(clippy::unwrap_used)]

mod rig;

use rig::*;
use spillway_impl::config::{Config, Disk, Links};
use spillway_impl::node::{Input, Output};
use spillway_impl::wire::Wire;
use spillway_traces::Action;

fn flushed() -> Config {
    with(|config| config.knobs.disk = Disk::Flushed)
}

fn hello(applied: u32) -> Wire {
    Wire::Hello { applied }
}

/// An entry that was stored, as the rig tells it.
fn stored(request: u32, revision: u32) -> String {
    format!("stored {{ request: r{request}, revision: {revision}")
}

#[test]
fn only_a_newer_version_is_stored_and_each_is_acknowledged() {
    let mut g = global_server(config());
    let first = format!("{}; append; C0 Published r1 at 1", stored(1, 1));
    assert_eq!(g.publish(0, 1, 1, 2, true), first, "a gap is in order");
    assert_eq!(g.publish(1, 2, 1, 1, true), "C1 Published r2 at 1", "the newest revision");
    assert_eq!(g.publish(0, 1, 1, 2, true), "C0 Published r1 at 1");
    let other = format!("{}; append; C0 Published r3 at 2", stored(3, 2));
    assert_eq!(g.publish(0, 3, 2, 1, true), other, "each user has its own versions");
    assert_eq!(g.node.newest_revision(), 2);
}

#[test]
fn each_server_is_fed_from_where_it_says_that_it_is() {
    let mut g = global_server(config());
    assert_eq!(g.sync(0), "illegal");
    g.publish(0, 1, 1, 1, true);
    g.publish(0, 2, 2, 1, false);
    assert_eq!(g.sync(1), "C1 Update 1:u1v1");
    assert_eq!(g.sync(1), "C1 Update 2:u2v1-");
    assert_eq!(g.sync(1), "illegal");
    g.reset(c(1));
    assert_eq!(g.sync(1), "illegal", "it has not said Hello");
    assert_eq!(g.gets(c(1), hello(1)), "");
    assert_eq!(g.sync(1), "C1 Update 2:u2v1-");
    g.gets(c(1), hello(0));
    assert_eq!(g.sync(1), "C1 Update 1:u1v1", "whatever the cursor was");
}

#[test]
fn an_update_carries_several_revisions_where_that_is_allowed() {
    let fed = |links| {
        let mut g = global_server(with(|config| {
            config.knobs.sync_batch_max = 2;
            config.knobs.links = links;
        }));
        for request in 1..4 {
            g.publish(0, request, 1, request, true);
        }
        g
    };
    assert_eq!(fed(Links::Datagram).sync(0), "C0 Update 1:u1v1");
    let mut g = fed(Links::Fifo);
    assert_eq!(g.sync(0), "C0 Update 1:u1v1 2:u1v2");
    let step = Output::Step(Action::Sync { server: c(0) });
    assert_eq!(g.out[..2], [step.clone(), step.clone()], "a step for each");
    assert_eq!(g.sync(0), "C0 Update 3:u1v3");
}

#[test]
fn a_server_behind_the_base_gets_the_checkpoint_and_then_the_log() {
    let mut g = global_server(config());
    assert_eq!(g.stores(Action::Compact {}), "illegal");
    g.publish(0, 1, 1, 1, true);
    g.publish(0, 2, 1, 2, false);
    g.publish(0, 3, 2, 1, true);
    g.sync(1);
    assert_eq!(g.stores(Action::Compact {}), "replace");
    assert_eq!(g.out, [Output::Step(Action::Compact {})], "once the disk has it");
    assert_eq!((g.node.base, g.node.log.len()), (3, 0));
    g.publish(0, 4, 2, 2, true);
    for server in [0, 1] {
        let snapshot = format!("C{server} Snapshot 3 2:u1v2- 3:u2v1");
        assert_eq!(g.sync(server), snapshot, "tombstones too");
        assert_eq!(g.sync(server), format!("C{server} Update 4:u2v2"));
    }
    assert_eq!(g.publish(0, 1, 1, 1, true), "C0 Published r1 at 2", "its version is remembered");
}

#[test]
fn compaction_is_due_after_as_many_revisions_as_the_operator_says() {
    let mut g = global_server(with(|config| config.knobs.compact_after = 2));
    let due = |g: &spillway_impl::nodes::global::Global| {
        let compact = Action::Compact {};
        g.candidates(0).iter().find(|one| one.action == compact).map(|one| one.due)
    };
    assert_eq!(due(&g.node), None);
    g.publish(0, 1, 1, 1, true);
    assert_eq!(due(&g.node), Some(false));
    g.publish(0, 2, 1, 2, true);
    assert_eq!(due(&g.node), Some(true));
}

#[test]
fn nobody_hears_of_what_the_disk_does_not_have() {
    let mut g = global_server(flushed());
    assert_eq!(g.publish(0, 2, 1, 2, true), stored(2, 1));
    assert_eq!(g.publish(1, 1, 1, 1, true), "", "nor by what it supersedes");
    assert_eq!(g.publish(0, 2, 1, 2, true), "", "it waits already");
    assert_eq!(g.publish(0, 3, 1, 3, true), stored(3, 2));
    assert_eq!(g.sync(0), "illegal");
    assert_eq!(g.step(Action::Flush {}), "append");
    assert!(!g.out.contains(&Output::Step(Action::Flush {})), "not before the disk says so");
    let told = "C0 Published r2 at 2; C1 Published r1 at 2; C0 Published r3 at 2";
    assert_eq!(g.on(Input::Stored { done: true }), told);
    assert_eq!(g.out[0], Output::Step(Action::Flush {}));
    assert_eq!(g.sync(0), "C0 Update 1:u1v2");
    assert_eq!(g.stores(Action::Flush {}), "illegal");
}

#[test]
fn who_publishes_again_is_not_waited_for_twice() {
    let mut g = global_server(flushed());
    g.publish(0, 1, 1, 1, true);
    g.publish(1, 2, 2, 1, true);
    g.reset(c(0));
    assert_eq!(g.stores(Action::Flush {}), "append; C1 Published r2 at 2");
}

#[test]
fn what_is_not_durable_stays_above_the_base() {
    let mut g = global_server(flushed());
    g.publish(0, 1, 1, 1, true);
    g.stores(Action::Flush {});
    g.publish(0, 2, 1, 2, true);
    assert_eq!(g.stores(Action::Compact {}), "replace");
    assert_eq!((g.node.base, g.node.undurable, g.node.log.len()), (1, 1, 1));
    assert_eq!(g.sync(0), "C0 Snapshot 1 1:u1v1");
    assert_eq!(g.stores(Action::Flush {}), "append; C0 Published r2 at 2");
}
