//! Does a system accept what another one has done? A trace is followed event by event, in every state that the system may
//! be in by then.
//!
//! Where every step is recorded there is one such state. Where a kind of step is not, since nobody could see it, such as
//! the loss of a datagram, it is *hidden*, and named: it may happen unseen before any event. Hidden steps are looked for
//! only when no state accepts the next event, a few events back at first and then further, and within bounds; a search
//! that was cut short ends as inconclusive, never as accepted or refused.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use serde::Serialize;

use crate::event::{Event, Observed};
use crate::file::Trace;
use crate::machine::Refusal;
use crate::nearest::Nearest;
use crate::replay::{Breaks, Broken, Causes, Fields, Outcome, refused};
use crate::vocabulary::Vocabulary;

/// How far a search for hidden steps goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Events before the one that is not accepted, at which a search begins at the earliest.
    pub events_back_max: usize,
    /// Hidden steps that one search puts in, at most.
    pub hidden_max: usize,
    /// States that one search looks at, and states that are followed at a time, at most.
    pub states_max: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { events_back_max: 64, hidden_max: 4, states_max: 10_000 }
    }
}

/// A system that may accept what is recorded of another: a value, since several states are followed at a time.
pub trait Acceptor<V: Vocabulary>: Clone {
    /// Performs one action, or refuses it and stays as it was.
    ///
    /// # Errors
    /// The guard that refuses it.
    fn step(&mut self, action: &V::Action) -> Result<Observed<V>, Refusal>;

    /// The allowed step nearest to one that [`step`](Acceptor::step) refuses. It is asked only for the refusal that is
    /// told, where a refusal itself does not have it, since a search refuses many.
    fn nearest(&self, _refused: &V::Action) -> Option<Nearest> {
        None
    }

    /// The hidden steps that it may take now, in a fixed order. None, unless some kinds of step are hidden.
    fn hidden(&self) -> Vec<V::Action>;

    /// Two of them with the same fingerprint behave alike from now on.
    fn fingerprint(&self) -> u64;

    /// The properties that do not hold now, by name, in a fixed order.
    fn broken(&self) -> Vec<&'static str>;

    /// Whether a bound of its own no longer suffices, so that whatever it says from now on means nothing; and which.
    fn full(&self) -> Option<String>;
}

/// What is said of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Every event is accepted.
    Accepted,
    /// An event is not, whatever hidden steps there were.
    Refused(Outcome),
    /// It could not be decided: a bound of the search was hit at this event, which no state accepted so far, or a bound
    /// of the system.
    Inconclusive {
        /// What was hit.
        why: String,
        /// What the likeliest state says of the event; none if the system's own bound was hit.
        #[serde(skip_serializing_if = "Option::is_none")]
        tried: Option<Outcome>,
    },
}

/// The report of a validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Validated {
    /// Events that were accepted.
    pub events: u64,
    /// Hidden steps that were put in, in the likeliest of the states at the end.
    pub hidden: u64,
    /// The most states that were followed at a time.
    pub states_max: usize,
    /// What is said of the trace.
    pub judgement: Judgement,
    /// Which properties broke, in the order of breaking, in the likeliest of the states.
    pub broken: Vec<Broken>,
    /// Whether the trace was written to its end; if not, its writer died, and "accepted" says only so much.
    pub complete: bool,
}

/// Follows a trace from the first state of a system.
///
/// Of an event is compared what any event of the trace records: see [`crate::replay()`]. Its cause is compared with what the
/// trace itself says, whatever hidden steps there were.
pub fn validate<V: Vocabulary, A: Acceptor<V>>(
    trace: &Trace<V>,
    first: A,
    bounds: Bounds,
) -> Validated {
    let mut follower = Follower {
        fields: Fields::recorded_in(&trace.events),
        bounds,
        breaks: Breaks::new(first.broken()),
        now: vec![Followed { system: first, hidden: 0 }],
        before: VecDeque::new(),
        forgot: false,
        most: 1,
    };
    let mut causes = Causes::recorded_in(&trace.events);
    let mut events = 0;
    let mut judgement = Judgement::Accepted;
    for (at, event) in trace.events.iter().enumerate() {
        let followed = follower.follow(&trace.events, at).and_then(|()| {
            causes
                .difference(event)
                .map_or(Ok(()), |other| Err(Box::new(Judgement::Refused(other))))
        });
        match followed {
            Ok(()) => events += 1,
            Err(end) => {
                judgement = *end;
                break;
            }
        }
    }
    Validated {
        events,
        hidden: follower.now.first().map_or(0, |followed| followed.hidden as u64),
        states_max: follower.most,
        judgement,
        broken: follower.breaks.finish(),
        complete: trace.is_complete(),
    }
}

/// A state that the system may be in.
#[derive(Clone)]
struct Followed<A> {
    system: A,
    /// Hidden steps on the way.
    hidden: usize,
}

