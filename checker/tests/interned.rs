//! Actor models with everything interned are the same models: counts, verdicts and paths.
//!
//! They are compared with states that are compared themselves. By fingerprints stateright's actor models have less: it hashes
//! sets without their lengths, so where only the first of two actors has set a timer is, by its hash, where only the second has.

#[path = "../models/mod.rs"]
mod models;

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hash;

use models::paxos;
use spillway_checker::{Actors, ActorsError, ActorsPacking, Checker, Report, Verdict};
use stateright::actor::{Actor, ActorModel, Id, LossyNetwork, Network, Out, model_timeout};
use stateright::{Expectation, Model};

/// Explores a model as it is and interned, on one thread and on two, and compares everything.
fn assert_same<A, C, H>(model: impl Fn() -> ActorModel<A, C, H>) -> Report<ActorModel<A, C, H>>
where
    A: Actor<Msg: Ord + Send + Sync, Timer: Ord + Send + Sync> + Send + Sync + 'static,
    A::State: Send + Sync,
    A::Random: Send + Sync,
    A::Storage: Send + Sync,
    C: Send + Sync + 'static,
    H: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
{
    let plain = Checker::new(model()).exact().run().expect("it runs");
    assert!(plain.is_complete());
    for threads in [1, 2] {
        for packed in [false, true] {
            let actors = Actors::new(model()).expect("it can be interned");
            let checker = Checker::new(actors).threads(threads);
            let mut checker = if packed { checker.packed_by(ActorsPacking) } else { checker };
            let report = checker.run().expect("it runs");
            let counts = |unique, generated, depth| [unique, generated, depth];
            assert_eq!(
                counts(report.unique_states, report.generated_states, report.max_depth),
                counts(plain.unique_states, plain.generated_states, plain.max_depth)
            );
            assert_eq!(report.verdicts, plain.verdicts);
            for judged in &plain.verdicts {
                let path = report.discovery(judged.name);
                let path = path.map(|path| checker.model().path(path).expect("it is a path"));
                let as_known = plain.discovery(judged.name);
                assert_eq!(
                    path.map(|path| path.into_vec()),
                    as_known.map(|path| path.into_vec()),
                    "{}",
                    judged.name
                );
            }
        }
    }
    plain
}

#[test]
fn paxos_is_the_same_on_both_networks() {
    let report = assert_same(|| paxos::paxos(2, Network::new_unordered_nonduplicating([])));
    let counts = [report.unique_states, report.generated_states, report.max_depth];
    assert_eq!(counts, paxos::OF_2_CLIENTS);
    assert_eq!(report.verdict(paxos::CHOSEN), Some(Verdict::Reached));
    assert_eq!(report.verdict(paxos::LINEARIZABLE), Some(Verdict::Holds));

    assert_same(|| paxos::paxos(1, Network::new_unordered_duplicating([])));
    assert_same(|| {
        paxos::paxos(1, Network::new_unordered_nonduplicating([])).lossy_network(LossyNetwork::Yes)
    });
}

#[test]
fn what_is_judged_by_parts_is_judged_the_same() {
    let network = || Network::new_unordered_nonduplicating([]);
    let plain = Checker::new(paxos::paxos(2, network())).run().expect("it runs");
    let interned = paxos::interned(paxos::paxos(2, network())).expect("it can be interned");
    let mut checker = Checker::new(interned).packed_by(ActorsPacking);
    let report = checker.run().expect("it runs");
    assert_eq!(report.unique_states, plain.unique_states);
    assert_eq!(report.verdicts, plain.verdicts);
    let path = report.discovery(paxos::CHOSEN).expect("it is reached");
    let path = checker.model().path(path).expect("it is a path").into_actions();
    assert_eq!(path, plain.discovery(paxos::CHOSEN).expect("it is reached").into_actions());
}

