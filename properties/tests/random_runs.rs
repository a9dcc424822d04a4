//! Random runs of random scopes: everything holds, both sizes of the state agree, and the guards are consistent.
#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use spillway_model::scope::pairs::{BETWEEN, FEATURES, pairs};
use spillway_model::scope::{BUILTIN, Routing, Strategy as Receiving};
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_properties::sizes::Large;
use spillway_properties::strategies::{run, scope};
use spillway_properties::{CheckedMachine, PROMISES, Promise, SOMETIMES_NAMES};
use spillway_traces::ids::RequestId;
use spillway_traces::machine::{IN_FLIGHT, ITEMS_BETWEEN};
use spillway_traces::{Action, Machine, Node, Observed, Role, shrink};

/// Every action that can be named in a scope, allowed or not.
fn universe(protocol: &Protocol<Growable>) -> Vec<Action> {
    let nodes: Vec<Node> = protocol
        .clients()
        .map(Node::client)
        .chain(protocol.communication_servers().map(Node::communication))
        .chain(protocol.query_servers().map(Node::query))
        .chain([Node::GLOBAL])
        .chain(protocol.control_servers().map(Node::control))
        .collect();
    let requests: Vec<RequestId> = protocol.requests().map(|(id, _)| id).collect();
    let mut all = vec![Action::Compact {}, Action::Flush {}];
    for a in nodes.iter().copied() {
        all.extend([Action::Crash { node: a }, Action::Sync { server: a }]);
        all.extend([Action::Stop { node: a }, Action::Restart { node: a }]);
        all.extend([Action::Slow { server: a }, Action::Calm { server: a }]);
        all.extend([Action::Leave { client: a }, Action::Lease { to: a }]);
        for request in requests.iter().copied() {
            all.push(Action::Issue { client: a, request });
            all.push(Action::Retry { client: a, request });
            all.push(Action::Cancel { client: a, request });
            all.push(Action::Start { server: a, request });
            all.push(Action::Serve { server: a, request });
            all.push(Action::Offer { server: a, request });
            all.push(Action::PullBack { server: a, request });
            for by in protocol.control_servers().map(Node::control) {
                all.push(Action::GiveBack { source: a, request, by });
            }
            for b in nodes.iter().copied() {
                all.push(Action::Route { server: a, request, to: b });
                for by in protocol.control_servers().map(Node::control) {
                    all.push(Action::Assign { source: a, request, to: b, by });
                }
            }
        }
        for b in nodes.iter().copied() {
            all.push(Action::Deliver { from: a, to: b });
            all.push(Action::Reset { a, b });
            all.push(Action::Move { client: a, to: b });
            all.extend([Action::Cut { from: a, to: b }, Action::Heal { from: a, to: b }]);
            all.extend([Action::Resend { from: a, to: b }, Action::Drop { from: a, to: b }]);
            all.push(Action::Duplicate { from: a, to: b });
            all.push(Action::Reorder { from: a, to: b });
        }
    }
    all
}

/// Whether a fault leaves everything as it was but what a restarted query server counts, its Hello for nothing
/// applied, and that the global server waits for it.
fn is_idle(protocol: &Protocol<Growable>, state: &State<Growable>, fault: &Action) -> bool {
    if let Action::Resend { from, to } = *fault {
        return is_early(protocol, state, from, to);
    }
    if !matches!(fault, Action::Crash { .. } | Action::Reset { .. }) {
        return false;
    }
    let lasting = |state: &State<Growable>| {
        let mut view = protocol.view(state);
        for fields in view.values_mut() {
            fields.retain(|field, _| !["incarnation", "offers", "feeds"].contains(field));
            if let Some(flight) = fields.remove(IN_FLIGHT) {
                let others = flight.split(ITEMS_BETWEEN).filter(|m| *m != "Hello applied 0 → G");
                let others: Vec<&str> = others.collect();
                fields
                    .extend((!others.is_empty()).then(|| (IN_FLIGHT, others.join(ITEMS_BETWEEN))));
            }
        }
        view
    };
    lasting(state) == lasting(&protocol.step(state, *fault, &mut ()))
}

/// Whether a timer runs out too early: what it sends, taken at once, changes nothing, but that a query for what is
/// handed over is marked.
fn is_early(protocol: &Protocol<Growable>, state: &State<Growable>, from: Node, to: Node) -> bool {
    let unmarked = |state: &State<Growable>| {
        let view = protocol.view(state).into_iter().flat_map(|(node, fields)| {
            let fields = fields.into_iter();
            fields.map(move |(name, value)| (node, name, value.replace(", asked again", "")))
        });
        view.collect::<Vec<_>>()
    };
    let mut after = protocol.step(state, Action::Resend { from, to }, &mut ());
    for (from, to) in [(from, to), (to, from)] {
        while !after.link(from, to).is_empty() {
            after = protocol.step(&after, Action::Deliver { from, to }, &mut ());
        }
    }
    unmarked(state) == unmarked(&after)
}

