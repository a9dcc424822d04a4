//! Each configured strategy chooses only what the rules allow, and never blocks, in every small situation.
//!
//! Covered are, for each [`Strategy`], all of these situations, whether a run gets there or not:
//!
//! - *Receivers.* A control server with 3 query servers and every ledger of up to 3 entries, and with 4 query servers and
//!   every ledger of up to 2, each with every set of lost servers. An entry that is not assigned has any source, one of two
//!   classes (all three with 4 servers), and any set of other servers that have refused it. Of an assigned entry nothing is
//!   looked at but its assignee, so that it is told by that. Turns: after each server, and none. Weights: 1 or 2 for each
//!   server. Accepted classes: every subset of the three for each of 3 servers, with every ledger of up to 2 entries of which
//!   none is assigned, since loads mean nothing there.
//! - *What is handed over and started.* A query server with every queue of up to 4 tasks, each of any class and waiting,
//!   running (at most one), unready, refused or foreign, and thresholds of 0 to 2 tasks, or of delay, late or not.
//! - *Routes.* A communication server with up to 3 requests pending, each at no query server or at one of 3, with any home,
//!   and every set of lost and of unreachable query servers.
//!
//! For [`Strategy::TwoChoices`] every pair that can be drawn is drawn.
#![allow(clippy::unwrap_used)]

mod rig;
mod rule;

use std::collections::BTreeSet;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rig::*;
use rule::{STRATEGIES, is_allowed, is_eligible};
use spillway_impl::bug::Bug;
use spillway_impl::config::{Class, Config, Routing, Strategy, Unit};
use spillway_impl::node::{Candidate, Chooser};
use spillway_impl::nodes::communication::{Communication, Pending};
use spillway_impl::nodes::control::{Control, Entry};
use spillway_impl::nodes::query::{Foreign, Query, Task};
use spillway_impl::strategy::Configured;
use spillway_traces::{Action, Node, RequestId};

const CLASSES: [Class; 3] = [Interactive, Normal, Bulk];
/// So many seeds draw every pair of up to 4 servers: see the test of that.
const DRAWS: u64 = 24;

/// The choosers of a strategy: one, or one for each draw.
fn choosers(strategy: Strategy) -> Vec<Configured> {
    let draws = if strategy == Strategy::TwoChoices { DRAWS } else { 1 };
    (0..draws).map(|seed| Configured::new(strategy, ChaCha8Rng::seed_from_u64(seed))).collect()
}

/// All subsets of the numbers below this one.
fn subsets(below: u16) -> impl Iterator<Item = BTreeSet<u16>> {
    (0..1u32 << below).map(move |bits| (0..below).filter(|at| bits >> at & 1 == 1).collect())
}

/// All lists of these of up to some length. In `sorted` ones no item comes before an earlier one.
fn lists<T: Clone>(of: &[T], length_max: usize, sorted: bool) -> Vec<Vec<T>> {
    let mut all: Vec<(usize, Vec<T>)> = vec![(0, Vec::new())];
    let mut begin = 0;
    for _ in 0..length_max {
        let end = all.len();
        for at in begin..end {
            let (least, list) = all[at].clone();
            for (place, item) in of.iter().enumerate().skip(if sorted { least } else { 0 }) {
                all.push((place, list.iter().cloned().chain([item.clone()]).collect()));
            }
        }
        begin = end;
    }
    all.into_iter().map(|(_, list)| list).collect()
}

/// An entry of a ledger: what is looked at.
#[derive(Clone)]
enum Held {
    Assigned(u16),
    Open { source: u16, class: Class, refused: BTreeSet<u16> },
}

fn held(servers: u16, classes: &[Class]) -> Vec<Held> {
    let mut all: Vec<Held> = (0..servers).map(Held::Assigned).collect();
    for source in 0..servers {
        for refused in subsets(servers).filter(|refused| !refused.contains(&source)) {
            let open = |&class| Held::Open { source, class, refused: refused.clone() };
            all.extend(classes.iter().map(open));
        }
    }
    all
}

