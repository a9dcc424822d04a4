//! Stateright's actors are models like others: their states, with vectors, maps and networks in them, are explored the same.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::borrow::Cow;

use common::{counts, counts_of_stateright, seen};
use spillway_checker::{Checker, Verdict};
use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, Id, LossyNetwork, Network, Out};

/// A counter that clients raise: the clerk says what it stands at, each client asks so many times.
#[derive(Clone)]
enum Role {
    Clerk,
    Client { clerk: Id, times: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Letter {
    Raise { turn: u8 },
    Stands { turn: u8, at: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Desk {
    Clerk { at: u8 },
    Client { turn: u8, last: u8 },
}

impl Actor for Role {
    type Msg = Letter;
    type Timer = ();
    type State = Desk;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> Desk {
        match self {
            Role::Clerk => Desk::Clerk { at: 0 },
            Role::Client { clerk, .. } => {
                out.send(*clerk, Letter::Raise { turn: 0 });
                Desk::Client { turn: 0, last: 0 }
            }
        }
    }

    fn on_msg(
        &self,
        _id: Id,
        desk: &mut Cow<'_, Desk>,
        from: Id,
        letter: Letter,
        out: &mut Out<Self>,
    ) {
        match (self, desk.as_ref(), letter) {
            (Role::Clerk, Desk::Clerk { at }, Letter::Raise { turn }) => {
                let at = (at + 1).min(5);
                *desk.to_mut() = Desk::Clerk { at };
                out.send(from, Letter::Stands { turn, at });
            }
            (
                Role::Client { clerk, times },
                Desk::Client { turn, .. },
                Letter::Stands { turn: answered, at },
            ) if *turn == answered => {
                let turn = turn + 1;
                *desk.to_mut() = Desk::Client { turn, last: at };
                if turn < *times {
                    out.send(*clerk, Letter::Raise { turn });
                }
            }
            _ => {}
        }
    }
}

fn office(
    network: Network<Letter>,
    lossy: LossyNetwork,
    clients: usize,
    times: u8,
) -> ActorModel<Role> {
    let clerk = Id::from(0);
    ActorModel::new((), ())
        .actor(Role::Clerk)
        .actors((0..clients).map(|_| Role::Client { clerk, times }))
        .init_network(network)
        .lossy_network(lossy)
        .property(Expectation::Always, "true", |_, _| true)
        .property(Expectation::Sometimes, "all are served", |_, state| {
            let mut clients = state.actor_states[1..].iter();
            clients.all(|desk| matches!(**desk, Desk::Client { turn: 2.., .. }))
        })
        .property(Expectation::Always, "nobody sees four", |_, state| {
            let mut clients = state.actor_states[1..].iter();
            !clients.any(|desk| matches!(**desk, Desk::Client { last: 4, .. }))
        })
}

fn check(office: impl Fn() -> ActorModel<Role>, unique_min: u64) {
    let expected = counts_of_stateright(office(), |checker| checker);
    assert!(expected[0] >= unique_min, "{expected:?}");
    let one = Checker::new(office()).run().unwrap();
    assert_eq!(one.verdict("true"), Some(Verdict::Holds));
    assert_eq!(one.verdict("all are served"), Some(Verdict::Reached));
    assert_eq!(one.verdict("nobody sees four"), Some(Verdict::Violated));
    assert_eq!(counts(&one), expected);
    for threads in [2, 4] {
        assert_eq!(seen(&Checker::new(office()).threads(threads).run().unwrap()), seen(&one));
    }
    let exact = Checker::new(office()).exact().run().unwrap();
    assert_eq!(seen(&exact), seen(&one), "exact");
    for depth in [3, 6] {
        let expected = counts_of_stateright(office(), |checker| checker.target_max_depth(depth));
        let report = Checker::new(office()).threads(2).max_depth(depth as u64).run().unwrap();
        assert_eq!(counts(&report), expected, "depth {depth}");
    }
}

#[test]
fn actors_whose_letters_may_be_lost_are_explored_as_by_stateright() {
    let network = || Network::new_unordered_nonduplicating([]);
    check(|| office(network(), LossyNetwork::Yes, 3, 3), 10_000);
}

#[test]
fn actors_whose_letters_come_in_order_are_explored_as_by_stateright() {
    check(|| office(Network::new_ordered([]), LossyNetwork::No, 3, 3), 300);
}

#[test]
fn actors_whose_letters_come_again_are_explored_as_by_stateright() {
    let network = || Network::new_unordered_duplicating([]);
    check(|| office(network(), LossyNetwork::No, 2, 2), 1_000);
}
