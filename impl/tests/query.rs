//! The query server, rule by rule: what it does on an input, and which steps it may take.
#![allow(clippy::unwrap_used)]

mod rig;

use rig::*;
use spillway_impl::config::{Links, Returned, Unit};
use spillway_impl::node::{Input, Timer};
use spillway_impl::nodes::query::Query;
use spillway_impl::profile::Rule;
use spillway_impl::wire::{Entry, Wire};
use spillway_traces::{Action, HandOver, RequestId};

use std::sync::Arc;

#[test]
fn a_new_query_is_refused_by_the_room_of_its_class() {
    let mut c0 = query_server(with(|config| config.knobs.rooms = vec![3, 2, 1]));
    assert_eq!(c0.gets(b(0), query(1, Bulk)), "queued r1");
    assert_eq!(c0.gets(b(0), query(2, Bulk)), "B0 Busy r2");
    assert_eq!(c0.gets(b(0), query(1, Bulk)), "dropped", "it is known");
    assert_eq!(c0.gets(b(0), query(3, Normal)), "queued r3");
    assert_eq!(c0.offer(1), "K Offer r1 as C0.0.1 for B0");
    assert_eq!(c0.gets(b(0), query(4, Normal)), "B0 Busy r4", "what is handed over counts");
    assert_eq!(c0.gets(b(0), query(5, Interactive)), "queued r5");
    assert_eq!(c0.gets(k(0), returned(1, id(0, 1))), "queued r1", "what comes back fits");
    assert_eq!(c0.gets(b(0), query(6, Interactive)), "B0 Busy r6");
}

#[test]
fn the_highest_ready_class_is_started_first_come_first() {
    let mut c0 = query_server(config());
    c0.gets(b(0), query(1, Bulk));
    c0.gets(b(0), query(2, Normal));
    c0.gets(b(0), query(3, Normal));
    c0.gets(b(0), Wire::Query(asked(4, Interactive, 1)));
    assert_eq!(c0.start(4), "illegal", "its token is above the replica");
    assert_eq!(c0.start(3), "illegal");
    assert_eq!(c0.start(1), "illegal");
    assert_eq!(c0.start(2), "");
    assert_eq!(c0.gets(G, update(vec![entry(1, 1)])), "");
    assert_eq!(c0.start(4), "illegal", "it works on another");
    assert_eq!(c0.on(Input::Worked), "B0 Answer r2 v1 at 1");
    assert_eq!(c0.start(4), "");
    assert_eq!(c0.serve(4), "B0 Answer r4 v1 at 1");
    assert_eq!(c0.on(Input::Worked), "", "nothing runs");
}

#[test]
fn classes_age_by_ready_tasks_that_are_overtaken() {
    let mut c0 = query_server(with(|config| config.knobs.overtaken_max = 1));
    c0.gets(b(0), query(1, Bulk));
    c0.gets(b(0), Wire::Query(asked(2, Bulk, 9)));
    c0.gets(b(0), query(3, Interactive));
    c0.start(3);
    let counts: Vec<u32> = c0.node.queue.iter().map(|task| task.overtaken).collect();
    assert_eq!(counts, [1, 0, 0], "the second is not ready");
    c0.serve(3);
    c0.gets(b(0), query(4, Interactive));
    c0.gets(b(1), query(1, Bulk));
    assert_eq!(c0.start(4), "illegal");
    assert_eq!(c0.start(1), "", "a repeated query leaves its count as it is");
}

#[test]
fn a_query_is_queued_once_and_refused_when_there_is_no_room() {
    let mut c0 = query_server(config());
    assert_eq!(c0.gets(b(0), query(1, Normal)), "queued r1");
    assert_eq!(c0.gets(b(1), query(1, Normal)), "");
    for request in 2..5 {
        assert_eq!(c0.gets(b(0), query(request, Normal)), format!("queued r{request}"));
    }
    c0.offer(4);
    assert_eq!(c0.gets(b(0), query(5, Normal)), "B0 Busy r5", "what is handed over counts");
    c0.start(1);
    assert_eq!(c0.serve(1), "B0 Answer r1 v0 at 0; B1 Answer r1 v0 at 0");
}

