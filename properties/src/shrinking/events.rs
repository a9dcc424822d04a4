//! The search for a smaller run: requests, nodes, whole kinds of step, knobs and single steps in turn, until nothing goes.

use std::collections::BTreeSet;
use std::mem::discriminant;

use spillway_model::Scope;
use spillway_model::scope::Body;
use spillway_model::scope::limits::{NAME_CHARS_MAX, REQUESTS};
use spillway_traces::{Action, Attempt, Node, RequestId, leave_out};

use super::failing::{Failing, Step};
use super::knobs;
use super::owners::owners;
use super::renaming::Renaming;

/// The most replays that one search may cost; a run this small is not needed at any price.
pub const REPLAYS_MAX: u64 = 20_000;

/// What the name of a scope ends with that has become smaller.
const SUFFIX: &str = "-shrunk";

/// A smaller run.
#[derive(Clone, Debug)]
pub struct Smaller {
    /// Its scope.
    pub scope: Scope,
    /// Its steps. Every one is possible, and it fails at the last one.
    pub steps: Vec<Step>,
    /// How many replays it took.
    pub tried: u64,
    /// Whether no single step can be left out any more; false when [`REPLAYS_MAX`] was hit before.
    pub minimal: bool,
}

impl Smaller {
    /// What is done, step by step.
    pub fn actions(&self) -> Vec<Action> {
        actions(&self.steps)
    }
}

/// Makes a run smaller that fails, or gives none if it does not fail. The result depends on the arguments alone.
pub fn smaller(scope: &Scope, actions: &[Action], failing: &impl Failing) -> Option<Smaller> {
    let steps = failing.run(scope, actions)?;
    let mut search = Search { failing, scope: scope.clone(), steps, tried: 1 };
    search.unroll();
    let mut minimal = false;
    while search.has_replays() {
        let before = (search.scope.clone(), search.steps.len());
        search.leave_out_requests();
        search.leave_out_clients();
        search.leave_out_servers();
        search.leave_out_kinds();
        search.simplify();
        minimal = search.leave_out_steps();
        if before == (search.scope.clone(), search.steps.len()) {
            break;
        }
        minimal = false;
    }
    search.spare_faults();
    Some(search.ended(scope, minimal))
}

struct Search<'a, F> {
    failing: &'a F,
    scope: Scope,
    steps: Vec<Step>,
    tried: u64,
}

