//! A run of the simulator, judged: the model takes each step that was recorded, every guarantee is judged, and now and
//! then the nodes' state is mapped and compared.

use std::any::Any;
use std::mem::{Discriminant, discriminant};
use std::panic::{AssertUnwindSafe, catch_unwind};

use spillway_impl::sim::run::{End, Outcome, run};
use spillway_impl::sim::swarm::{Impossible, Swarm};
use spillway_impl::sim::watch::Watch;
use spillway_impl::world::World;
use spillway_impl::world::recorder::Recorded;
use spillway_model::scope::limits::NAME_CHARS_MAX;
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_traces::{
    Action, Event, Header, Observed, Recorder, Source, Spillway, Trace, Verdict,
};

use crate::checked::{Checked, CheckedState, names_of};
use crate::refinement::difference::{
    Difference, observations, part_of_observations, part_of_states, states,
};
use crate::refinement::judge::Judge as NodesJudge;
use crate::refinement::map::Refinement;
use crate::refinement::scope_of::scope_of;
use crate::refinement::setting::Setting;

/// What is left for the name of another scope in that of a run of it: beside `simulated-`, a seed and a hyphen.
const SCRIPT_CHARS_MAX: usize = NAME_CHARS_MAX - 31;

/// What a run is judged for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Judging {
    /// After so many events the nodes' state is mapped and compared with the model's; 1 after each.
    pub compare_every: u64,
    /// Whether a trace is kept.
    pub record: bool,
}

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    /// The model refuses a step, or sees it otherwise, or is elsewhere than the nodes.
    Differs(Difference),
    /// A guarantee is broken.
    Breaks(&'static str),
    /// All faults were over, and this did not settle.
    Unsettled(Vec<String>),
    /// A node panicked, which is a bug: with these words.
    Panicked(String),
}

/// In which way a run is wrong: two runs that agree in it fail for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// At this kind of step, or beside any, by this guard, or part of what was observed, or field of the state.
    Differs(Option<Discriminant<Action>>, &'static str),
    /// By this guarantee.
    Breaks(&'static str),
    /// The first of what did not settle, without the numbers in it.
    Unsettled(String),
    /// The words, without the numbers in them.
    Panicked(String),
}

/// A run that was judged.
pub struct Simulated {
    /// What became of it; none if a node panicked.
    pub outcome: Option<Outcome>,
    /// Steps of the model that it was.
    pub steps: u64,
    /// What is wrong with it, if something is.
    pub wrong: Option<Wrong>,
    /// In which way it is wrong, if it is.
    pub way: Option<Way>,
    /// Its trace, if it was to be kept.
    pub trace: Option<Trace<Spillway>>,
}

/// The scope that the trace of a run names.
pub fn scope(swarm: &Swarm) -> Scope {
    let (seed, set) = (swarm.seed, swarm.set.name());
    let (name, of) = match &swarm.script {
        None => (format!("simulated-{seed}"), String::new()),
        Some(script) => {
            let short: String = script.name.chars().take(SCRIPT_CHARS_MAX).collect();
            (format!("simulated-{short}-{seed}"), format!(" of the scope `{}`", script.name))
        }
    };
    let about = format!("A run of the simulator{of} under the faults `{set}`.");
    scope_of(&name, &about, &setting(swarm))
}

/// A run that the guarantees alone have judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// What it breaks first: a guarantee; [`SETTLING`] if it does not settle; nothing if all is well as far as that goes.
    pub breaks: Option<&'static str>,
    /// Steps that were judged.
    pub steps: u64,
}

/// Steps of a run that is judged alone, at most: with a bug, nodes may go on for ever.
const ALONE_STEPS_MAX: usize = 20_000;

/// What a run breaks that keeps every guarantee, but does not settle.
pub const SETTLING: &str = "settling";

