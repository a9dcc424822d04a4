//! How far an exploration, or a number of random walks, has come, on standard error and only if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spillway_properties::{Go, Progress, random};

use crate::format::number::{count, count_u64, rate};
use crate::interrupt;

/// A line that follows it.
pub(crate) struct Line {
    bar: ProgressBar,
    states_max: Option<usize>,
}

impl Line {
    /// A line for an exploration with this bound on its states.
    pub(crate) fn new(states_max: Option<usize>) -> Line {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {msg} · {elapsed}");
        bar.set_style(style.expect("the template is well formed"));
        Line { bar, states_max }
    }

    /// Shows how far it has come, and passes on whether somebody asked to stop.
    pub(crate) fn show(&self, progress: Progress) -> Go {
        self.tell(|| self.text(progress))
    }

    /// The same of random walks.
    pub(crate) fn show_walks(&self, progress: random::Progress) -> Go {
        self.tell(|| walks(progress))
    }

    /// The same of runs of the simulator.
    pub(crate) fn show_runs(&self, runs: u64, runs_max: u64, steps: u64) -> Go {
        self.tell(|| format!("{runs} of {runs_max} runs · {steps} steps"))
    }

    /// The same of states, or walks, that nodes and model take together.
    pub(crate) fn show_together(&self, of: &str, number: u64, steps: u64) -> Go {
        self.tell(|| format!("{number} {of} · {steps} steps"))
    }

    /// The same of allocators that are compared.
    pub(crate) fn show_allocator(&self, at: usize, all: usize, name: &str) -> Go {
        self.tell(|| format!("{} of {all} allocators · {name}", at + 1))
    }

    fn tell(&self, text: impl FnOnce() -> String) -> Go {
        if interrupt::asked() {
            return Go::Stop;
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(text());
            self.bar.tick();
        }
        Go::On
    }

    fn text(&self, progress: Progress) -> String {
        let Progress { unique_states, generated_states, depth, elapsed, more } = progress;
        let mut text = format!(
            "depth {depth} · {} states · {} generated · {}",
            count(unique_states),
            count(generated_states),
            rate(generated_states, elapsed.as_secs_f64())
        );
        // Ours counts unique states against the bound, stateright generated ones.
        let counted = if more.is_some() { unique_states } else { generated_states };
        if let Some(more) = &more {
            let memory = count_u64(more.memory_bytes >> 20);
            let left = count_u64(more.frontier_states.saturating_sub(more.explored_states));
            text += &format!(" · {left} to explore at this depth · {memory} MiB");
        }
        if let Some(left) = self.left(counted, elapsed) {
            text += &format!(" · at most {} s more", left.as_secs() + 1);
        } else if let Some(guess) = more.and_then(|more| more.guessed_states) {
            let left = left(guess, unique_states as u64, elapsed);
            text += &format!(" · a guess: {} s more", left.as_secs() + 1);
        }
        text
    }

    /// The time until the bound is hit, if there is one: how large an exploration becomes is not known beforehand.
    fn left(&self, counted: usize, elapsed: Duration) -> Option<Duration> {
        (counted > 0).then_some(())?;
        Some(left(self.states_max? as u64, counted as u64, elapsed))
    }
}

/// The time until so many states, at the rate so far.
fn left(states: u64, so_far: u64, elapsed: Duration) -> Duration {
    elapsed.mul_f64(states.saturating_sub(so_far) as f64 / so_far.max(1) as f64)
}

fn walks(progress: random::Progress) -> String {
    let random::Progress { walks, walks_max, steps, states, elapsed } = progress;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut text = format!(
        "{} of {} walks · {} states · {} steps · {}",
        count(number(walks)),
        count(number(walks_max)),
        count(states),
        count(number(steps)),
        rate(number(steps), elapsed.as_secs_f64())
    );
    if walks > 0 {
        let left = elapsed.mul_f64((walks_max - walks) as f64 / walks as f64);
        text += &format!(" · about {} s more", left.as_secs() + 1);
    }
    text
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
