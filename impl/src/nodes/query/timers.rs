//! What time stands for at a query server: sending again on datagram links, a leader that stays away, and a queue that
//! is late.

use std::collections::BTreeSet;

use spillway_traces::{Action, Node, Role};

use super::Query;
use crate::config::{Links, Unit};
use crate::node::{Candidate, Context, Output, Timer};

impl Query {
    fn on_datagrams(&self) -> bool {
        self.config.knobs.links == Links::Datagram
    }

    /// Whether it may send to this peer again what that may have missed.
    fn may_resend(&self, peer: Node) -> bool {
        match peer.role {
            _ if !self.on_datagrams() => false,
            // It cannot see where G's cursor stands, so it says now and then how far it is.
            Role::Global => true,
            Role::Control if peer == self.leader() => !self.handed.is_empty(),
            Role::Control => self.epoch > 0 && Some(peer) == self.other_control(),
            Role::Client | Role::Communication | Role::Query => false,
        }
    }

    /// The peers that it may send to again.
    fn resend_peers(&self) -> impl Iterator<Item = Node> {
        let peers = match self.on_datagrams() {
            true => [Some(Node::GLOBAL), Some(self.leader()), self.other_control()],
            false => [None; 3],
        };
        peers.into_iter().flatten().filter(|&peer| self.may_resend(peer))
    }

    pub(super) fn resend_candidates(&self, candidates: &mut Vec<Candidate>) {
        let from = self.node();
        candidates.extend(self.resend_peers().map(|to| Candidate {
            action: Action::Resend { from, to },
            due: false,
            cost: 0,
        }));
    }

    pub(super) fn resend(&mut self, to: Node, context: &mut Context<'_>) {
        match to.role {
            Role::Global => self.global_made(context),
            _ if to == self.leader() => self.offer_again(context),
            _ => self.tell_leader(to, context),
        }
    }

    /// How long the task has waited that has waited the longest; a running one waits no more.
    fn longest_wait_us(&self, now_us: u64) -> Option<u64> {
        self.oldest_arrival_us().map(|arrived_us| now_us.saturating_sub(arrived_us))
    }

    fn oldest_arrival_us(&self) -> Option<u64> {
        // The clock may jump, so that the first of the queue need not have the least reading.
        self.queue.iter().filter(|task| !task.running).map(|task| task.arrived_us.0).min()
    }

    pub(super) fn delay_candidates(&self, now_us: u64, candidates: &mut Vec<Candidate>) {
        if self.config.knobs.unit != Unit::Delay || (!self.late && self.queue.is_empty()) {
            return;
        }
        let server = self.node();
        let longest_us = self.longest_wait_us(now_us);
        let slow = longest_us.is_some_and(|us| us >= self.config.timers.delay_us_max);
        candidates.push(match self.late {
            true => Candidate { action: Action::Calm { server }, due: !slow, cost: 0 },
            false => Candidate { action: Action::Slow { server }, due: slow, cost: 0 },
        });
    }

    /// A timer has run out: what it stands for is done, if it is still legal.
    pub(super) fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        let server = self.node();
        match timer {
            Timer::Resend(to) => {
                let attempts = self.running.0.ran_out(timer).unwrap_or(1);
                if self.may_resend(to) {
                    self.perform(Action::Resend { from: server, to }, context);
                    let timers = &self.config.timers;
                    self.running.0.arm(timer, attempts, timers.resend_us, timers, context);
                }
            }
            Timer::PullBack(request) => {
                self.running.0.ran_out(timer);
                if self.handed.contains_key(&request) && self.is_out_of_order(self.leader()) {
                    self.perform(Action::PullBack { server, request }, context);
                }
            }
            Timer::Delay => {
                self.delay_due_us.0 = None;
                let mut candidates = Vec::new();
                self.delay_candidates(context.now_us, &mut candidates);
                for candidate in candidates.into_iter().filter(|candidate| candidate.due) {
                    self.perform(candidate.action, context);
                }
            }
            Timer::Retry(_) | Timer::Reroute(_) | Timer::StoreAgain | Timer::Report => {}
        }
    }

    /// A sign of life: what is sent to this peer again begins with the shortest wait.
    pub(super) fn heard_from(&mut self, peer: Node) {
        if !self.running.0.is_empty() {
            self.running.0.calm_down(Timer::Resend(peer));
        }
    }

    /// Makes the timers run that the state asks for, and no others.
    pub(super) fn arm_timers(&mut self, context: &mut Context<'_>) {
        self.arm_delay(context);
        let pulls_back = self.config.timers.pull_back_us > 0 && self.is_out_of_order(self.leader());
        if self.running.0.is_empty() && !pulls_back && !self.on_datagrams() {
            return;
        }
        let mut wanted: BTreeSet<Timer> = self.resend_peers().map(Timer::Resend).collect();
        if pulls_back {
            wanted.extend(self.handed.keys().map(|&request| Timer::PullBack(request)));
        }
        let timers = &self.config.timers;
        let first_us = |timer| match timer {
            Timer::PullBack(_) => timers.pull_back_us,
            _ => timers.resend_us,
        };
        self.running.0.only(&wanted, first_us, timers, context);
    }

    /// The timer of the delay runs out when the oldest waiting task makes the server late. To be late no more takes a
    /// task that leaves, and no timer.
    fn arm_delay(&mut self, context: &mut Context<'_>) {
        if self.config.knobs.unit != Unit::Delay {
            return;
        }
        let max_us = self.config.timers.delay_us_max;
        let due_us = match self.late {
            true => None,
            false => self.oldest_arrival_us().map(|arrived_us| arrived_us.saturating_add(max_us)),
        };
        if due_us == self.delay_due_us.0 {
            return;
        }
        context.out.push(match due_us {
            Some(due_us) => {
                Output::Arm { timer: Timer::Delay, after_us: due_us.saturating_sub(context.now_us) }
            }
            None => Output::Disarm(Timer::Delay),
        });
        self.delay_due_us.0 = due_us;
    }
}