#[test]
fn the_redundant_are_offered_the_lowest_class_and_the_newest_first() {
    let mut c0 = query_server(config());
    for (request, class) in [(1, Bulk), (2, Interactive), (3, Bulk), (4, Normal)] {
        c0.gets(b(0), query(request, class));
    }
    let places =
        |c0: &Query| c0.redundant().iter().map(|request| request.number()).collect::<Vec<u32>>();
    assert_eq!(places(&c0.node), [3, 1, 4]);
    assert_eq!(c0.offer(2), "illegal");
    assert_eq!(c0.offer(1), "K Offer r1 as C0.0.1 for B0", "any of the redundant");
    c0.start(2);
    assert_eq!(places(&c0.node), [3, 4], "the running one counts and is not moved");
    assert_eq!(c0.gets(k(0), returned(1, id(0, 1))), "queued r1");
    assert_eq!(places(&c0.node), [3, 4], "what came back counts and is not moved again");
    c0.gets(k(0), assign(9, id(1, 1)));
    assert_eq!(c0.queued(), [2, 3, 4, 1], "the load is above the threshold");
}

#[test]
fn a_hand_over_is_settled_under_its_own_name_only() {
    let mut c0 = query_server(config());
    for request in [1, 2] {
        c0.gets(b(0), query(request, Normal));
    }
    c0.offer(2);
    assert_eq!(c0.gets(k(0), finish(2, id(0, 9))), "dropped");
    assert_eq!(c0.gets(k(0), returned(2, HandOver { incarnation: 1, ..id(0, 1) })), "dropped");
    assert_eq!(c0.gets(b(1), query(2, Normal)), "");
    assert_eq!(c0.gets(k(0), finish(2, id(0, 1))), "queued r2", "it was asked for again");
    let task = &c0.node.queue[1];
    assert!(!task.refused && task.foreign.is_none() && task.asked_here == askers(3));
    assert_eq!(c0.offer(2), "K Offer r2 as C0.0.2 for B0+B1");
    assert_eq!(c0.gets(k(0), finish(2, id(0, 2))), "");
    assert_eq!(c0.gets(k(0), finish(2, id(0, 2))), "dropped");
}

#[test]
fn what_comes_back_is_refused_where_the_operator_wants_it() {
    let mut c0 = query_server(with(|config| config.knobs.returned = Returned::Busy));
    c0.gets(b(0), query(1, Normal));
    c0.gets(b(0), query(2, Normal));
    c0.gets(b(1), query(2, Normal));
    c0.offer(2);
    assert_eq!(c0.gets(k(0), returned(2, id(0, 1))), "B0 Busy r2; B1 Busy r2");
    assert!(c0.node.handed.is_empty());
}

#[test]
fn an_assignment_is_taken_below_the_threshold() {
    let mut c0 = query_server(config());
    assert_eq!(c0.gets(k(0), assign(1, id(1, 1))), "queued r1; K Accept r1 as C1.0.1");
    assert_eq!(c0.gets(k(0), assign(2, id(1, 2))), "K Reject r2 as C1.0.2");
    assert_eq!(c0.gets(k(0), assign(1, id(1, 3))), "K Accept r1 as C1.0.3", "the same source");
    assert_eq!(c0.gets(k(0), assign(1, id(2, 1))), "K Reject r1 as C2.0.1", "another source");
    c0.start(1);
    assert_eq!(c0.serve(1), "B0 Answer r1 v0 at 0; K Done r1 as C1.0.3");
}