/// Runs a configuration without the model, and judges what the nodes do by the guarantees alone: which of them a bug breaks
/// that a difference from the model has shown. The run is recorded, and its steps are done again one by one, so that the
/// state after each is there to be mapped.
///
/// # Errors
/// It is none that can be.
pub fn simulate_alone(swarm: &Swarm) -> Result<Alone, Impossible> {
    let mut tape = Tape::default();
    let ran = catch_unwind(AssertUnwindSafe(|| run(swarm, &mut tape))).ok().transpose()?;
    let mut alone = Alone { breaks: None, steps: 0 };
    // A bug may lead guarantees to a state that they have no words for.
    let judged = AssertUnwindSafe(|| judge_alone(swarm, &tape.actions, &mut alone));
    if catch_unwind(judged).is_ok() && alone.breaks.is_none() {
        let unsettled = ran.is_some_and(|run| matches!(run.end, End::Unsettled(_)));
        alone.breaks = unsettled.then_some(SETTLING);
    }
    Ok(alone)
}

fn judge_alone(swarm: &Swarm, actions: &[Action], alone: &mut Alone) {
    let scope = scope(swarm);
    let setting = Setting::of(&scope);
    let setting = swarm.config.bug.map_or(setting.clone(), |bug| setting.with(bug));
    let protocol = Protocol::new(scope, None);
    let refinement = Refinement::new(&protocol, &setting);
    let judge = NodesJudge { checked: &Checked::new(protocol), refinement: &refinement };
    let mut nodes = setting.world();
    let mut judged = judge.start(&nodes);
    for action in actions {
        let Ok(observed) = nodes.perform(action) else { return };
        judged = judge.step(&judged, *action, &observed, &nodes);
        alone.steps += 1;
        alone.breaks = names_of(judged.broken).next();
        if alone.breaks.is_some() {
            return;
        }
    }
}

/// Keeps what was done.
#[derive(Default)]
struct Tape {
    actions: Vec<Action>,
}

impl Watch for Tape {
    const RECORDS: bool = true;

    fn event(&mut self, _now_us: u64, steps: Vec<Recorded>, _world: &World) -> bool {
        self.actions.extend(steps.into_iter().map(|(action, _)| action));
        self.actions.len() < ALONE_STEPS_MAX
    }
}

fn setting(swarm: &Swarm) -> Setting {
    Setting {
        config: swarm.config.clone().into(),
        plan: swarm.plan().into(),
        sessions: swarm.sessions.clone(),
    }
}

/// Runs a configuration and judges it.
///
/// # Errors
/// It is none that can be.
pub fn simulate(swarm: &Swarm, judging: Judging) -> Result<Simulated, Impossible> {
    let mut judge = Judge::new(swarm, judging);
    let ran = catch_unwind(AssertUnwindSafe(|| run(swarm, &mut judge)));
    let (outcome, ended) = match ran {
        Ok(outcome) => {
            let outcome = outcome?;
            let unsettled = match &outcome.end {
                End::Unsettled(what) => Some(Found::unsettled(what.clone())),
                End::Settled | End::Stopped => None,
            };
            (Some(outcome), unsettled)
        }
        Err(panic) => (None, Some(Found::panicked(words(panic.as_ref())))),
    };
    let found = judge.found.take().or(ended);
    let (wrong, way) = found.map(|found| (found.wrong, found.way)).unzip();
    let steps = judge.steps;
    let trace = judging.record.then(|| judge.trace(swarm, wrong.as_ref()));
    Ok(Simulated { outcome, steps, wrong, way, trace })
}

/// What is wrong, and in which way.
struct Found {
    wrong: Wrong,
    way: Way,
}

impl Found {
    fn differs(action: Option<Action>, by: &'static str, lines: Vec<String>) -> Found {
        let way = Way::Differs(action.as_ref().map(discriminant), by);
        Found { wrong: Wrong::Differs(Difference { action, lines }), way }
    }

    fn breaks(property: &'static str) -> Found {
        Found { wrong: Wrong::Breaks(property), way: Way::Breaks(property) }
    }

    fn unsettled(what: Vec<String>) -> Found {
        let first = what.first().map(|line| without_numbers(line)).unwrap_or_default();
        Found { wrong: Wrong::Unsettled(what), way: Way::Unsettled(first) }
    }

    fn panicked(words: String) -> Found {
        let way = Way::Panicked(without_numbers(&words));
        Found { wrong: Wrong::Panicked(words), way }
    }
}

