//! Nodes and model in lockstep: on random walks of every scope, on a sample of pairs, and on the traces of the corpus.
//!
//! Each step is done on both; what was observed of it must be the same, and the nodes' state must map to the model's.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spillway_impl::bug::Bug;
use spillway_model::Scope;
use spillway_model::scope::{BUILTIN, pairs};
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::refinement::{Lockstep, NodesMachine, NodesModel, Setting, universe};
use spillway_traces::{Action, Outcome, Spillway, Trace, Vocabulary, replay};
use stateright::{Checker, Model};

/// Left to the walk of `figure`, which is the same system with fewer requests.
const TOO_LARGE: &str = "deep";

/// Walks of each builtin scope, and of each pair of the sample.
const WALKS: u64 = 50;
const PAIR_WALKS: u64 = 10;
/// Every so many pairs is in the sample.
const PAIR_EVERY: usize = 3;
/// Steps of a walk, at most.
const STEPS_MAX: usize = 400;
/// After every so many steps all that may be done next is compared.
const CHOICES_EVERY: usize = 5;
/// In so many cases of a hundred a step is chosen that exploration may leave out.
const ANY_PERCENT: u32 = 5;
/// In so many cases of a hundred a step is a fault, if one can happen.
const FAULT_PERCENT: u32 = 12;

/// How often each kind of action was performed.
type Performed = BTreeMap<String, usize>;

/// The name of an action's kind, as in traces.
fn kind(action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap();
    json.as_object().unwrap().keys().next().unwrap().clone()
}

struct Walk {
    dice: ChaCha8Rng,
    salt: u64,
}

impl Walk {
    fn new(seed: u64) -> Walk {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let salt = dice.next_u64();
        Walk { dice, salt }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.dice.next_u64() % bound as u64) as usize
    }

    fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent as usize
    }

    /// One of these. On each walk some links and nodes are slow, and others quick.
    fn choose(&mut self, these: &[Action]) -> Action {
        let weight = |action: &Action| {
            let mut hasher = DefaultHasher::new();
            (self.salt, action.node(), std::mem::discriminant(action)).hash(&mut hasher);
            Spillway::delivers(action).hash(&mut hasher);
            1usize << (hasher.finish() % 7)
        };
        let weights: Vec<usize> = these.iter().map(weight).collect();
        let mut left = self.below(weights.iter().sum());
        let at = weights.iter().position(|weight| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        these[at.unwrap()]
    }

    fn next(&mut self, lockstep: &Lockstep, all: &[Action]) -> Option<Action> {
        let (protocol, state) = (lockstep.protocol(), lockstep.model());
        let mut actions = Vec::new();
        if self.percent(ANY_PERCENT) {
            actions.extend(all.iter().filter(|action| protocol.allows(state, action).is_ok()));
        } else {
            protocol.actions_of(state, &mut actions);
        }
        let (faults, progress): (Vec<_>, Vec<_>) =
            actions.into_iter().partition(|action| action.is_fault());
        let fault = progress.is_empty() || self.percent(FAULT_PERCENT);
        let these = if fault && !faults.is_empty() { faults } else { progress };
        (!these.is_empty()).then(|| self.choose(&these))
    }
}

/// Walks a scope once, until nodes and model differ.
fn walk(mut lockstep: Lockstep, seed: u64, performed: &mut Performed) -> Result<(), String> {
    let all = universe(lockstep.protocol());
    let mut walk = Walk::new(seed);
    let mut path = Vec::new();
    while path.len() < STEPS_MAX && lockstep.model().full().is_none() {
        let Some(action) = walk.next(&lockstep, &all) else { break };
        path.push(action);
        let result = lockstep.perform(&action).map(drop);
        let compared = path.len() % CHOICES_EVERY == 0;
        let result = match result {
            Ok(()) if compared => lockstep.compare_choices(&all),
            result => result,
        };
        if let Err(difference) = result {
            let path: Vec<String> = path.iter().map(Action::to_string).collect();
            let path = path.join("\n");
            let scope = &lockstep.protocol().scope().name;
            return Err(format!("scope {scope}, seed {seed}, after\n{path}\n{difference}"));
        }
        *performed.entry(kind(&action)).or_default() += 1;
    }
    Ok(())
}

