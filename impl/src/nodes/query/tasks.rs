//! The tasks of the queue, in order of arrival. What is looked for at every step, which one runs and whether any has been
//! overtaken too often, is kept beside them, so that a long queue costs no more than a short one.

use std::ops::{Deref, DerefMut};

use super::Task;
use crate::nodes::aside::Aside;

/// Tasks in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tasks {
    tasks: Vec<Task>,
    /// The place of the one that runs.
    running: Aside<Option<usize>>,
    /// How many have been overtaken as often as may be.
    aged: Aside<usize>,
}

impl Tasks {
    /// One more task, the last. Each may be overtaken that often, if at all.
    pub fn push(&mut self, task: Task, bound: u32) {
        self.aged.0 += usize::from(bound > 0 && task.overtaken >= bound);
        if task.running {
            self.running.0 = Some(self.tasks.len());
        }
        self.tasks.push(task);
    }

    /// The task that runs.
    pub fn running(&self) -> Option<&Task> {
        self.running.0.map(|place| &self.tasks[place])
    }

    /// Whether any has been overtaken as often as may be.
    pub fn has_aged(&self) -> bool {
        self.aged.0 > 0
    }

    /// The task at a place runs from now on. Those before it that are ready are overtaken, as often as they may be if they may
    /// be so at all.
    pub(super) fn start(&mut self, place: usize, bound: u32, is_ready: impl Fn(&Task) -> bool) {
        let before = if bound > 0 { &mut self.tasks[..place] } else { &mut [] };
        for task in before.iter_mut().filter(|task| is_ready(task)) {
            task.overtaken += 1;
            self.aged.0 += usize::from(task.overtaken == bound);
        }
        self.tasks[place].running = true;
        self.running.0 = Some(place);
    }

    /// Takes the task at a place.
    pub(super) fn remove(&mut self, place: usize, bound: u32) -> Task {
        let task = self.tasks.remove(place);
        self.aged.0 -= usize::from(bound > 0 && task.overtaken >= bound);
        self.running.0 = match self.running.0 {
            Some(running) if running == place => None,
            Some(running) => Some(running - usize::from(running > place)),
            None => None,
        };
        task
    }

    /// That what is kept beside the tasks is so.
    pub(super) fn check(&self, bound: u32) {
        debug_assert!(self.tasks.iter().filter(|task| task.running).count() <= 1);
        debug_assert_eq!(self.running.0, self.tasks.iter().position(|task| task.running));
        let aged = || self.tasks.iter().filter(|task| bound > 0 && task.overtaken >= bound).count();
        debug_assert_eq!(self.aged.0, aged());
    }
}

impl Deref for Tasks {
    type Target = [Task];

    fn deref(&self) -> &[Task] {
        &self.tasks
    }
}

impl DerefMut for Tasks {
    fn deref_mut(&mut self) -> &mut [Task] {
        &mut self.tasks
    }
}