fn control(config: &Arc<Config>, ledger: &[Held], lost: &BTreeSet<u16>) -> Control {
    let mut k = Control::new(config.clone(), 0, 0);
    k.lost = lost.clone();
    for (held, request) in ledger.iter().zip(0..) {
        let (source, class, refused, assigned) = match held {
            Held::Assigned(to) => {
                ((to + 1) % config.query_servers, Normal, BTreeSet::new(), Some(*to))
            }
            Held::Open { source, class, refused } => (*source, *class, refused.clone(), None),
        };
        let hand_over = id(source, request + 1);
        let entry = Entry {
            asked: asked(request, class, 0),
            hand_over,
            askers: askers(1),
            assigned,
            refused,
            number: Default::default(),
        };
        k.ledger.insert((source, RequestId::of(request)), entry);
    }
    k
}

/// Lets each chooser choose once; how many have chosen something, and what they chose against the rules or by blocking.
fn judge(k: &Control, choosers: &mut [Configured]) -> (u64, Vec<String>) {
    let open = |entry: &&Entry| {
        entry.assigned.is_none()
            && (0..k.config.query_servers).any(|server| is_eligible(k, entry, server))
    };
    let may = k.ledger.values().any(|entry| open(&entry));
    let candidates = k.candidates(0);
    let (mut chosen, mut wrong) = (0, Vec::new());
    for chooser in choosers {
        match chooser.choose(&candidates) {
            Some(place) if is_allowed(k, candidates[place].action) => chosen += 1,
            Some(place) => wrong.push(format!("{} in {k:?}", candidates[place].action)),
            None if may => wrong.push(format!("nothing in {k:?}")),
            None => {}
        }
    }
    (chosen, wrong)
}

/// What differs between strategies: knobs, and whose turn it is.
fn knobs(strategy: Strategy, servers: u16) -> Vec<(Arc<Config>, Option<u16>)> {
    let config = |weights: Vec<u32>| {
        Arc::new(with(|config| {
            config.query_servers = servers;
            config.knobs.strategy = strategy;
            config.knobs.threshold = vec![1; servers.into()];
            config.knobs.accepts = vec![CLASSES.to_vec(); servers.into()];
            config.knobs.weights = weights;
        }))
    };
    let plain = config(vec![1; servers.into()]);
    match strategy {
        Strategy::RoundRobin => {
            let turns = std::iter::once(None).chain((0..servers).map(Some));
            turns.map(|last| (plain.clone(), last)).collect()
        }
        Strategy::Weighted => {
            let heavy = subsets(servers);
            let weights = |heavy: BTreeSet<u16>| {
                (0..servers).map(|at| 1 + u32::from(heavy.contains(&at))).collect()
            };
            heavy.map(|heavy| (config(weights(heavy)), None)).collect()
        }
        _ => vec![(plain, None)],
    }
}

/// Every situation of so many servers; how many choices were made.
fn receivers(strategy: Strategy, servers: u16, classes: &[Class], entries_max: usize) -> u64 {
    let ledgers = lists(&held(servers, classes), entries_max, true);
    let mut made = 0;
    for (config, last) in knobs(strategy, servers) {
        let mut choosers = choosers(strategy);
        for ledger in &ledgers {
            for lost in subsets(servers) {
                let mut k = control(&config, ledger, &lost);
                k.last = last;
                let (chosen, wrong) = judge(&k, &mut choosers);
                assert_eq!(wrong, Vec::<String>::new(), "{strategy:?}");
                made += chosen;
            }
        }
    }
    made
}

#[test]
fn each_strategy_chooses_legally_for_up_to_three_entries_of_three_servers() {
    for strategy in STRATEGIES {
        let made = receivers(strategy, 3, &[Interactive, Bulk], 3);
        assert!(made > 10_000, "{strategy:?} chose {made} times");
    }
}

#[test]
fn each_strategy_chooses_legally_for_up_to_two_entries_of_four_servers() {
    for strategy in STRATEGIES {
        let made = receivers(strategy, 4, &CLASSES, 2);
        assert!(made > 10_000, "{strategy:?} chose {made} times");
    }
}

#[test]
fn whatever_classes_servers_take_the_choice_is_legal() {
    const SERVERS: u16 = 3;
    let open: Vec<Held> = held(SERVERS, &CLASSES)
        .into_iter()
        .filter(|held| matches!(held, Held::Open { .. }))
        .collect();
    let ledgers = lists(&open, 2, true);
    let subset = |bits: u32| -> Vec<Class> {
        (0..3).filter(|at| bits >> at & 1 == 1).map(|at| CLASSES[at]).collect()
    };
    let mut made = 0;
    for bits in 0..1u32 << (3 * SERVERS) {
        let config = Arc::new(with(|config| {
            config.knobs.strategy = Strategy::Classes;
            config.knobs.accepts =
                (0..u32::from(SERVERS)).map(|server| subset(bits >> (3 * server))).collect();
        }));
        for ledger in &ledgers {
            let k = control(&config, ledger, &BTreeSet::new());
            let (chosen, wrong) = judge(&k, &mut choosers(Strategy::Classes));
            assert_eq!(wrong, Vec::<String>::new());
            made += chosen;
        }
    }
    assert!(made > 10_000, "{made} choices");
}

