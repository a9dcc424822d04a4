//! The tasks of the queue, in order of arrival. What is looked for at every step, which one runs and whether any has been
//! overtaken too often, is kept beside them, so that a long queue costs no more than a short one.

use std::ops::{Deref, DerefMut};

use spillway_traces::RequestId;

use super::Task;
use crate::config::Class;
use crate::nodes::aside::Aside;

const CLASSES: usize = 3;

/// Tasks in order of arrival.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tasks {
    tasks: Vec<Task>,
    /// The place of the one that runs.
    running: Aside<Option<usize>>,
    /// How many have been overtaken as often as may be.
    aged: Aside<usize>,
    /// How many of each class do not run, the most urgent first.
    waiting: Aside<[usize; CLASSES]>,
    /// No request of a task is above this.
    highest: Aside<RequestId>,
}

impl Default for Tasks {
    fn default() -> Tasks {
        let highest = Aside(RequestId(0));
        let (running, aged, waiting) = (Aside(None), Aside(0), Aside([0; CLASSES]));
        Tasks { tasks: Vec::new(), running, aged, waiting, highest }
    }
}

impl Tasks {
    /// One more task, the last. Each may be overtaken that often, if at all.
    pub fn push(&mut self, task: Task, bound: u32) {
        self.aged.0 += usize::from(bound > 0 && task.overtaken >= bound);
        match task.running {
            true => self.running.0 = Some(self.tasks.len()),
            false => self.waiting.0[task.class() as usize] += 1,
        }
        self.highest.0 = self.highest.0.max(task.request());
        self.tasks.push(task);
    }

    /// The place of the task of a request. Most often it is a new one.
    pub fn place(&self, request: RequestId) -> Option<usize> {
        let may_be_there = request <= self.highest.0;
        may_be_there.then(|| self.tasks.iter().position(|task| task.request() == request))?
    }

    /// The task that runs.
    pub fn running(&self) -> Option<&Task> {
        self.running.0.map(|place| &self.tasks[place])
    }

    /// Whether any has been overtaken as often as may be.
    pub fn has_aged(&self) -> bool {
        self.aged.0 > 0
    }

    /// The most urgent class of which any does not run.
    pub fn most_urgent(&self) -> Option<Class> {
        let classes = [Class::Interactive, Class::Normal, Class::Bulk];
        classes.into_iter().find(|class| self.waiting.0[*class as usize] > 0)
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
        self.waiting.0[self.tasks[place].class() as usize] -= 1;
    }

    /// Takes the task at a place.
    pub(super) fn remove(&mut self, place: usize, bound: u32) -> Task {
        let task = self.tasks.remove(place);
        self.aged.0 -= usize::from(bound > 0 && task.overtaken >= bound);
        self.waiting.0[task.class() as usize] -= usize::from(!task.running);
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
        debug_assert!(self.tasks.iter().all(|task| task.request() <= self.highest.0));
        let urgent = || self.tasks.iter().filter(|task| !task.running).map(Task::class).min();
        debug_assert_eq!(self.most_urgent(), urgent());
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
