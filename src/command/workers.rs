//! Many checks at a time: one for each core, their results in the order in which they were asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use spillway_model::Scope;
use spillway_properties::{Go, Options, Report};

use crate::engine::{Engine, cores};
use crate::{interrupt, memory};

/// A check to make.
pub(crate) struct Job {
    pub(crate) scope: Scope,
    /// What is shown while it is made.
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) options: Options,
}

/// Makes all the checks. None stands for one that was interrupted, or is of a scope too large to explore.
pub(crate) fn check_all(jobs: Vec<Job>) -> Vec<Option<Report>> {
    let (next, bar) = (AtomicUsize::new(0), bar(jobs.len()));
    let work = || {
        let mut done = Vec::new();
        while let Some((at, job)) = take(&next, &jobs) {
            bar.set_message(job.name.clone());
            done.push((at, explore(job)));
            bar.inc(1);
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..cores().get().min(jobs.len())).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Vec<_>>()
    });
    bar.finish_and_clear();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, report)| report).collect()
}

fn take<'a>(next: &AtomicUsize, jobs: &'a [Job]) -> Option<(usize, &'a Job)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(at).map(|job| (at, job))
}

fn explore(job: &Job) -> Option<Report> {
    if interrupt::asked() {
        return None;
    }
    let options = Options { memory_mib_max: memory::default_mib_max(), ..job.options.clone() };
    let mut go = |_| if interrupt::asked() { Go::Stop } else { Go::On };
    let report = job.engine.check(&job.scope, &options, &mut go).ok();
    report.filter(|_| !interrupt::asked())
}

fn bar(jobs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg} · {elapsed}, {eta} left");
    let bar = ProgressBar::new(jobs as u64);
    bar.set_style(style.expect("the template is well formed"));
    bar
}
