//! Performs the actions of a trace one by one: a node does of itself what the action says, and nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_traces::machine::{IN_FLIGHT, ITEMS_BETWEEN};
use spillway_traces::{Action, Machine, Node, Note, Observed, Refusal, Role, Spillway, View};

use super::World;
use super::abstraction::messages;
use super::driver::{Driver, Hand};
use super::guards::guard;
use super::recorder::Recorder;
use crate::node::{Candidate, Chooser, Force, Input, Never};
use crate::wire::Wire;

/// The time, which does not pass: timers are actions of the trace.
const NOW_US: u64 = 0;

/// The guard that refuses what was more, or something else, than the step that was asked for.
pub const ONE_STEP: &str = "one-step";
/// The guard that refuses a message where no link is.
pub const LINKS_ONLY: &str = "links-only";

/// The guard of what a node does of itself.
const CANDIDATE: &str = "candidate";

/// Whether it is an action that a node does of itself.
fn is_own(action: &Action) -> bool {
    matches!(
        action,
        Action::Route { .. }
            | Action::Start { .. }
            | Action::Serve { .. }
            | Action::Offer { .. }
            | Action::PullBack { .. }
            | Action::Slow { .. }
            | Action::Calm { .. }
            | Action::Assign { .. }
            | Action::GiveBack { .. }
            | Action::Sync { .. }
            | Action::Compact {}
            | Action::Flush {}
            | Action::Resend { .. }
    )
}

/// A driver that chooses one step or none, and records.
struct Script {
    recorder: Recorder,
    chooser: Box<dyn Chooser>,
    random: ChaCha8Rng,
}

impl Script {
    fn new(world: &World, chooser: impl Chooser + 'static) -> Script {
        Script {
            recorder: Recorder::new(world.config.clone()),
            chooser: Box::new(chooser),
            random: ChaCha8Rng::from_seed([0; 32]), // only timers draw, and none is armed
        }
    }
}

impl Driver for Script {
    fn hand(&mut self, _node: Node) -> Hand<'_> {
        Hand { now_us: NOW_US, chooser: &mut *self.chooser, random: &mut self.random }
    }
    fn step(&mut self, action: Action) {
        self.recorder.step(action);
    }
    fn took(&mut self, _from: Node, _to: Node, message: &Wire) {
        self.recorder.took(message);
    }
    fn sent(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.sent(from, to, message);
    }
    fn lost(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.lost(from, to, message);
    }
    fn note(&mut self, _node: Node, note: Note) {
        self.recorder.note(note);
    }
}

impl World {
    /// Performs one action, or refuses it and stays as it was. The configuration is one for lockstep, with one revision
    /// an Update.
    ///
    /// # Errors
    /// The guard that refuses it. `one-step` and `links-only` are none: a node did something else than its contract says.
    pub fn perform(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        self.permits(action)?;
        let forced = self.forced(action)?;
        let mut script = match forced {
            Some(_) => Script::new(self, Force::new(*action)),
            None => Script::new(self, Never),
        };
        match forced {
            Some(node) => self.force(node, &mut script),
            None => self.happen(action, &mut script),
        }
        self.observed(action, script.recorder)
    }

    /// Every step that some node may do of itself now, node by node.
    pub fn candidates(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        let of = |count: usize, node: fn(u16) -> Node| (0..count as u16).map(node);
        let nodes = of(self.clients.len(), Node::client)
            .chain(of(self.communication.len(), Node::communication))
            .chain(of(self.query.len(), Node::query))
            .chain([Node::GLOBAL])
            .chain(of(self.control.len(), Node::control));
        for node in nodes.filter(|node| !self.links.is_down(*node)) {
            all.extend(self.candidates_of(node));
        }
        all
    }

    /// Whether an action can be performed, by what [`World::candidates`] has listed.
    ///
    /// # Errors
    /// The guard that refuses it.
    pub fn can(&self, action: &Action, candidates: &[Candidate]) -> Result<(), Refusal> {
        self.permits(action)?;
        let may = || candidates.iter().any(|candidate| candidate.action == *action);
        guard(!is_own(action) || may(), CANDIDATE, || {
            format!("{} does not list it among what it may do", action.node())
        })
    }