#[test]
fn a_local_task_takes_an_assignment_on_and_one_handed_over_does_not() {
    let mut c0 = query_server(with(|config| config.knobs.threshold[0] = 2));
    for request in 1..4 {
        c0.gets(b(1), query(request, Normal));
    }
    c0.offer(3);
    assert_eq!(c0.gets(k(0), assign(1, id(1, 2))), "K Accept r1 as C1.0.2");
    assert_eq!(c0.offer(2), "illegal");
    c0.start(1);
    assert_eq!(c0.serve(1), "B0 Answer r1 v0 at 0; B1 Answer r1 v0 at 0; K Done r1 as C1.0.2");
    assert_eq!(c0.queued(), [2], "there is room below the threshold");
    assert_eq!(c0.gets(k(0), assign(3, id(1, 1))), "K Reject r3 as C1.0.1");
}

#[test]
fn who_gives_up_is_told_nothing_and_nobody_left_withdraws() {
    let mut c0 = query_server(config());
    c0.gets(b(0), query(1, Normal));
    c0.gets(b(0), query(2, Normal));
    c0.gets(b(1), query(2, Normal));
    c0.offer(2);
    assert_eq!(c0.gets(b(0), cancel(2)), "");
    assert_eq!(c0.gets(b(1), cancel(2)), "K Withdraw r2 as C0.0.1");
    assert_eq!(c0.gets(k(0), returned(2, id(0, 1))), "dropped");
    assert_eq!(c0.gets(b(1), cancel(2)), "dropped");
    c0.start(1);
    c0.gets(b(0), cancel(1));
    assert_eq!(c0.queued(), [1], "it runs");
    assert_eq!(c0.serve(1), "", "nobody waits");
    c0.gets(b(0), query(3, Normal));
    c0.gets(b(0), cancel(3));
    assert!(c0.node.queue.is_empty());
}

#[test]
fn a_withdrawn_task_stays_for_those_who_asked_here() {
    let mut c0 = query_server(config());
    c0.gets(k(0), assign(1, id(1, 1)));
    c0.gets(b(1), query(1, Normal));
    assert_eq!(c0.gets(b(1), cancel(1)), "");
    assert_eq!(c0.queued(), [1], "its source wants it");
    c0.gets(b(1), query(1, Normal));
    assert_eq!(c0.gets(k(0), withdraw(1, id(1, 2))), "dropped");
    assert_eq!(c0.gets(k(0), withdraw(1, id(1, 1))), "");
    assert!(c0.node.queue[0].foreign.is_none());
    c0.gets(k(0), assign(1, id(1, 3)));
    c0.gets(b(1), cancel(1));
    assert_eq!(c0.gets(k(0), withdraw(1, id(1, 3))), "");
    assert!(c0.queued().is_empty());
}

#[test]
fn a_publish_is_relayed_once_and_acknowledged_to_all() {
    let mut c0 = query_server(config());
    assert_eq!(c0.gets(b(0), publish(1)), "G Publish r1");
    assert_eq!(c0.gets(b(1), publish(1)), "");
    assert_eq!(c0.gets(b(0), publish(2)), "G Publish r2");
    assert_eq!(c0.gets(b(0), publish(3)), "B0 Busy r3");
    assert_eq!(c0.reset(G), "G Hello 0; G Publish r1; G Publish r2");
    assert_eq!(c0.gets(G, published(1, 7)), "B0 Published r1 at 7; B1 Published r1 at 7");
    assert_eq!(c0.gets(G, published(1, 7)), "dropped");
}

#[test]
fn the_feed_is_taken_in_order_and_a_snapshot_replaces_all() {
    let mut c0 = query_server(config());
    assert_eq!(c0.gets(G, update(vec![entry(2, 2)])), "dropped");
    assert_eq!(c0.gets(G, update(vec![entry(1, 1), entry(2, 2), entry(2, 2)])), "dropped");
    let delivered = Action::Deliver { from: G, to: c(0) };
    let step = spillway_impl::node::Output::Step(delivered);
    assert_eq!(c0.out.iter().filter(|&output| *output == step).count(), 2, "all but the first");
    assert_eq!(c0.node.applied, 2);
    let of_two = Entry { user: 2, ..entry(4, 1) };
    let snapshot = |revision| Wire::Snapshot { revision, entries: vec![of_two.clone()] };
    assert_eq!(c0.gets(G, snapshot(2)), "dropped");
    assert_eq!(c0.gets(G, snapshot(5)), "");
    assert_eq!(c0.node.replica.keys().copied().collect::<Vec<u16>>(), [2]);
    assert_eq!(c0.node.applied, 5);
}