/// Which pairs of so many places this seed draws, told by which place is chosen where it is the least loaded.
fn drawn(seed: u64, places: usize) -> Vec<usize> {
    let chosen = |least: usize| {
        let candidate = |place: usize| Candidate {
            action: Action::Assign {
                source: c(9),
                request: RequestId(0),
                to: Node::query(place as u16),
                by: k(0),
            },
            due: true,
            cost: u64::from(place != least),
        };
        let candidates: Vec<Candidate> = (0..places).map(candidate).collect();
        let random = ChaCha8Rng::seed_from_u64(seed);
        Configured::new(Strategy::TwoChoices, random).choose(&candidates) == Some(least)
    };
    (0..places).filter(|&place| chosen(place)).collect()
}

#[test]
fn the_seeds_draw_every_pair() {
    for places in 2..=4 {
        let pairs: BTreeSet<Vec<usize>> = (0..DRAWS).map(|seed| drawn(seed, places)).collect();
        let all = (0..places).flat_map(|a| (a + 1..places).map(move |b| vec![a, b]));
        assert_eq!(pairs, all.collect(), "of {places}");
    }
}

#[test]
fn a_bug_in_what_a_control_server_lists_is_noticed_in_some_small_situation() {
    for (bug, strategy) in [
        (Bug::AssignedToRefuser, Strategy::Any),
        (Bug::AssignedToSource, Strategy::LeastLoaded),
        (Bug::AssignedToLost, Strategy::TwoChoices),
        (Bug::LowestClassAssigned, Strategy::Any),
    ] {
        let config = Arc::new(with(|config| {
            config.knobs.strategy = strategy;
            config.bug = Some(bug);
        }));
        let ledgers = lists(&held(3, &[Interactive, Bulk]), 2, true);
        let noticed = ledgers.iter().any(|ledger| {
            subsets(3).any(|lost| {
                !judge(&control(&config, ledger, &lost), &mut choosers(strategy)).1.is_empty()
            })
        });
        assert!(noticed, "{bug:?}");
    }
}

/// What a task of a queue is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Waiting,
    Running,
    Unready,
    Refused,
    Foreign,
}

fn query_server(config: &Arc<Config>, tasks: &[(Class, Is)], late: bool) -> Query {
    let mut c0 = Query::new(config.clone(), 0, 0);
    c0.late = late;
    c0.applied = 1;
    for (&(class, is), request) in tasks.iter().zip(0..) {
        let foreign = (is == Is::Foreign)
            .then(|| Foreign { hand_over: id(1, request + 1), asked_there: askers(1) });
        c0.queue.push(Task {
            asked: asked(request, class, if is == Is::Unready { 2 } else { 0 }),
            running: is == Is::Running,
            refused: is == Is::Refused,
            asked_here: askers(1),
            foreign,
            overtaken: 0,
            arrived_us: Default::default(),
        });
    }
    c0
}

/// Whether the rules allow a query server this step.
fn may(tasks: &[(Class, Is)], threshold: usize, action: Action) -> bool {
    let movable = |is: Is| matches!(is, Is::Waiting | Is::Unready);
    match action {
        Action::Start { request, .. } => {
            let at = request.number() as usize;
            let ready = |is: Is| !matches!(is, Is::Unready | Is::Running);
            let earlier = |place: usize, class: Class| {
                class < tasks[at].0 || (class == tasks[at].0 && place < at)
            };
            tasks.iter().all(|(_, is)| *is != Is::Running)
                && ready(tasks[at].1)
                && !tasks
                    .iter()
                    .enumerate()
                    .any(|(p, (class, is))| ready(*is) && earlier(p, *class))
        }
        Action::Serve { request, .. } => tasks[request.number() as usize].1 == Is::Running,
        Action::Offer { request, .. } => {
            let at = request.number() as usize;
            let before = |place: usize, class: Class| {
                class > tasks[at].0 || (class == tasks[at].0 && place > at)
            };
            let first = tasks.iter().enumerate();
            let first = first.filter(|(p, (class, is))| movable(*is) && before(*p, *class)).count();
            movable(tasks[at].1) && first + threshold < tasks.len()
        }
        _ => false,
    }
}