/// Does all that an actor of stateright can: it sends, sets and cancels timers, chooses, saves, crashes and recovers.
#[derive(Clone, Debug)]
struct Clerk {
    others: Vec<Id>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Word {
    Ping(u8),
    Pong(u8),
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Timer {
    Early,
    Late,
}

const COUNT_MAX: u8 = 2;

impl Actor for Clerk {
    type Msg = Word;
    type State = u8;
    type Timer = Timer;
    type Random = bool;
    type Storage = u8;

    fn on_start(&self, _: Id, saved: &Option<u8>, out: &mut Out<Self>) -> u8 {
        out.set_timer(Timer::Early, model_timeout());
        saved.map_or(0, |saved| saved + 1)
    }

    fn on_msg(&self, _: Id, count: &mut Cow<'_, u8>, from: Id, word: Word, out: &mut Out<Self>) {
        match word {
            Word::Ping(asked) if asked >= **count => {
                *count.to_mut() = asked;
                out.send(from, Word::Pong(asked));
                out.send(from, Word::Pong(asked)); // twice, so there are two on one network, and one on the other
                out.cancel_timer(Timer::Late);
            }
            Word::Pong(heard) if heard == **count && heard < COUNT_MAX => {
                *count.to_mut() += 1;
                out.save(heard);
                out.choose_random("more", vec![true, false]);
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, count: &mut Cow<'_, u8>, timer: &Timer, out: &mut Out<Self>) {
        match timer {
            Timer::Early => {
                out.broadcast(&self.others, &Word::Ping(**count));
                out.set_timer(Timer::Late, model_timeout());
            }
            Timer::Late => out.set_timer(Timer::Late, model_timeout()), // nothing
        }
    }

    fn on_random(&self, _: Id, count: &mut Cow<'_, u8>, more: &bool, out: &mut Out<Self>) {
        if *more && **count < COUNT_MAX {
            *count.to_mut() += 1;
            out.remove_random("more");
        }
    }
}

/// Two clerks; the history is how often something was sent and heard.
fn clerks(network: Network<Word>) -> ActorModel<Clerk, (), (u8, u8)> {
    ActorModel::new((), (0, 0))
        .actors((0..2).map(|own| Clerk { others: vec![Id::from(1 - own)] }))
        .init_network(network)
        .record_msg_in(|(), (sent, heard), _| Some((*sent, (heard + 1).min(3))))
        .record_msg_out(|(), (sent, heard), envelope| {
            matches!(envelope.msg, Word::Ping(_)).then_some(((sent + 1).min(2), *heard))
        })
        .within_boundary(|(), state| state.network.len() <= 4)
        .property(Expectation::Sometimes, "both know two", |_, state| {
            state.actor_states.iter().all(|count| **count == 2)
        })
        .property(Expectation::Always, "little is heard", |_, state| state.history.1 < 3)
        .property(Expectation::Sometimes, "nothing is so", |_, state| state.history.0 > 2)
}

#[test]
fn timers_choices_storage_crashes_and_losses_are_the_same() {
    type Empty = fn() -> Network<Word>;
    let networks: [Empty; 2] =
        [|| Network::new_unordered_nonduplicating([]), || Network::new_unordered_duplicating([])];
    for network in networks {
        for (crashes, lossy) in
            [(0, LossyNetwork::No), (1, LossyNetwork::No), (0, LossyNetwork::Yes)]
        {
            let model = || clerks(network()).max_crashes(crashes).lossy_network(lossy);
            let report = assert_same(model);
            assert!(report.unique_states > 50, "{report}");
            assert_eq!(report.verdict("both know two"), Some(Verdict::Reached));
            assert_eq!(report.verdict("little is heard"), Some(Verdict::Violated));
            assert_eq!(report.verdict("nothing is so"), Some(Verdict::NotReached));
        }
    }
}

#[test]
fn what_cannot_be_interned_is_refused() {
    let ordered = Actors::new(clerks(Network::new_ordered([])));
    assert_eq!(ordered.err(), Some(ActorsError::OrderedNetwork));
    let many = (0..33).fold(clerks(Network::new_unordered_duplicating([])), |model, at| {
        let name = Box::leak(at.to_string().into_boxed_str());
        model.property(Expectation::Always, name, |_, _| true)
    });
    assert_eq!(Actors::new(many).err(), Some(ActorsError::TooManyProperties(36)));
    let actors = Actors::new(clerks(Network::new_unordered_duplicating([])));
    let judged = actors.expect("it can be interned").by_history("no such", |_, _| true);
    assert_eq!(judged.err(), Some(ActorsError::NoSuchProperty("no such")));
}

#[test]
fn steps_are_told_as_the_model_tells_them() {
    let model = || clerks(Network::new_unordered_nonduplicating([]));
    let actors = Actors::new(model()).expect("it can be interned");
    let first = actors.init_states().remove(0);
    let mut listed = Vec::new();
    actors.actions(&first, &mut listed);
    let state = actors.state(&first);
    assert_eq!(state, model().init_states().remove(0));
    for action in listed {
        let as_known = actors.action(action);
        assert_eq!(actors.format_action(&action), model().format_action(&as_known));
        assert_eq!(
            actors.format_step(&first, action),
            model().format_step(&state, as_known.clone())
        );
        let next = actors.next_state(&first, action).map(|next| actors.state(&next));
        assert_eq!(next, model().next_state(&state, as_known));
    }
}
