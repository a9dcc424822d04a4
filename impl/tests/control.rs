//! The control server, rule by rule: what it does on an input, and which steps it may take.

mod rig;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rig::*;
use spillway_impl::config::{Links, Strategy};
use spillway_impl::node::{Force, Input, Timer};
use spillway_impl::nodes::control::Control;
use spillway_impl::strategy::Configured;
use spillway_impl::wire::Wire;
use spillway_traces::{Action, RequestId};

use std::sync::Arc;

#[test]
fn the_highest_class_is_assigned_first_and_never_to_its_source() {
    let mut k0 = control_server(config());
    assert_eq!(k0.gets(c(0), offer(1, Bulk, id(0, 1))), "");
    assert_eq!(k0.gets(c(0), offer(2, Normal, id(0, 2))), "");
    assert_eq!(k0.assign(0, 1, 1), "illegal");
    assert_eq!(k0.assign(0, 2, 0), "illegal");
    assert_eq!(k0.assign(0, 2, 2), "C2 Assign r2 as C0.0.2 for B0");
    assert_eq!(k0.assign(0, 2, 1), "illegal", "it is assigned");
    assert_eq!(k0.assign(0, 1, 1), "C1 Assign r1 as C0.0.1 for B0");
}

#[test]
fn what_all_have_refused_goes_back() {
    let mut k0 = control_server(config());
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    assert_eq!(k0.gets(c(1), reject(1, id(0, 1))), "dropped", "it is not assigned");
    k0.assign(0, 1, 1);
    assert_eq!(k0.gets(c(1), accept(1, id(0, 1))), "");
    assert_eq!(k0.gets(c(2), reject(1, id(0, 1))), "dropped", "to another server");
    assert_eq!(k0.gets(c(1), reject(1, id(0, 2))), "dropped", "of another name");
    assert_eq!(k0.gets(c(1), reject(1, id(0, 1))), "");
    assert_eq!(k0.gets(c(0), offer(1, Normal, id(0, 1))), "dropped", "refusals stay");
    assert_eq!(k0.assign(0, 1, 1), "illegal");
    k0.assign(0, 1, 2);
    assert_eq!(k0.gets(c(2), reject(1, id(0, 1))), "C0 Return r1 as C0.0.1");
    assert!(k0.node.ledger.is_empty());
}

#[test]
fn what_is_assigned_to_nobody_may_be_given_back_where_that_is_on() {
    let mut off = control_server(config());
    off.gets(c(0), offer(1, Normal, id(0, 1)));
    assert_eq!(off.give_back(0, 1), "illegal");
    let mut k0 = control_server(with(|config| config.knobs.give_back = true));
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0.gets(c(0), offer(2, Bulk, id(0, 2)));
    k0.assign(0, 1, 1);
    assert_eq!(k0.give_back(0, 1), "illegal", "it is assigned");
    assert_eq!(k0.give_back(0, 2), "C0 Return r2 as C0.0.2");
    assert_eq!(k0.give_back(0, 2), "illegal", "it is held no more");
    k0.gets(c(1), reject(1, id(0, 1)));
    assert_eq!(k0.give_back(0, 1), "C0 Return r1 as C0.0.1", "another could take it");
}

#[test]
fn nothing_is_given_back_unless_somebody_asks_for_it() {
    let mut k0 = control_server(with(|config| config.knobs.give_back = true));
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    let given_back = k0
        .node
        .candidates(0)
        .into_iter()
        .find(|candidate| matches!(candidate.action, Action::GiveBack { .. }));
    assert_eq!(given_back.map(|candidate| candidate.due), Some(false));
    let mut configured = Configured::new(Strategy::Any, ChaCha8Rng::from_seed([0; 32]));
    assert_eq!(k0.run(Input::Turn, &mut configured), "C1 Assign r1 as C0.0.1 for B0");
}

#[test]
fn a_hand_over_is_finished_under_its_own_name_by_whoever_has_done_it() {
    let mut k0 = control_server(config());
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0.assign(0, 1, 1);
    assert_eq!(k0.gets(c(1), done(1, id(0, 2))), "dropped");
    assert_eq!(k0.gets(c(2), done(1, id(0, 1))), "C0 Finish r1 as C0.0.1");
    assert_eq!(k0.gets(c(1), done(1, id(0, 1))), "dropped");
}

#[test]
fn another_name_takes_the_place_of_the_one_held_and_a_full_ledger_returns() {
    let mut k0 = control_server(config());
    for request in 1..4 {
        k0.gets(c(0), offer(request, Normal, id(0, request)));
    }
    assert_eq!(k0.gets(c(1), offer(1, Normal, id(1, 1))), "C1 Return r1 as C1.0.1");
    assert_eq!(k0.gets(c(0), offer(1, Normal, id(0, 4))), "", "it has the room of the old one");
    assert_eq!(k0.gets(c(1), done(1, id(0, 1))), "dropped");
    assert_eq!(k0.node.ledger.len(), 3);
}

#[test]
fn a_withdrawn_task_is_withdrawn_from_its_assignee() {
    let mut k0 = control_server(config());
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0.gets(c(0), offer(2, Normal, id(0, 2)));
    k0.assign(0, 1, 2);
    assert_eq!(k0.gets(c(0), withdraw(1, id(0, 9))), "dropped");
    assert_eq!(k0.gets(c(0), withdraw(1, id(0, 1))), "C2 Withdraw r1 as C0.0.1");
    assert_eq!(k0.gets(c(0), withdraw(2, id(0, 2))), "");
    assert!(k0.node.ledger.is_empty());
}

