//! What is asked of a run.

use std::fmt;
use std::hash::Hash;
use std::io;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stateright::Model;

use crate::form::{Bytes, Pack, Packing, Plain, Words};
use crate::progress::{Go, Progress};
use crate::report::Report;
use crate::run::run;
use crate::shared::IsFinal;

/// Threads, at most.
pub const THREADS_MAX: usize = 1024;

/// When a run ends before everything is explored. It ends with the level, so that counts are always the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// At the end, whatever is found.
    #[default]
    TheEnd,
    /// Once an `always`, or the absence of deadlocks, is violated.
    FirstViolation,
    /// Once one of these is violated or reached.
    AnyOf(Vec<&'static str>),
}

/// Why there is no report.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The folder for what is put aside cannot be written to.
    Folder(PathBuf, io::Error),
    /// The system has no memory for the smallest table.
    Memory(io::Error),
    /// The side file of parents cannot be read back.
    Parents(io::Error),
    /// The model does not do again what it did before, after so many steps of a path: it depends on something beside its
    /// arguments, as the order of a `HashMap`, a clock or a random number.
    Unsteady {
        /// Steps of the path that could be taken again.
        steps: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Folder(folder, error) => {
                write!(f, "`{}` cannot be written to: {error}", folder.display())
            }
            Error::Memory(error) => write!(f, "there is no memory for the table: {error}"),
            Error::Parents(error) => write!(f, "the parents of states cannot be read: {error}"),
            Error::Unsteady { steps } => write!(
                f,
                "the model does not do again what it did before, after {steps} steps: it depends on something beside its \
                 arguments, as the order of a `HashMap`, a clock or a random number"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Folder(_, error) | Error::Memory(error) | Error::Parents(error) => Some(error),
            Error::Unsteady { .. } => None,
        }
    }
}

/// What is asked of a run beside the model.
pub(crate) struct Options<M: Model> {
    pub(crate) threads: NonZeroUsize,
    pub(crate) exact: bool,
    pub(crate) depth_max: Option<NonZeroU64>,
    pub(crate) states_max: Option<u64>,
    pub(crate) memory_bytes_max: Option<u64>,
    pub(crate) time_max: Option<Duration>,
    pub(crate) until: Until,
    pub(crate) is_final: Option<Box<IsFinal<M>>>,
    pub(crate) interrupt: Option<Arc<AtomicBool>>,
    pub(crate) folder: Option<PathBuf>,
}

type Watch<'w> = Box<dyn FnMut(&Progress) -> Go + 'w>;
type Run<M> = dyn Fn(&M, &Options<M>, &mut dyn FnMut(&Progress) -> Go) -> Result<Report<M>, Error>;

/// Explores a model level by level and judges its properties: see the [crate's page](crate).
#[must_use = "nothing is explored before `run`"]
pub struct Checker<'w, M: Model> {
    model: M,
    options: Options<M>,
    watch: Option<Watch<'w>>,
    run: Box<Run<M>>,
}

impl<'w, M> Checker<'w, M>
where
    M: Model<State: Clone + Hash + PartialEq + Send + Sync, Action: Clone + PartialEq>
        + Send
        + Sync,
{
    /// Everything there is, on one thread.
    pub fn new(model: M) -> Self {
        Checker {
            model,
            options: Options {
                threads: NonZeroUsize::MIN,
                exact: false,
                depth_max: None,
                states_max: None,
                memory_bytes_max: None,
                time_max: None,
                until: Until::TheEnd,
                is_final: None,
                interrupt: None,
                folder: None,
            },
            watch: None,
            run: Box::new(|model, options, watch| run(model, &Plain, options, watch)),
        }
    }

    /// Threads: at least one is taken, and at most [`THREADS_MAX`]. Counts, verdicts and paths do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        let threads = NonZeroUsize::new(threads.min(THREADS_MAX));
        self.options.threads = threads.unwrap_or(NonZeroUsize::MIN);
        self
    }

    /// States on a path, at most, the initial one included, at least one. As stateright's `target_max_depth` has it, states
    /// at this depth are counted, but neither judged nor explored.
    pub fn max_depth(mut self, states: u64) -> Self {
        self.options.depth_max = Some(NonZeroU64::new(states).unwrap_or(NonZeroU64::MIN));
        self
    }

    /// Unique states, at most, give or take: the run ends with the level in which there are so many.
    pub fn max_states(mut self, states: u64) -> Self {
        self.options.states_max = Some(states);
        self
    }

    /// The memory budget in bytes, for the table of fingerprints and the states that wait. Packed states beyond it are spilled
    /// to disk, and the run stops when the table alone takes more; without packing it stops when both do, or the process.
    pub fn memory_budget(mut self, bytes: u64) -> Self {
        self.options.memory_bytes_max = Some(bytes);
        self
    }

    /// The time budget.
    pub fn time_budget(mut self, time: Duration) -> Self {
        self.options.time_max = Some(time);
        self
    }

    /// When to end before everything is explored.
    pub fn until(mut self, until: Until) -> Self {
        self.options.until = until;
        self
    }

    /// Judges that every state without a successor is one that is final by this, under the name
    /// [`DEADLOCK`](crate::DEADLOCK).
    pub fn deadlock(
        mut self,
        is_final: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.is_final = Some(Box::new(is_final));
        self
    }

    /// Keeps the states themselves and compares them, instead of fingerprints: slow, on one thread, in much memory, and
    /// without any doubt.
    pub fn exact(mut self) -> Self {
        self.options.exact = true;
        self
    }

    /// Is told of the progress some fifty times a second, and may end the run. Between two units of work: a model that
    /// takes a second for a step is watched once in some hundred steps.
    pub fn observer(mut self, watch: impl FnMut(&Progress) -> Go + 'w) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Ends the run when this is set, as by a signal.
    pub fn interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.options.interrupt = Some(flag);
        self
    }

    /// Where parents are written, and states that are spilled: to files without a name, which are gone with the process. If
    /// it is not said, the system's folder for temporary files.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.folder = Some(folder.into());
        self
    }

    /// Keeps states packed into words, as the model says.
    pub fn packed(mut self) -> Self
    where
        M: Pack,
    {
        self.run = Box::new(|model, options, watch| run(model, &Words, options, watch));
        self
    }

    /// Keeps states packed into bytes, as somebody else says.
    pub fn packed_by(mut self, packing: impl Packing<M> + 'static) -> Self {
        let form = Bytes(packing);
        self.run = Box::new(move |model, options, watch| run(model, &form, options, watch));
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Explores.
    ///
    /// # Errors
    /// If it cannot begin, or what was found cannot be shown. Whatever ends a run that has begun is in its report.
    pub fn run(&mut self) -> Result<Report<M>, Error> {
        let mut nobody: Watch<'_> = Box::new(|_| Go::On);
        let watch = self.watch.as_mut().map_or(&mut *nobody, |watch| &mut **watch);
        (self.run)(&self.model, &self.options, watch)
    }
}