    fn candidates_of(&self, node: Node) -> Vec<Candidate> {
        let at = usize::from(node.index);
        match node.role {
            Role::Client => self.clients[at].candidates(NOW_US),
            Role::Communication => self.communication[at].candidates(NOW_US),
            Role::Query => self.query[at].candidates(NOW_US),
            Role::Global => self.global.candidates(NOW_US),
            Role::Control => self.control[at].candidates(NOW_US),
        }
    }

    /// The node that does the action of itself, if one does.
    fn forced(&self, action: &Action) -> Result<Option<Node>, Refusal> {
        if !is_own(action) {
            return Ok(None);
        }
        let node = action.node();
        let candidates = self.candidates_of(node);
        let may = candidates.iter().any(|candidate| candidate.action == *action);
        guard(may, CANDIDATE, || format!("{node} does not list it among what it may do"))?;
        Ok(Some(node))
    }

    fn force(&mut self, node: Node, script: &mut Script) {
        self.give(node, Input::Turn, script);
        if self.storing.is_some() {
            self.stored(true, script);
        }
    }

    /// What an action of the environment is.
    fn happen(&mut self, action: &Action, script: &mut Script) {
        match *action {
            Action::Issue { client, .. } => self.issue(client.index, script),
            Action::Retry { client, request } => self.retry(client, request, script),
            Action::Cancel { client, request } => self.cancel(client, request, script),
            Action::Move { client, to } => self.move_to(client, to, script),
            Action::Leave { client } => self.leave(client, script),
            Action::Deliver { from, to } => self.deliver(from, to, script),
            Action::Crash { node } => self.crash(node, script),
            Action::Stop { node } => self.stop(node, script),
            Action::Restart { node } => self.restart(node, script),
            Action::Reset { a, b } => self.reset(a, b, script),
            Action::Cut { from, to } => self.cut(from, to, script),
            Action::Heal { from, to } => self.heal(from, to, script),
            Action::Drop { from, to } => self.drop_oldest(from, to, script),
            Action::Duplicate { from, to } => self.double_oldest(from, to, script),
            Action::Reorder { from, to } => self.overtake_oldest(from, to, script),
            Action::Lease { .. } => self.lease(script),
            _ => unreachable!("{action} is what a node does of itself"),
        }
    }

    /// What was observed, if it is one step, and the one that was asked for.
    fn observed(
        &self,
        action: &Action,
        mut recorder: Recorder,
    ) -> Result<Observed<Spillway>, Refusal> {
        guard(self.stray.is_none(), LINKS_ONLY, || {
            let (from, to) = self.stray.expect("there is one");
            format!("{from} sent a message to {to}, and no link joins them")
        })?;
        let whole = !recorder.has_homeless();
        let mut steps: Vec<_> = recorder.drain().collect();
        let done: Vec<String> = steps.iter().map(|(action, _)| action.to_string()).collect();
        let one = whole && steps.len() == 1 && steps[0].0 == *action;
        guard(one, ONE_STEP, || format!("what the nodes did is not this step: {done:?}"))?;
        Ok(steps.pop().map(|(_, observed)| observed).unwrap_or_default())
    }
}

impl Machine<Spillway> for World {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        self.perform(action)
    }

    /// What is on the links. What nodes hold is for people in the words of the model only, which `spillway-properties`
    /// takes a world to.
    fn view(&self) -> View<Spillway> {
        let mut view = View::<Spillway>::new();
        for (from, to) in self.links.directions() {
            for wire in self.links.on(from, to) {
                messages(wire, &self.config, |message| {
                    let text = view.entry(from).or_default().entry(IN_FLIGHT).or_default();
                    if !text.is_empty() {
                        text.push_str(ITEMS_BETWEEN);
                    }
                    text.push_str(&format!("{message} → {to}"));
                });
            }
        }
        view
    }
}
