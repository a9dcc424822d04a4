//! A failure of the implementation, made smaller: nodes and model part in the same way, or the simulator's run fails in
//! the same way when it is run again.

use std::path::Path;

use spillway_impl::sim::swarm::Swarm;
use spillway_properties::shrinking::{Failed, SmallerFailure, smaller_failure};
use spillway_properties::simulated;
use spillway_traces::file::HEADER_LINE;
use spillway_traces::{Spillway, Trace};

use crate::failure::Failure;
use crate::trace_file::{Subject, at};

/// Makes it smaller.
///
/// # Errors
/// The header's run is none, or of another scope; or nothing fails, as the trace has it or when it is run again.
pub(super) fn run(
    path: &Path,
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<SmallerFailure, Failure> {
    let swarm = swarm(path, trace, subject)?;
    let failed = Failed {
        scope: &subject.scope,
        bug: subject.bug,
        actions: &trace.actions(),
        swarm: swarm.as_ref(),
    };
    // A node that panics is what is looked for, or a candidate that is none: not for whoever reads the result.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let smaller = smaller_failure(&failed, &trace.header);
    std::panic::set_hook(hook);
    smaller.map_err(Failure::input)?.ok_or_else(|| {
        let again = match swarm {
            Some(_) => ", or a run that fails when it is run again",
            None => "",
        };
        Failure::Input(format!(
            "{}: there is nothing to shrink; expected a trace whose steps the model refuses, or sees otherwise{again}",
            path.display()
        ))
    })
}

/// The configuration of the run that the trace is of, if its header has it.
fn swarm(
    path: &Path,
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<Option<Swarm>, Failure> {
    let failed = |what: String| {
        Failure::Input(format!("{}: the run in the header {what}", at(path, HEADER_LINE)))
    };
    let Some(value) = &trace.header.run else { return Ok(None) };
    let swarm: Swarm = serde_json::from_value(value.clone()).map_err(|error| {
        failed(format!("is none: {error}; expected a configuration of the simulator"))
    })?;
    swarm.check().map_err(|impossible| failed(format!("is none: {impossible}")))?;
    if simulated::scope(&swarm) != subject.scope || swarm.config.bug != subject.bug {
        return Err(failed("is another one; expected that of its scope and mutant".to_owned()));
    }
    Ok(Some(swarm))
}
