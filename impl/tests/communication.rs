//! The communication server, rule by rule: what it does on an input, and which steps it may take.
#![allow(clippy::unwrap_used)]

mod rig;

use std::sync::Arc;

use rig::*;
use spillway_impl::config::{Config, Links, Routing};
use spillway_impl::node::{Input, Timer};
use spillway_impl::nodes::communication::Communication;
use spillway_impl::profile::{Info, Profile};
use spillway_impl::wire::Wire;
use spillway_traces::{Action, Node, RequestId};

fn answer(request: u32, version: Option<u32>) -> Wire {
    let info = version.map(|version| Arc::new(Info { version, profile: Profile::default() }));
    Wire::Answer { request: RequestId::of(request), revision: 9, info, found: None }
}

/// B0 with a query of A0 at C0, a publish of A1 at C0 and a query of A1 at C1.
fn busy_server(config: Config) -> Rig<Communication> {
    let mut b0 = communication_server(config);
    b0.gets(a(0), ask(1, 0, 0));
    b0.gets(a(1), change(2, 1, 0));
    b0.gets(a(1), ask(3, 1, 1));
    b0
}

fn any() -> Config {
    with(|config| {
        config.knobs.routing = Routing::Any;
        config.timers.jitter_percent = 0;
    })
}

fn route(b0: &mut Rig<Communication>, request: u32, to: Node) -> String {
    b0.step(Action::Route { server: b(0), request: RequestId::of(request), to })
}

#[test]
fn a_request_is_pending_until_it_is_settled_and_passed_on_each_time() {
    let mut b0 = communication_server(config());
    assert_eq!(b0.gets(a(0), ask(1, 0, 2)), "C2 Query r1 token 5");
    assert_eq!(b0.gets(a(0), ask(1, 0, 2)), "C2 Query r1 token 5");
    assert_eq!(b0.gets(c(1), answer(1, Some(4))), "A0 Reply r1 v4 at 9", "whoever served it");
    assert_eq!(b0.gets(c(2), answer(1, None)), "dropped");
    assert_eq!(b0.gets(a(1), change(2, 1, 0)), "C0 Publish r2");
    assert_eq!(b0.gets(c(0), published(2, 6)), "A1 Reply r2 v3 at 6", "the version that it made");
    assert_eq!(b0.gets(c(0), published(2, 6)), "dropped");
    b0.gets(a(1), ask(3, 1, 0));
    assert_eq!(b0.gets(c(0), busy(3)), "A1 Busy r3");
    assert_eq!(b0.gets(c(0), busy(3)), "dropped");
    assert!(b0.node.pending.is_empty());
}

#[test]
fn what_has_no_room_is_refused() {
    let mut b0 = communication_server(with(|config| config.knobs.pending_max = 1));
    b0.gets(a(0), ask(1, 0, 0));
    assert_eq!(b0.gets(a(1), ask(2, 1, 0)), "A1 Busy r2");
    assert_eq!(b0.gets(a(0), ask(1, 0, 0)), "C0 Query r1 token 5", "it is pending already");
}

#[test]
fn at_a_loss_queries_elsewhere_are_sent_again_and_at_a_connection_what_was_sent_there() {
    let mut b0 = busy_server(config());
    assert_eq!(b0.on(Input::Lost { peer: c(1) }), "C0 Query r1 token 5", "no publish");
    assert_eq!(b0.on(Input::Lost { peer: c(2) }), "C0 Query r1 token 5; C1 Query r3 token 5");
    assert_eq!(b0.on(Input::Made { peer: c(0) }), "C0 Query r1 token 5; C0 Publish r2");
    assert_eq!(b0.on(Input::Made { peer: c(2) }), "");
    assert_eq!(b0.reset(a(1)), "", "clients ask themselves");
}

#[test]
fn what_is_given_up_is_forgotten_and_queries_are_cancelled() {
    let mut b0 = busy_server(config());
    assert_eq!(b0.gets(a(0), cancel(1)), "C0 Cancel r1");
    assert_eq!(b0.gets(a(0), cancel(1)), "dropped");
    assert_eq!(b0.on(Input::Closed { client: a(0) }), "");
    assert_eq!(
        b0.on(Input::Closed { client: a(1) }),
        "C1 Cancel r3",
        "a publish is not taken back"
    );
    assert!(b0.node.pending.is_empty());
    let mut b0 = communication_server(any());
    b0.gets(a(0), ask(1, 0, 0));
    assert_eq!(b0.gets(a(0), cancel(1)), "", "it was sent nowhere");
}

