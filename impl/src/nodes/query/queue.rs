//! The queue: what enters it, what is started next, and what is answered.

use std::cmp::Reverse;

use spillway_traces::{Action, Node, Note, RequestId, Sessions};

use super::{Foreign, Query, Task, dropped, refuse, send};
use crate::bug::Bug;
use crate::config::Class;
use crate::node::{Candidate, Context, Output};
use crate::nodes::aside::Aside;
use crate::nodes::askers;
use crate::wire::{Ask, Asked, Body, Wire};

/// The class of a query. A publish is no task and never gets here.
pub(super) fn class(ask: &Ask) -> Class {
    match ask.body {
        Body::Query { class, .. } => class,
        Body::Publish { .. } => Class::Bulk,
    }
}

impl Query {
    /// All tasks of the queue, but not those that it has handed over.
    pub fn load(&self) -> usize {
        self.queue.len()
    }

    /// What it works on.
    pub fn working_on(&self) -> Option<RequestId> {
        self.queue.running().map(Task::request)
    }

    /// Whether a task may be answered from the replica as it is.
    pub fn is_ready(&self, task: &Task) -> bool {
        task.is_ready(self.applied) || self.config.has(Bug::TokenIgnored)
    }

    pub(super) fn place(&self, request: RequestId) -> Option<usize> {
        self.queue.place(request)
    }