struct Follower<A> {
    fields: Fields,
    bounds: Bounds,
    breaks: Breaks,
    /// The states that it may be in now, those with the fewest hidden steps first.
    now: Vec<Followed<A>>,
    /// The same before each of the last events, the latest last. Kept only where steps may be hidden.
    before: VecDeque<Vec<Followed<A>>>,
    /// Whether there were hidden steps before the events that are remembered, so that a search cannot go back to them.
    forgot: bool,
    most: usize,
}

impl<A> Follower<A> {
    fn follow<V: Vocabulary>(
        &mut self,
        events: &[Event<V>],
        at: usize,
    ) -> Result<(), Box<Judgement>>
    where
        A: Acceptor<V>,
    {
        let event = &events[at];
        let may_hide = self.now.iter().any(|followed| !followed.system.hidden().is_empty());
        if may_hide || !self.before.is_empty() {
            self.before.push_back(self.now.clone());
            if self.before.len() > self.bounds.events_back_max {
                self.before.pop_front();
                self.forgot = true;
            }
        }
        let mut said = None;
        let fields = &self.fields;
        self.now.retain_mut(|followed| match accept(&mut followed.system, event, fields) {
            Ok(()) => true,
            Err(outcome) => {
                said.get_or_insert_with(|| explained(&followed.system, event, *outcome));
                false
            }
        });
        if self.now.is_empty() {
            let said = said.expect("a state that is no longer followed said why");
            self.now = self.search(events, at, said)?;
        }
        self.most = self.most.max(self.now.len());
        let likeliest = &self.now[0].system;
        if let Some(why) = likeliest.full() {
            return Err(Box::new(Judgement::Inconclusive { why, tried: None }));
        }
        self.breaks.note(event.index, likeliest.broken());
        Ok(())
    }

    /// Looks for hidden steps after which some state accepts the event, from as few events back as suffice.
    fn search<V: Vocabulary>(
        &self,
        events: &[Event<V>],
        at: usize,
        said: Outcome,
    ) -> Result<Vec<Followed<A>>, Box<Judgement>>
    where
        A: Acceptor<V>,
    {
        let mut cut = None;
        for (back, begin) in self.before.iter().rev().enumerate() {
            let mut states = begin.clone();
            let floor = states.iter().map(|followed| followed.hidden).min().unwrap_or(0);
            for event in &events[at - back..=at] {
                cut = self.hide(&mut states, floor).or(cut);
                states.retain_mut(|followed| {
                    accept(&mut followed.system, event, &self.fields).is_ok()
                });
            }
            if !states.is_empty() {
                states.sort_by_key(|followed| followed.hidden);
                return Ok(states);
            }
        }
        let cut = cut.or(self.forgot.then_some("the events that a search goes back"));
        match cut {
            None => Err(Box::new(Judgement::Refused(said))),
            Some(bound) => {
                let why = format!("no state accepts the event, but {bound} came to their bound");
                Err(Box::new(Judgement::Inconclusive { why, tried: Some(said) }))
            }
        }
    }

    /// Adds the states that hidden steps lead to. What came to its bound, if something did.
    fn hide<V: Vocabulary>(
        &self,
        states: &mut Vec<Followed<A>>,
        floor: usize,
    ) -> Option<&'static str>
    where
        A: Acceptor<V>,
    {
        let mut known: BTreeSet<u64> = states.iter().map(|f| f.system.fingerprint()).collect();
        let (mut next, mut cut) = (0, None);
        while next < states.len() {
            let from = states[next].clone();
            next += 1;
            for action in from.system.hidden() {
                if from.hidden - floor >= self.bounds.hidden_max {
                    cut = Some("the hidden steps");
                    continue;
                }
                let mut system = from.system.clone();
                if system.step(&action).is_err() || !known.insert(system.fingerprint()) {
                    continue;
                }
                if states.len() >= self.bounds.states_max {
                    return Some("the states that are followed");
                }
                states.push(Followed { system, hidden: from.hidden + 1 });
            }
        }
        cut
    }
}

fn accept<V: Vocabulary, A: Acceptor<V>>(
    system: &mut A,
    event: &Event<V>,
    fields: &Fields,
) -> Result<(), Box<Outcome>> {
    let observed = system.step(&event.action).map_err(|refusal| refused(event, refusal))?;
    fields.difference(event, &observed).map_or(Ok(()), |outcome| Err(Box::new(outcome)))
}

/// The same with the nearest step, if the system knows of one.
fn explained<V: Vocabulary, A: Acceptor<V>>(
    system: &A,
    event: &Event<V>,
    mut outcome: Outcome,
) -> Outcome {
    if let Outcome::Refused { nearest: nearest @ None, .. } = &mut outcome {
        *nearest = system.nearest(&event.action);
    }
    outcome
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Judgement::Accepted => write!(f, "every event is accepted"),
            Judgement::Refused(outcome) => write!(f, "{outcome}"),
            Judgement::Inconclusive { why, tried: Some(outcome) } => write!(f, "{why}\n{outcome}"),
            Judgement::Inconclusive { why, tried: None } => write!(f, "{why}"),
        }
    }
}
