//! A trace of the implementation that the model refuses, made smaller: the nodes do less, and the model refuses the same
//! kind of step for the same reason.

use std::path::Path;

use spillway_properties::refinement::{Parting, Setting};
use spillway_traces::{Header, Shrunk, Spillway, Trace, Verdict, record, shrink};

use crate::failure::Failure;
use crate::trace_file::Subject;

/// What parts nodes and model, the smaller run, and its trace.
///
/// # Errors
/// The model accepts the trace, or the nodes do not do again what it says.
pub(super) fn run(
    path: &Path,
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<(String, Shrunk<Spillway>, Trace<Spillway>), Failure> {
    let failed = |what: &str| Failure::Input(format!("{}: {what}", path.display()));
    let setting = Setting::of(&subject.scope);
    let setting = subject.bug.map_or(setting.clone(), |bug| setting.with(bug));
    let actions = trace.actions();
    let machine = |sought, states| {
        let parting = Parting::new(subject.scope.clone(), &setting, sought);
        if states { parting.with_states(&setting) } else { parting }
    };
    let by_steps = machine(None, false).on(&actions);
    let states = by_steps.is_none();
    let fresh = |sought| machine(sought, states);
    let (steps, parted) = by_steps.or_else(|| fresh(None).on(&actions)).ok_or_else(|| {
        failed("there is nothing to shrink; expected a trace whose steps the model refuses, or sees otherwise")
    })?;
    let same = |broken: &[&'static str]| broken.contains(&parted.by);
    let shrunk = shrink(&actions[..steps], || fresh(Some(parted)), same)
        .ok_or_else(|| failed("the nodes do not do it again"))?;
    let events =
        record(&mut fresh(Some(parted)), &shrunk.actions).map_err(|(place, refusal)| {
            failed(&format!("a bug of this program: step {place}: {refusal}"))
        })?;
    let header = Header { expect: None, ..trace.header.clone() };
    let smaller =
        Trace::new(header, events).finish(Verdict::Refused, None).map_err(Failure::input)?;
    Ok((format!("refinement, by `{}`", parted.by), shrunk, smaller))
}