fn agree(scope: &Scope, walks: u64, performed: &mut Performed) {
    for seed in 0..walks {
        let lockstep = Lockstep::new(scope.clone()).unwrap();
        walk(lockstep, seed, performed).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

fn builtin() -> impl Iterator<Item = Scope> {
    let names = BUILTIN.iter().map(|(name, _)| *name).filter(|name| *name != TOO_LARGE);
    names.map(|name| Scope::builtin(name, SOMETIMES_NAMES).unwrap())
}

#[test]
fn nodes_and_model_agree_on_random_walks() {
    let mut performed = Performed::new();
    builtin().for_each(|scope| agree(&scope, WALKS, &mut performed));
    let pairs = pairs::pairs();
    pairs.iter().step_by(PAIR_EVERY).for_each(|scope| agree(scope, PAIR_WALKS, &mut performed));
    let never: Vec<_> =
        Spillway::ACTIONS.iter().filter(|kind| !performed.contains_key(**kind)).collect();
    assert!(never.is_empty(), "{never:?} never happened; what did: {performed:?}");
}

/// Every trace below a folder.
fn traces(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => traces(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn every_trace_of_the_scopes_replays_on_the_nodes() {
    let mut found = Vec::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/corpus");
    traces(&corpus.join("scopes"), &mut found);
    found.push(corpus.join("redistribution.trace.ndjson"));
    assert!(found.len() > 100, "the corpus is where this test looks for it: {}", found.len());
    for path in found {
        let trace = Trace::<Spillway>::open(&path).unwrap();
        let scope = Scope::from_json(&trace.header.scope).unwrap();
        let on_both = replay(&trace, &mut Lockstep::new(scope.clone()).unwrap());
        assert_eq!(on_both.outcome, Outcome::Matched, "{}: {on_both}", path.display());
        let alone = replay(&trace, &mut NodesMachine::new(scope));
        assert_eq!(alone.outcome, Outcome::Matched, "{}: {alone}", path.display());
    }
}

/// Walks of each scope that a seeded bug has to show itself on.
const BUG_WALKS: u64 = 60;

/// Scopes to be explored for the bugs that walks do not meet.
const BUG_SCOPES: [&str; 4] = ["ageing", "two-sources", "datagram-refused", "moving-routes"];

#[test]
fn every_seeded_bug_of_the_nodes_shows() {
    let scopes: Vec<Scope> = builtin().chain(pairs::pairs().into_iter().step_by(7)).collect();
    let hidden: Vec<&str> = Bug::ALL
        .iter()
        .filter(|bug| !shows_on_walks(&scopes, **bug) && !shows_in_exploration(**bug))
        .map(|bug| bug.name())
        .collect();
    assert!(hidden.is_empty(), "{hidden:?} change nothing that anybody sees");
}

fn shows_on_walks(scopes: &[Scope], bug: Bug) -> bool {
    let walks = (0..BUG_WALKS).flat_map(|seed| scopes.iter().map(move |scope| (scope, seed)));
    walks.into_iter().any(|(scope, seed)| {
        let setting = Setting::of(scope).with(bug);
        let walked = || match Lockstep::of(scope.clone(), &setting) {
            Ok(lockstep) => walk(lockstep, seed, &mut Performed::new()).is_err(),
            Err(_) => true,
        };
        // What a node asserts of itself may be what breaks.
        catch_unwind(AssertUnwindSafe(walked)).unwrap_or(true)
    })
}

fn shows_in_exploration(bug: Bug) -> bool {
    BUG_SCOPES.into_iter().any(|name| {
        let scope = Scope::builtin(name, SOMETIMES_NAMES).unwrap();
        let setting = Setting::of(&scope).with(bug);
        let explored = || {
            let checker = NodesModel::of(scope, &setting).checker().spawn_bfs().join();
            !checker.discoveries().is_empty()
        };
        catch_unwind(AssertUnwindSafe(explored)).unwrap_or(true)
    })
}