#[test]
fn a_reset_unassigns_and_a_loss_that_lasts_returns_what_nobody_can_take() {
    let mut k0 = control_server(with(|config| config.query_servers = 2));
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0.assign(0, 1, 1);
    assert_eq!(k0.reset(c(1)), "");
    assert_eq!(k0.assign(0, 1, 1), "C1 Assign r1 as C0.0.1 for B0");
    assert_eq!(k0.on(Input::Lost { peer: c(1) }), "");
    assert_eq!(k0.on(Input::Turn), "C0 Return r1 as C0.0.1");
    assert_eq!(k0.gets(c(0), offer(1, Normal, id(0, 2))), "C0 Return r1 as C0.0.2");
    k0.on(Input::Made { peer: c(1) });
    assert_eq!(k0.gets(c(0), offer(1, Normal, id(0, 3))), "");
}

#[test]
fn a_lost_source_keeps_its_entries() {
    let mut k0 = control_server(config());
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    assert_eq!(k0.on(Input::Lost { peer: c(0) }), "");
    assert_eq!(k0.on(Input::Turn), "");
    assert_eq!(k0.assign(0, 1, 1), "C1 Assign r1 as C0.0.1 for B0");
}

#[test]
fn the_lease_begins_an_epoch_and_ends_the_one_before() {
    let two = Arc::new(with(|config| config.control_servers = 2));
    let mut k0 = rig(Control::new(two.clone(), 0, 0));
    let mut k1 = rig(Control::new(two, 1, 0));
    assert_eq!(k1.gets(c(0), offer(1, Normal, id(0, 1))), "dropped", "it does not lead");
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    assert_eq!(k1.on(Input::Lease { epoch: 1 }), "C0 Lead 1; C1 Lead 1; C2 Lead 1");
    k1.gets(c(0), offer(1, Normal, id(0, 1)));
    let assigned = k1.step(Action::Assign {
        source: c(0),
        request: spillway_traces::RequestId(1),
        to: c(1),
        by: k(1),
    });
    assert_eq!(assigned, "C1 Assign r1 as C0.0.1 for B0 epoch 1");
    assert_eq!(k1.reset(c(2)), "C2 Lead 1");
    assert_eq!(k1.gets(c(1), done(1, id(0, 1))), "C0 Finish r1 as C0.0.1 epoch 1");
    assert_eq!(k0.gets(c(0), Wire::Lead { epoch: 1 }), "");
    assert_eq!(k0.gets(c(0), Wire::Lead { epoch: 1 }), "dropped");
    assert!(!k0.node.leads() && k0.node.ledger.is_empty());
    assert_eq!(k0.reset(c(0)), "", "it has nothing to say");
    assert_eq!(k0.on(Input::Lease { epoch: 2 }), "C0 Lead 2; C1 Lead 2; C2 Lead 2");
}

#[test]
fn turns_pass_on_and_begin_anew_with_a_lease() {
    let mut k0 = control_server(with(|config| config.knobs.strategy = Strategy::RoundRobin));
    for (request, source, wrong, to) in [(1, 0, 2, 1), (2, 0, 1, 2), (3, 0, 2, 1)] {
        k0.gets(c(source), offer(request, Normal, id(source, request)));
        assert_eq!(k0.assign(source, request, wrong), "illegal");
        assert_ne!(k0.assign(source, request, to), "illegal");
    }
    k0.on(Input::Lease { epoch: 1 });
    assert_eq!(k0.node.last, None);
}

#[test]
fn on_datagrams_a_timer_assigns_again_to_the_same_server() {
    let mut k0 = control_server(with(|config| {
        config.knobs.links = Links::Datagram;
        config.timers.jitter_percent = 0;
    }));
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    assert_eq!(k0.assign(0, 1, 1), "C1 Assign r1 as C0.0.1 for B0; arm resend C1 200000");
    let again = k0.on(Input::Timer(Timer::Resend(c(1))));
    assert_eq!(again, "C1 Assign r1 as C0.0.1 for B0; arm resend C1 400000");
    assert_eq!(k0.step(Action::Resend { from: k(0), to: c(2) }), "illegal");
    let finished = k0.gets(c(1), done(1, id(0, 1)));
    assert_eq!(finished, "C0 Finish r1 as C0.0.1; disarm resend C1");
}

#[test]
fn between_a_loss_and_what_it_was_nothing_is_chosen() {
    let mut k0 = control_server(config());
    k0.gets(c(0), offer(1, Normal, id(0, 1)));
    k0.assign(0, 1, 1);
    let action = Action::Assign { source: c(0), request: RequestId(1), to: c(2), by: k(0) };
    let lost = Input::Lost { peer: c(1) };
    assert_eq!(k0.run(lost.clone(), &mut Force::new(action)), "");
    assert_eq!(k0.on(Input::Made { peer: c(1) }), "");
    assert_eq!(k0.assign(0, 1, 1), "C1 Assign r1 as C0.0.1 for B0", "it was reset");
    assert_eq!(k0.run(lost, &mut Force::new(action)), "");
    assert_eq!(k0.run(Input::Turn, &mut Force::new(action)), "C2 Assign r1 as C0.0.1 for B0");
}
