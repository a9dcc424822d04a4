//! A run of a trace on the model, watched for what ends it early: a guard that refuses an event, or a bound of the scope
//! that is full.

use spillway_model::{Full, Scope};
use spillway_properties::CheckedMachine;
use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use crate::format::number::counted;

/// The judged machine, which remembers where it refused and where it was full.
pub(crate) struct Watched {
    machine: CheckedMachine,
    /// How many events it performed: the index of the next one.
    events: u64,
    refused: Option<(u64, Refusal)>,
    full: Option<(u64, Full)>,
}

impl Watched {
    /// Watches a machine in its first state.
    pub(crate) fn new(machine: CheckedMachine) -> Watched {
        Watched { machine, events: 0, refused: None, full: None }
    }

    /// The situations that its state is one of, by name.
    pub(crate) fn reached(&self) -> Vec<&'static str> {
        self.machine.reached()
    }

    /// The event after which a bound of the scope was full, and which. What the model does from there on says nothing.
    pub(crate) fn full(&self) -> Option<(u64, Full)> {
        self.full
    }

    /// The event that was refused, and why. After a full bound nothing is refused that means anything.
    pub(crate) fn refused(&self) -> Option<(u64, &Refusal)> {
        let refused = self.refused.as_ref().filter(|_| self.full.is_none());
        refused.map(|(event, refusal)| (*event, refusal))
    }
}

impl Machine<Spillway> for Watched {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let observed = self.machine.step(action).inspect_err(|refusal| {
            self.refused.get_or_insert_with(|| (self.events, refusal.clone()));
        })?;
        if self.full.is_none() {
            self.full = self.machine.full().map(|full| (self.events, full));
        }
        self.events += 1;
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.machine.view()
    }

    fn broken(&self) -> Vec<&'static str> {
        self.machine.broken()
    }
}

/// The event after which a bound of the scope was full, and what to do about it.
pub(crate) fn full_at((event, full): (u64, Full), scope: &Scope) -> String {
    format!("event {event}: {}", too_small(full, scope))
}

/// Which bound of the scope did not suffice, and the knob to turn.
pub(crate) fn too_small(full: Full, scope: &Scope) -> String {
    match full {
        Full::Link { from, to } => format!(
            "the link {from} → {to} is full: it holds {}, and one more is sent; raise `link-max`",
            counted(scope.knobs.link_max as usize, "message")
        ),
        Full::Flight => "more messages are in flight than the largest state has room for; lower \
            `link-max` or the number of nodes or requests"
            .to_owned(),
        Full::Table => "a table holds more than the largest state has room for; lower the number \
            of requests or faults"
            .to_owned(),
        Full::Sequence => "a query server has offered tasks more often than it can count; lower \
            the number of faults"
            .to_owned(),
    }
}