    /// Whether one more task fits. What is handed over counts, so that it finds room when it comes back.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() + self.handed.len() < self.config.knobs.queue_max as usize
    }

    /// Whether there is room for a new query of this class.
    pub fn has_room_for(&self, class: Class) -> bool {
        let knobs = &self.config.knobs;
        let ignored = self.config.has(Bug::RoomsIgnored);
        let room = if ignored { knobs.queue_max } else { knobs.room(class) };
        self.queue.len() + self.handed.len() < room as usize
    }

    /// Whether this is a new query that is refused although the queue has room: there is none for its class.
    pub fn refuses_for_its_class(&self, ask: &Ask) -> bool {
        let known = self.place(ask.request).is_some() || self.handed.contains_key(&ask.request);
        !known && self.has_room() && !self.has_room_for(class(ask))
    }

    /// A communication server asks.
    pub(super) fn query(&mut self, from: Node, asked: Asked, context: &mut Context<'_>) {
        let request = asked.ask.request;
        let unmarked = self.config.has(Bug::AgainUnmarked);
        if let Some(place) = self.place(request) {
            let task = &mut self.queue[place];
            let asked_here = askers::with(task.asked_here, from);
            let is_new = asked_here != task.asked_here;
            task.asked_here = asked_here;
            self.known_already(is_new, context);
        } else if let Some(handed) = self.handed.get_mut(&request) {
            handed.again |= !unmarked;
            handed.askers = askers::with(handed.askers, from);
        } else if !self.has_room_for(class(&asked.ask)) {
            refuse(askers::only(from), request, context);
        } else {
            self.queue_last(asked, false, askers::only(from), None, context);
        }
    }

    /// Something is asked for that is under way already: unless that brings an asker, nothing is changed. While clients
    /// have one session for good, no asker is new.
    pub(super) fn known_already(&self, asker_is_new: bool, context: &mut Context<'_>) {
        if !(asker_is_new && self.config.knobs.sessions) {
            dropped(context);
        }
    }

    /// Queues a task last, as one that was never overtaken and has waited for no time.
    pub(super) fn queue_last(
        &mut self,
        asked: Asked,
        refused: bool,
        asked_here: Sessions,
        foreign: Option<Foreign>,
        context: &mut Context<'_>,
    ) {
        let request = asked.ask.request;
        debug_assert!(self.has_room() && self.place(request).is_none());
        let arrived_us = Aside(context.now_us);
        let task =
            Task { asked, running: false, refused, asked_here, foreign, overtaken: 0, arrived_us };
        self.queue.push(task, self.config.knobs.overtaken_max);
        context.out.push(Output::Note(Note::Queued { request }));
    }

    /// Starting the one task that may be started, or serving the one that runs.
    pub(super) fn queue_candidates(&self, candidates: &mut Vec<Candidate>) {
        let server = self.node();
        if let Some(request) = self.working_on() {
            // Not due: that the work is done is an input.
            let action = Action::Serve { server, request };
            candidates.push(Candidate { action, due: false, cost: 0 });
        } else if let Some(request) = self.startable() {
            let action = Action::Start { server, request };
            candidates.push(Candidate { action, due: true, cost: 0 });
        }
    }

    /// The first of the ready tasks of the highest effective class.
    fn startable(&self) -> Option<RequestId> {
        let config = &self.config;
        let bound = config.knobs.overtaken_max;
        let ages = bound > 0 && !config.has(Bug::AgeingIgnored);
        let rank = |task: &Task| match class(&task.asked.ask) {
            _ if ages && task.overtaken >= bound => None,
            class if config.has(Bug::LowestClassStarted) => Some(Class::Bulk as u8 - class as u8),
            class => Some(class as u8),
        };
        let ready = self.queue.iter().filter(|task| self.is_ready(task) && !task.running);
        if !self.queue.has_aged() && config.bug.is_none() {
            // Most often one of the first may be started.
            let urgent = self.queue.most_urgent()?;
            if let Some(task) = ready.clone().find(|task| task.class() == urgent) {
                return Some(task.request());
            }
        }
        // Of several that rank alike the first is taken, which came first.
        let chosen = match config.has(Bug::NewestStarted) {
            true => ready.rev().min_by_key(|task| rank(task)),
            false => ready.min_by_key(|task| rank(task)),
        };
        chosen.map(Task::request)
    }

    pub(super) fn start(&mut self, request: RequestId, context: &mut Context<'_>) {
        debug_assert!(self.working_on().is_none());
        let Some(place) = self.place(request) else { return };
        let (applied, ignored) = (self.applied, self.config.has(Bug::TokenIgnored));
        let is_ready = |task: &Task| task.is_ready(applied) || ignored;
        self.queue.start(place, self.config.knobs.overtaken_max, is_ready);
        context.out.push(Output::Work(self.queue[place].asked.ask.clone()));
    }

    pub(super) fn serve(&mut self, request: RequestId, context: &mut Context<'_>) {
        let Some(place) = self.place(request) else { return };
        let task = self.queue.remove(place, self.config.knobs.overtaken_max);
        debug_assert!(task.running);
        let (info, found) = (self.view(&task.asked.ask), self.found(&task.asked.ask));
        for asker in task.askers().nodes() {
            let (revision, info, found) = (self.applied, info.clone(), found.clone());
            send(context, asker, Wire::Answer { request, revision, info, found });
        }
        if let Some(Foreign { hand_over, .. }) = task.foreign
            && !self.config.has(Bug::DoneUnsaid)
        {
            send(context, self.leader(), Wire::Done { request, hand_over });
        }
    }

    /// A communication server waits no more.
    pub(super) fn cancel(&mut self, from: Node, request: RequestId, context: &mut Context<'_>) {
        if let Some(place) = self.place(request) {
            let task = &mut self.queue[place];
            task.asked_here = askers::without(task.asked_here, from);
            self.drop_unwanted(place);
        } else if let Some(handed) = self.handed.get_mut(&request) {
            handed.askers = askers::without(handed.askers, from);
            if handed.askers.is_empty() {
                let hand_over = handed.hand_over;
                self.handed.remove(&request);
                send(context, self.leader(), Wire::Withdraw { request, hand_over });
            }
        } else {
            dropped(context);
        }
    }

    /// Drops the task at this place if nobody waits for it, here or at its source, unless it runs.
    pub(super) fn drop_unwanted(&mut self, place: usize) {
        let task = &self.queue[place];
        if task.askers().is_empty() && !task.running {
            self.queue.remove(place, self.config.knobs.overtaken_max);
        }
    }

    /// The redundant tasks, the first to be handed over first.
    pub fn redundant(&self) -> Vec<RequestId> {
        let count = self.redundant_max();
        if count == 0 {
            return Vec::new();
        }
        let config = &self.config;
        let mut movable: Vec<(usize, &Task)> = self
            .queue
            .iter()
            .enumerate()
            .filter(|(_, task)| task.foreign.is_none() || config.has(Bug::ForeignOffered))
            .filter(|(_, task)| !task.running || config.has(Bug::RunningOffered))
            .filter(|(_, task)| !task.refused || config.has(Bug::RefusedOffered))
            .collect();
        movable.sort_by_key(|&(place, task)| Reverse((class(&task.asked.ask), place)));
        if config.has(Bug::HighestClassOffered) {
            movable.reverse();
        }
        movable.into_iter().take(count).map(|(_, task)| task.request()).collect()
    }
}