#[test]
fn any_routing_sends_a_request_once_a_server_is_chosen() {
    let mut b0 = communication_server(any());
    assert_eq!(b0.gets(a(0), ask(1, 0, 1)), "");
    assert_eq!(b0.gets(a(0), ask(1, 0, 1)), "", "it was sent nowhere yet");
    b0.on(Input::Lost { peer: c(1) });
    let choices: Vec<(bool, u16)> = b0
        .node
        .candidates(0)
        .iter()
        .map(|candidate| match candidate.action {
            Action::Route { to, .. } => (candidate.due, to.index),
            action => panic!("{action}"),
        })
        .collect();
    assert_eq!(choices, [(false, 0), (false, 1), (true, 2)], "any is legal; the home is lost");
    assert_eq!(route(&mut b0, 1, c(0)), "C0 Query r1 token 5");
    assert_eq!(route(&mut b0, 1, c(2)), "illegal", "C0 can be reached");
    b0.gets(a(0), ask(2, 0, 0));
    let due = |b0: &Rig<Communication>| b0.node.candidates(0).iter().position(|one| one.due);
    assert_eq!(due(&b0), Some(2), "less is pending there");
}

#[test]
fn a_request_whose_server_is_out_of_reach_goes_elsewhere_when_its_timer_runs_out() {
    let mut b0 = communication_server(any());
    b0.gets(a(0), ask(1, 0, 0));
    route(&mut b0, 1, c(0));
    let unreachable = Input::Reachable { peer: c(0), reachable: false };
    assert_eq!(b0.on(unreachable.clone()), "arm reroute(r1) 300000");
    let reachable = Input::Reachable { peer: c(0), reachable: true };
    assert_eq!(b0.on(reachable), "disarm reroute(r1)");
    b0.on(unreachable);
    b0.on(Input::Lost { peer: c(1) });
    assert_eq!(route(&mut b0, 1, c(1)), "illegal", "out of reach too");
    assert_eq!(b0.on(Input::Timer(Timer::Reroute(RequestId(1)))), "C2 Query r1 token 5");
    assert_eq!(b0.node.pending[&RequestId(1)].at, Some(2));
    assert_eq!(b0.on(Input::Timer(Timer::Reroute(RequestId(1)))), "", "it is within reach");
    b0.on(Input::Lost { peer: c(2) });
    let again = "arm reroute(r1) 600000";
    assert_eq!(b0.on(Input::Timer(Timer::Reroute(RequestId(1)))), again, "nowhere to go");
    let made = b0.on(Input::Made { peer: c(2) });
    assert_eq!(made, "C2 Query r1 token 5; disarm reroute(r1)", "it is within reach again");
}

#[test]
fn with_home_routing_nothing_is_sent_elsewhere() {
    let mut b0 = busy_server(config());
    b0.on(Input::Lost { peer: c(0) });
    assert!(b0.node.candidates(0).is_empty());
    assert_eq!(b0.on(Input::Timer(Timer::Reroute(RequestId(1)))), "");
}

#[test]
fn on_datagram_links_it_repeats_for_itself() {
    let mut b0 = communication_server(with(|config| {
        config.knobs.links = Links::Datagram;
        config.timers.jitter_percent = 0;
    }));
    assert_eq!(b0.gets(a(0), ask(1, 0, 0)), "C0 Query r1 token 5; arm resend C0 200000");
    assert_eq!(b0.gets(a(0), ask(1, 0, 0)), "dropped");
    b0.gets(a(1), change(2, 1, 0));
    let all = "C0 Query r1 token 5; C0 Publish r2";
    assert_eq!(b0.step(Action::Resend { from: b(0), to: c(0) }), all);
    assert_eq!(b0.step(Action::Resend { from: b(0), to: c(1) }), "illegal");
    assert_eq!(b0.on(Input::Timer(Timer::Resend(c(0)))), format!("arm resend C0 400000; {all}"));
    b0.gets(c(0), answer(1, None));
    assert!(b0.gets(c(0), published(2, 1)).ends_with("disarm resend C0"));
}