fn without_numbers(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

struct Judge {
    checked: Checked<Protocol<Growable>>,
    state: CheckedState<State<Growable>, Growable>,
    refinement: Refinement,
    judging: Judging,
    scope: Scope,
    recorder: Recorder<Spillway>,
    recorded: Vec<Event<Spillway>>,
    events: u64,
    steps: u64,
    found: Option<Found>,
}

impl Judge {
    fn new(swarm: &Swarm, judging: Judging) -> Judge {
        let scope = scope(swarm);
        let protocol = Protocol::new(scope.clone(), None);
        let refinement = Refinement::new(&protocol, &setting(swarm));
        let checked = Checked::new(protocol);
        let state = checked.start(checked.model().initial());
        Judge {
            checked,
            state,
            refinement,
            judging,
            scope,
            recorder: Recorder::new(),
            recorded: Vec::new(),
            events: 0,
            steps: 0,
            found: None,
        }
    }

    fn step(&mut self, action: Action, nodes: &Observed<Spillway>) -> Result<(), Found> {
        let protocol = self.checked.model();
        if let Err(guard) = protocol.allows(&self.state.inner, &action) {
            let refusal = protocol.refusal(&self.state.inner, &action);
            let line = refusal.map_or(guard.reason, |refusal| refusal.to_string());
            return Err(Found::differs(Some(action), guard.name, vec![line]));
        }
        let mut model = Observed::default();
        let next = self.checked.step(&self.state, action, &mut model);
        let before = std::mem::replace(&mut self.state, next);
        self.steps += 1;
        if let Some(full) = self.state.inner.full() {
            let line = format!("the model's bound is full: {full:?}");
            return Err(Found::differs(Some(action), "full", vec![line]));
        }
        if let Some(part) = part_of_observations(&model, nodes) {
            return Err(Found::differs(Some(action), part, observations(&model, nodes)));
        }
        match names_of(self.checked.broken_by_step(&before, &self.state)).next() {
            Some(property) => Err(Found::breaks(property)),
            None => Ok(()),
        }
    }

    fn compare(&self, world: &World) -> Result<(), Found> {
        let mapped = self.refinement.map(world, self.state.inner.budgets);
        let mut model = self.state.inner.clone();
        // What the log has forgotten the nodes do not have either.
        model.forget(model.base as usize);
        match part_of_states(self.checked.model(), &model, &mapped) {
            None => Ok(()),
            Some(part) => {
                Err(Found::differs(None, part, states(self.checked.model(), &model, &mapped)))
            }
        }
    }

    fn trace(self, swarm: &Swarm, wrong: Option<&Wrong>) -> Trace<Spillway> {
        let mut header =
            Header::new::<Spillway>(Source::Simulator, swarm.seed, self.scope.to_json());
        header.mutant = swarm.config.bug.map(|bug| bug.name().to_owned());
        header.run = serde_json::to_value(swarm).ok();
        let trace = Trace::new(header, self.recorded);
        let (verdict, property) = match wrong {
            None => (Verdict::Holds, None),
            Some(Wrong::Breaks(property)) => (Verdict::Violated, Some(*property)),
            Some(Wrong::Differs(_)) => (Verdict::Refused, None),
            Some(Wrong::Unsettled(_) | Wrong::Panicked(_)) => (Verdict::Inconclusive, None),
        };
        trace.finish(verdict, property).expect("a run is a trace that can be written")
    }
}

impl Watch for Judge {
    const RECORDS: bool = true;

    fn event(&mut self, now_us: u64, steps: Vec<Recorded>, world: &World) -> bool {
        self.events += 1;
        for (action, observed) in steps {
            let judged = self.step(action, &observed);
            if self.judging.record {
                self.recorded.push(self.recorder.event_at(now_us, action, observed));
            }
            if let Err(found) = judged {
                self.found = Some(found);
                return false;
            }
        }
        if self.events.is_multiple_of(self.judging.compare_every)
            && let Err(found) = self.compare(world)
        {
            self.found = Some(found);
            return false;
        }
        true
    }
}