/// Whether an action names a query server that the scope does not tell apart from an earlier one.
fn names_twin(protocol: &Protocol<Growable>, action: &Action) -> bool {
    let scope = protocol.scope();
    let plain =
        |c: u16| scope.knobs.routing == Routing::Home && scope.requests.iter().all(|r| r.home != c);
    let same = |c: u16, d: u16| {
        let (c, d, k) = (usize::from(c), usize::from(d), &scope.knobs);
        k.threshold[c] == k.threshold[d]
            && k.strategy != Receiving::RoundRobin
            && k.weights.get(c) == k.weights.get(d)
            && k.accepts.get(c) == k.accepts.get(d)
    };
    let twin = |c: u16| plain(c) && (0..c).any(|d| plain(d) && same(c, d));
    let named = match *action {
        Action::Sync { server } | Action::Calm { server } => vec![server],
        Action::Assign { to, .. } => vec![to],
        Action::Deliver { from, to } => vec![from, to],
        Action::Crash { node } | Action::Stop { node } => vec![node],
        Action::Reset { a, b } => vec![a, b],
        Action::Cut { from, to }
        | Action::Resend { from, to }
        | Action::Drop { from, to }
        | Action::Duplicate { from, to }
        | Action::Reorder { from, to } => vec![from, to],
        _ => Vec::new(),
    };
    named.iter().any(|node| node.role == Role::Query && twin(node.index))
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn every_guarantee_holds_on_random_runs((scope, actions) in scope().prop_flat_map(run)) {
        let mut machine = CheckedMachine::new(scope, None);
        for action in &actions {
            machine.step(action).unwrap();
            prop_assert_eq!(machine.broken(), Vec::<&str>::new());
        }
    }

    #[test]
    fn both_sizes_of_the_state_agree((scope, actions) in scope().prop_flat_map(run)) {
        let fixed = Protocol::<Large>::new(scope.clone(), None);
        let growable = Protocol::<Growable>::new(scope, None);
        let (mut small, mut large) = (fixed.initial(), growable.initial());
        for action in actions {
            let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
            fixed.actions_of(&small, &mut of_small);
            growable.actions_of(&large, &mut of_large);
            prop_assert_eq!(of_small, of_large);
            let (mut seen_of_small, mut seen_of_large) = (Observed::default(), Observed::default());
            small = fixed.step(&small, action, &mut seen_of_small);
            large = growable.step(&large, action, &mut seen_of_large);
            prop_assert_eq!(seen_of_small, seen_of_large);
            prop_assert_eq!(fixed.view(&small), growable.view(&large));
        }
    }

    #[test]
    fn the_actions_of_a_state_are_those_that_the_guards_allow(
        (scope, actions) in scope().prop_flat_map(run)
    ) {
        let protocol = Protocol::<Growable>::new(scope, None);
        let all = universe(&protocol);
        let mut state = protocol.initial();
        for action in actions {
            let mut listed = Vec::new();
            protocol.actions_of(&state, &mut listed);
            for listed in &listed {
                prop_assert_eq!(protocol.allows(&state, listed), Ok(()), "{}", listed);
            }
            for other in all.iter().filter(|other| !listed.contains(other)) {
                if protocol.allows(&state, other).is_ok() {
                    // Left out of exploration, but legal in a trace: idle faults, and mirrored servers.
                    let idle = is_idle(&protocol, &state, other);
                    let mirrored = names_twin(&protocol, other);
                    prop_assert!(idle || mirrored, "{} is allowed and not listed", other);
                }
            }
            state = protocol.step(&state, action, &mut ());
        }
    }
}

/// Every so many pairs of features are walked: a prime, so that all features come up.
const EVERY: usize = 11;
/// Steps of a walk, far more than any takes: one that goes on for ever is a bug.
const WALK_MAX: usize = 10_000;

/// A walk of both sizes in lockstep, to its end: the same choices, the same notes, the same state. How many steps it
/// took.
fn walk_in_lockstep(scope: &Scope, seed: u64) -> usize {
    let at = |step: usize| format!("{}, seed {seed}, step {step}", scope.name);
    let fixed = Protocol::<Large>::new(scope.clone(), None);
    let growable = Protocol::<Growable>::new(scope.clone(), None);
    let (mut small, mut large) = (fixed.initial(), growable.initial());
    let (mut of_small, mut of_large, mut choice) = (Vec::new(), Vec::new(), seed);
    for step in 0..WALK_MAX {
        of_small.clear();
        of_large.clear();
        fixed.actions_of(&small, &mut of_small);
        growable.actions_of(&large, &mut of_large);
        assert_eq!(of_small, of_large, "{}", at(step));
        let Some(last) = of_small.len().checked_sub(1) else {
            // A walk that a bound cut short would show less than it seems to.
            assert_eq!((small.full(), large.full()), (None, None), "{}", at(step));
            assert_eq!(fixed.view(&small), growable.view(&large), "{}", at(step));
            assert_eq!(fixed.digest(&small), growable.digest(&large), "{}", at(step));
            return step;
        };
        // A linear congruential step: any sequence will do, as long as it is always the same.
        choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let action = of_small[(choice >> 33) as usize % (last + 1)];
        let (mut seen_of_small, mut seen_of_large) = (Observed::default(), Observed::default());
        small = fixed.step(&small, action, &mut seen_of_small);
        large = growable.step(&large, action, &mut seen_of_large);
        assert_eq!(seen_of_small, seen_of_large, "{}", at(step));
    }
    panic!("{} does not end", at(WALK_MAX));
}