impl<F: Failing> Search<'_, F> {
    fn has_replays(&self) -> bool {
        self.tried < REPLAYS_MAX
    }

    /// Tries a candidate, and goes on from it if it fails as well.
    fn is_kept(&mut self, scope: Scope, actions: &[Action]) -> bool {
        if !self.has_replays() || scope.check().is_err() {
            return false;
        }
        self.tried += 1;
        let Some(steps) = self.failing.run(&scope, actions) else { return false };
        (self.scope, self.steps) = (scope, steps);
        true
    }

    /// As [`Search::is_kept`], for a list that `left` is what is left of.
    fn attempt<T>(
        &mut self,
        scope: Scope,
        actions: &[Action],
        left: impl FnOnce(&Self) -> Vec<T>,
    ) -> Attempt<T> {
        match self.is_kept(scope, actions) {
            true => Attempt::Fails(left(self)),
            false if self.has_replays() => Attempt::Passes,
            false => Attempt::Over,
        }
    }

    fn rename(&mut self, renaming: &Renaming, also: impl Fn(usize) -> bool) -> bool {
        let kept = (0..).zip(&self.steps).filter(|(place, _)| also(*place));
        let actions: Vec<Action> =
            kept.filter_map(|(_, step)| renaming.action(&step.action)).collect();
        self.is_kept(renaming.scope(&self.scope), &actions)
    }

    /// Writes the rounds of a long run's requests out, so that each can go of its own.
    fn unroll(&mut self) {
        let round = self.scope.requests.len();
        let named = self.steps.iter().filter_map(|step| step.action.request());
        let rounds = named.map(|request| request.number() as usize / round + 1).max().unwrap_or(1);
        if self.scope.rounds > 1 && round * rounds <= *REQUESTS.end() as usize {
            let requests = self.scope.requests.repeat(rounds);
            let scope = Scope { requests, rounds: 1, ..self.scope.clone() };
            self.is_kept(scope, &actions(&self.steps));
        }
    }

    /// Requests go together with the steps that are there for them.
    fn leave_out_requests(&mut self) {
        if self.scope.rounds > 1 {
            return;
        }
        let ids = |search: &Self| (0..search.scope.requests.len() as u32).collect::<Vec<u32>>();
        let mut left = ids(self);
        leave_out(&mut left, |kept| {
            let kept: BTreeSet<u32> = kept.iter().copied().collect();
            let renaming = Renaming::keeping(&self.scope, |id| kept.contains(&id));
            let owners = owners(&self.steps);
            let is_left = |owner: Option<RequestId>| owner.is_none_or(|owner| renaming.has(owner));
            let owned = self.steps.iter().zip(owners).filter(|(_, owner)| is_left(*owner));
            let actions: Vec<Action> =
                owned.filter_map(|(step, _)| renaming.action(&step.action)).collect();
            self.attempt(renaming.scope(&self.scope), &actions, ids)
        });
    }

    /// Clients go with what they ask for; those whose information is asked for, where another's will do.
    fn leave_out_clients(&mut self) {
        let mut client = 0;
        while client < self.scope.nodes.clients && self.has_replays() {
            let renaming = Renaming::without_client(&self.scope, client);
            let owners = owners(&self.steps);
            let is_left = |place: usize| owners[place].is_none_or(|owner| renaming.has(owner));
            if !self.rename(&renaming, is_left) && !self.ask_for_another(client) {
                client += 1;
            }
        }
    }

    /// Has all who ask for a user ask for another one.
    fn ask_for_another(&mut self, client: u16) -> bool {
        let silent = self.scope.requests.iter().all(|request| request.client != client);
        let other = (0..self.scope.nodes.clients).find(|other| *other != client);
        let (true, Some(other)) = (silent, other) else { return false };
        let mut scope = self.scope.clone();
        for request in &mut scope.requests {
            if let Body::Query { user, .. } = &mut request.body
                && *user == client
            {
                *user = other;
            }
        }
        let renaming = Renaming::without_client(&scope, client);
        let renamed = self.steps.iter().filter_map(|step| renaming.action(&step.action));
        let actions: Vec<Action> = renamed.collect();
        self.is_kept(renaming.scope(&scope), &actions)
    }

    /// Servers go, or others do what they did.
    fn leave_out_servers(&mut self) {
        let roles: [fn(&Scope) -> Vec<Node>; 3] = [
            |scope| (0..scope.nodes.control_servers).map(Node::control).skip(1).collect(),
            |scope| (0..scope.nodes.communication_servers).map(Node::communication).collect(),
            |scope| (0..scope.nodes.query_servers).map(Node::query).collect(),
        ];
        for servers in roles {
            let mut place = 0;
            while let Some(server) = servers(&self.scope).get(place).copied() {
                if !self.has_replays() {
                    return;
                }
                let others = servers(&self.scope).into_iter().filter(|other| *other != server);
                let others: Vec<u16> = others.map(|other| other.index).collect();
                let mut instead = std::iter::once(None).chain(others.into_iter().map(Some));
                let goes = instead.any(|instead| {
                    self.rename(&Renaming::without_server(&self.scope, server, instead), |_| true)
                });
                place += usize::from(!goes);
            }
        }
    }

    /// All steps of a kind go at once; then all that are the same but for their request.
    fn leave_out_kinds(&mut self) {
        self.leave_out_groups(discriminant);
        self.leave_out_groups(|action| action.renamed(Some, |_| Some(RequestId(0))));
    }

    fn leave_out_groups<G: Clone + PartialEq>(&mut self, group: impl Fn(&Action) -> G) {
        let groups = |search: &Self| {
            let mut all: Vec<G> = Vec::new();
            for step in &search.steps {
                let one = group(&step.action);
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            all
        };
        let mut left = groups(self);
        leave_out(&mut left, |kept| {
            let all = self.steps.iter().map(|step| step.action);
            let actions: Vec<Action> = all.filter(|one| kept.contains(&group(one))).collect();
            self.attempt(self.scope.clone(), &actions, groups)
        });
    }

    /// Makes the scope simpler: all changes at once if they will do, or else one by one.
    fn simplify(&mut self) {
        let all = (0..knobs::CHANGES).fold(self.scope.clone(), |scope, change| {
            knobs::simpler_by(&scope, change).unwrap_or(scope)
        });
        let actions = actions(&self.steps);
        if all == self.scope || self.is_kept(all, &actions) {
            return;
        }
        for change in 0..knobs::CHANGES {
            if let Some(simpler) = knobs::simpler_by(&self.scope, change) {
                self.is_kept(simpler, &actions);
            }
        }
    }

    /// Steps go of their own. Tells whether no single one can go any more.
    fn leave_out_steps(&mut self) -> bool {
        let mut left = self.steps.clone();
        leave_out(&mut left, |kept| {
            self.attempt(self.scope.clone(), &actions(kept), |search| search.steps.clone())
        })
    }

    /// Leaves the scope no more faults than the run needs.
    fn spare_faults(&mut self) {
        let actions = actions(&self.steps);
        for key in knobs::faults(&self.scope) {
            let fewer = knobs::fewer(&self.scope, key);
            let _ = fewer.into_iter().any(|fewer| self.is_kept(fewer, &actions));
        }
    }

    fn ended(self, from: &Scope, minimal: bool) -> Smaller {
        let Search { mut scope, steps, tried, .. } = self;
        if scope != *from {
            let name = format!("{}{SUFFIX}", scope.name);
            if !scope.name.ends_with(SUFFIX) && name.len() <= NAME_CHARS_MAX {
                scope.name = name;
            }
            scope.sometimes.clear(); // it is not there to reach anything any more
        }
        Smaller { scope, steps, tried, minimal }
    }
}

fn actions(steps: &[Step]) -> Vec<Action> {
    steps.iter().map(|step| step.action).collect()
}