#[test]
fn information_is_shown_as_its_owner_says() {
    // Client 0 asks about user 1, whose record is of version 3 and whose information version 2 published.
    for (info, rule, contacts, client, shown) in [
        (Some(2), Rule::Everyone, vec![], 0, 2),
        (Some(2), Rule::Contacts, vec![0], 0, 2),
        (Some(2), Rule::Contacts, vec![2], 0, 0),
        (Some(2), Rule::Nobody, vec![0], 0, 0),
        (Some(2), Rule::Nobody, vec![], 1, 2),
        (None, Rule::Everyone, vec![], 0, 0),
    ] {
        let mut c0 = query_server(config());
        let record = record(info, rule, &contacts);
        c0.gets(G, update(vec![Entry { revision: 1, user: 1, version: 3, record }]));
        let mut asked = asked(1, Normal, 1);
        asked.ask.client = client;
        c0.gets(b(0), Wire::Query(asked));
        c0.start(1);
        assert_eq!(c0.serve(1), format!("B0 Answer r1 v{shown} at 1"));
    }
}

#[test]
fn a_new_leader_is_followed_and_the_old_one_heeded_no_more() {
    let mut c0 = query_server(with(|config| {
        config.control_servers = 2;
        config.timers.pull_back_us = 0;
    }));
    c0.gets(b(0), query(1, Normal));
    c0.gets(b(0), query(2, Normal));
    c0.offer(2);
    assert_eq!(c0.reset(k(1)), "");
    assert_eq!(c0.gets(k(1), Wire::Lead { epoch: 1 }), "K Lead 1; K1 Offer r2 as C0.0.1 for B0");
    assert_eq!(c0.gets(k(1), Wire::Lead { epoch: 1 }), "dropped");
    assert_eq!(c0.gets(k(0), returned(2, id(0, 1))), "dropped");
    assert_eq!(c0.gets(k(0), assign(5, id(1, 1))), "dropped");
    assert_eq!(c0.reset(k(0)), "K Lead 1");
    assert_eq!(c0.reset(k(1)), "K1 Offer r2 as C0.0.1 for B0");
    let finish = Wire::Finish { request: RequestId(2), hand_over: id(0, 1), epoch: 2 };
    assert_eq!(
        c0.gets(k(0), finish),
        "K1 Lead 2; K Offer r2 as C0.0.1 for B0",
        "a higher epoch is taken on first, whatever tells it"
    );
    assert!(c0.node.handed.is_empty());
}

#[test]
fn a_task_is_pulled_back_while_the_leader_is_out_of_reach() {
    for lost in [Input::Lost { peer: k(0) }, Input::Reachable { peer: k(0), reachable: false }] {
        let mut c0 = query_server(with(|config| config.timers.jitter_percent = 0));
        for request in 1..4 {
            c0.gets(b(0), query(request, Normal));
        }
        c0.offer(3);
        c0.offer(2);
        let pull_back =
            |request| Action::PullBack { server: c(0), request: RequestId::of(request) };
        assert_eq!(c0.step(pull_back(2)), "illegal");
        assert_eq!(c0.on(lost), "arm pull-back r2 500000; arm pull-back r3 500000");
        assert_eq!(c0.on(Input::Timer(Timer::PullBack(RequestId(3)))), "queued r3");
        assert!(c0.node.queue[1].refused);
        let made = c0.on(Input::Made { peer: k(0) });
        assert_eq!(made, "K Offer r2 as C0.0.2 for B0; disarm pull-back r2");
        assert_eq!(c0.on(Input::Timer(Timer::PullBack(RequestId(2)))), "");
        assert_eq!(c0.gets(k(0), returned(3, id(0, 1))), "dropped");
    }
}