/// Long walks of every built-in scope, in lockstep: none is left out, however large.
#[test]
fn both_sizes_agree_on_long_walks_of_every_scope() {
    for (name, _) in BUILTIN {
        let scope = Scope::builtin(name, SOMETIMES_NAMES).unwrap();
        let steps: usize = (0..200).map(|seed| walk_in_lockstep(&scope, seed)).sum();
        assert!(steps >= 200 * scope.requests.len(), "{name}: {steps} steps");
    }
}

/// Walks of generated scopes: what two features do to the state together, in lockstep.
#[test]
fn both_sizes_agree_on_walks_of_a_sample_of_the_pairs() {
    let sample: Vec<Scope> = pairs().into_iter().step_by(EVERY).collect();
    for feature in FEATURES {
        let of_it = |scope: &&Scope| scope.name.split(BETWEEN).any(|half| half == feature.name);
        assert!(sample.iter().any(|scope| of_it(&scope)), "{} is not in the sample", feature.name);
    }
    for scope in &sample {
        let steps: usize = (0..50).map(|seed| walk_in_lockstep(scope, seed)).sum();
        assert!(steps >= 50 * scope.requests.len(), "{}: {steps} steps", scope.name);
    }
}

/// Random walks that break a guarantee are long; what shrinking leaves of them is not, and breaks the same one.
#[test]
fn shrinking_leaves_little_of_a_random_walk() {
    let mut lengths = Vec::new();
    for promise in PROMISES.iter().filter(|promise| promise.steps <= 12) {
        let scope = Scope::builtin(promise.scope, SOMETIMES_NAMES).unwrap();
        let fresh = || CheckedMachine::new(scope.clone(), Some(promise.mutant));
        let fails = |broken: &[&'static str]| broken.contains(&promise.property);
        let Some(walk) = (0..400).find_map(|seed| breaking_walk(&scope, promise, seed)) else {
            continue; // rare on random walks
        };
        let shrunk = shrink(&walk, fresh, fails).unwrap();
        assert!(shrunk.actions.len() >= promise.steps, "{promise:?}: nothing is shorter");
        let mut machine = fresh();
        shrunk.actions.iter().for_each(|action| drop(machine.step(action).unwrap()));
        assert!(fails(&machine.broken()), "{promise:?}");
        lengths.push((walk.len(), shrunk.actions.len(), promise.steps));
    }
    assert!(lengths.len() >= 10, "random walks find most of these bugs: {lengths:?}");
    let total = |pick: fn(&(usize, usize, usize)) -> usize| lengths.iter().map(pick).sum::<usize>();
    assert!(total(|l| l.1) * 3 < total(|l| l.0) * 2, "a third or more goes: {lengths:?}");
    assert!(
        total(|l| l.1) * 4 < total(|l| l.2) * 5,
        "what is left is near the shortest: {lengths:?}"
    );
}

/// A random walk until it breaks what is promised; none if it ends before.
fn breaking_walk(scope: &Scope, promise: &Promise, seed: u64) -> Option<Vec<Action>> {
    let mut machine = CheckedMachine::new(scope.clone(), Some(promise.mutant));
    let protocol = Protocol::<Growable>::new(scope.clone(), Some(promise.mutant));
    let (mut state, mut walk, mut allowed) = (protocol.initial(), Vec::new(), Vec::new());
    let mut choice = seed;
    loop {
        allowed.clear();
        protocol.actions_of(&state, &mut allowed);
        let last = allowed.len().checked_sub(1)?;
        choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let action = allowed[(choice >> 33) as usize % (last + 1)];
        state = protocol.step(&state, action, &mut ());
        machine.step(&action).ok()?;
        walk.push(action);
        if machine.broken().contains(&promise.property) {
            return Some(walk);
        }
    }
}

#[test]
fn a_budget_without_end_is_never_spent_and_never_explored() {
    let mut scope = Scope::builtin("retry", SOMETIMES_NAMES).unwrap();
    scope.faults.retry = spillway_model::scope::limits::FAULT_ANY;
    assert_eq!(spillway_properties::sizes::Tier::of(&scope), None);
    let machine = &mut CheckedMachine::new(scope, None);
    let (client, request) = (Node::client(0), RequestId(0));
    machine.step(&Action::Issue { client, request }).unwrap();
    for _ in 0..7 {
        machine.step(&Action::Retry { client, request }).unwrap();
    }
    assert_eq!(machine.full(), None);
}