#[test]
fn what_a_query_server_starts_and_hands_over_is_legal_whatever_is_queued() {
    let all = [Is::Waiting, Is::Running, Is::Unready, Is::Refused, Is::Foreign];
    let kinds: Vec<(Class, Is)> =
        CLASSES.into_iter().flat_map(|class| all.map(|is| (class, is))).collect();
    let running = |tasks: &[(Class, Is)]| tasks.iter().filter(|(_, is)| *is == Is::Running).count();
    let (mut offers, mut starts) = (0, 0);
    for (threshold, unit, late) in [
        (0, Unit::Count, false),
        (1, Unit::Count, false),
        (2, Unit::Count, false),
        (1, Unit::Delay, true),
        (usize::MAX, Unit::Delay, false),
    ] {
        let config = Arc::new(with(|config| {
            config.knobs.unit = unit;
            config.knobs.threshold[0] = threshold.min(2) as u32;
        }));
        let mut chooser = choosers(Strategy::Any).remove(0);
        for tasks in lists(&kinds, 4, false) {
            if running(&tasks) > 1 {
                continue;
            }
            let c0 = query_server(&config, &tasks, late);
            let candidates = c0.candidates(0);
            let legal = |action| may(&tasks, threshold, action);
            let threshold_min = threshold.min(tasks.len());
            let step = |request: usize| {
                let (server, request) = (c(0), RequestId::of(request as u32));
                [Action::Start { server, request }, Action::Offer { server, request }]
            };
            let any =
                (0..tasks.len()).flat_map(step).any(|action| may(&tasks, threshold_min, action));
            match chooser.choose(&candidates).map(|place| candidates[place].action) {
                // That a late server becomes so, or is it no more, is told by its clock.
                Some(Action::Slow { .. } | Action::Calm { .. }) => {}
                Some(action) => {
                    assert!(legal(action), "{action} with {tasks:?}, threshold {threshold}");
                    match action {
                        Action::Offer { .. } => offers += 1,
                        _ => starts += 1,
                    }
                }
                None => assert!(!any, "nothing is chosen with {tasks:?}, threshold {threshold}"),
            }
        }
    }
    assert!(offers > 10_000 && starts > 10_000, "{offers} offers, {starts} starts");
}

#[test]
fn where_a_request_is_sent_is_legal_whatever_is_lost() {
    const SERVERS: u16 = 3;
    let config = Arc::new(with(|config| config.knobs.routing = Routing::Any));
    let places = || std::iter::once(None).chain((0..SERVERS).map(Some));
    let kinds: Vec<(u16, Option<u16>)> =
        (0..SERVERS).flat_map(|home| places().map(move |at| (home, at))).collect();
    let mut routed = 0;
    let mut chooser = choosers(Strategy::Any).remove(0);
    for pending in lists(&kinds, 3, false) {
        for lost in subsets(SERVERS) {
            for unreachable in subsets(SERVERS) {
                let mut b0 = Communication::new(config.clone(), 0);
                b0.lost = lost.iter().map(|&server| c(server)).collect();
                b0.unreachable = unreachable.iter().map(|&server| c(server)).collect();
                for (&(home, at), request) in pending.iter().zip(0..) {
                    let mut asked = asked(request, Normal, 0);
                    asked.ask.home = home;
                    b0.pending.insert(RequestId::of(request), Pending { asked, at });
                }
                let whole = |server: u16| !lost.contains(&server) && !unreachable.contains(&server);
                let candidates = b0.candidates(0);
                let unsent = pending.iter().any(|(_, at)| at.is_none());
                match chooser.choose(&candidates).map(|place| candidates[place].action) {
                    Some(Action::Route { server, request, to }) => {
                        let at = pending[request.number() as usize].1;
                        let open = at.is_none_or(|at| !whole(at) && whole(to.index));
                        assert!(server == b(0) && open && to.index < SERVERS, "{b0:?}");
                        routed += 1;
                    }
                    Some(action) => panic!("{action} is no choice of a route: {b0:?}"),
                    None => assert!(!unsent, "a request waits for ever: {b0:?}"),
                }
            }
        }
    }
    assert!(routed > 10_000, "{routed} routes");
}