#[test]
fn a_late_server_takes_nothing_and_hands_over_all_but_one() {
    let mut c0 = query_server(with(|config| config.knobs.unit = Unit::Delay));
    let (slow, calm) = (Action::Slow { server: c(0) }, Action::Calm { server: c(0) });
    assert_eq!(c0.step(slow), "illegal", "its queue is empty");
    assert_eq!(c0.gets(b(0), query(1, Normal)), "queued r1; arm delay 20000");
    c0.gets(b(0), query(2, Normal));
    assert_eq!(c0.offer(2), "illegal");
    assert_eq!(c0.gets(k(0), assign(3, id(1, 1))), "queued r3; K Accept r3 as C1.0.1");
    let due = |c0: &rig::Rig<Query>| {
        let candidates = c0.node.candidates(c0.now_us);
        candidates.iter().any(|one| one.due && (one.action == slow || one.action == calm))
    };
    assert!(!due(&c0));
    c0.now_us = 20_000;
    assert!(due(&c0));
    assert_eq!(c0.on(Input::Timer(Timer::Delay)), "");
    assert!(c0.node.late);
    assert_eq!(c0.gets(k(0), assign(4, id(1, 2))), "K Reject r4 as C1.0.2");
    assert_eq!(c0.node.redundant(), [RequestId(2), RequestId(1)]);
    assert!(!due(&c0));
    c0.offer(2);
    c0.start(1);
    assert!(!due(&c0), "the foreign one waits");
    c0.serve(1);
    c0.start(3);
    assert!(due(&c0));
    assert_eq!(c0.step(calm), "");
}

#[test]
fn clock_readings_and_timers_are_no_part_of_the_state() {
    let run = |now_us| {
        let mut c0 = query_server(with(|config| config.knobs.links = Links::Datagram));
        c0.now_us = now_us;
        c0.gets(b(0), query(1, Normal));
        if now_us > 0 {
            c0.on(Input::Timer(Timer::Resend(G)));
        }
        c0.node
    };
    assert_eq!(run(0), run(7));
}

#[test]
fn on_datagrams_a_timer_sends_again_and_waits_longer_each_time() {
    let mut c0 = query_server(with(|config| {
        config.knobs.links = Links::Datagram;
        config.timers.jitter_percent = 0;
    }));
    assert_eq!(c0.on(Input::Turn), "arm resend G 200000");
    let timer = || Input::Timer(Timer::Resend(G));
    assert_eq!(c0.gets(b(0), publish(1)), "G Publish r1");
    assert_eq!(c0.on(timer()), "G Hello 0; G Publish r1; arm resend G 400000");
    assert_eq!(c0.on(timer()), "G Hello 0; G Publish r1; arm resend G 800000");
    c0.gets(G, published(1, 1));
    assert_eq!(c0.on(timer()), "G Hello 0; arm resend G 400000", "it was heard from");
    c0.gets(b(0), query(2, Normal));
    c0.gets(b(0), query(3, Normal));
    assert_eq!(c0.offer(3), "K Offer r3 as C0.0.1 for B0; arm resend K 200000");
    assert_eq!(c0.step(Action::Resend { from: c(0), to: k(0) }), "K Offer r3 as C0.0.1 for B0");
    assert_eq!(c0.gets(k(0), finish(3, id(0, 1))), "disarm resend K");
}

#[test]
fn after_a_crash_hand_overs_have_new_names() {
    let mut c0 = rig(Query::new(Arc::new(config()), 0, 1));
    c0.gets(b(0), query(1, Normal));
    c0.gets(b(0), query(2, Normal));
    assert_eq!(c0.offer(2), "K Offer r2 as C0.1.1 for B0");
}
