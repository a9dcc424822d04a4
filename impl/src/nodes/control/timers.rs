//! What time stands for at a control server: on datagram links what is sent again to a query server that may have missed
//! or forgotten it, and with late binding reports that are too old to count.

use std::collections::BTreeSet;

use spillway_traces::{Action, Node};

use super::{Control, send};
use crate::config::{Binding, Links};
use crate::node::{Candidate, Context, Timer};
use crate::wire::Wire;

impl Control {
    /// The query servers that it may send to again.
    fn resend_peers(&self) -> BTreeSet<Node> {
        if self.config.knobs.links != Links::Datagram {
            return BTreeSet::new();
        }
        if self.says_so() {
            return (0..self.config.query_servers).map(Node::query).collect();
        }
        self.ledger.values().filter_map(|entry| entry.assigned).map(Node::query).collect()
    }

    pub(super) fn resend_candidates(&self, candidates: &mut Vec<Candidate>) {
        let from = self.node();
        candidates.extend(self.resend_peers().into_iter().map(|to| Candidate {
            action: Action::Resend { from, to },
            due: false,
            cost: 0,
        }));
    }

    pub(super) fn resend(&mut self, to: Node, context: &mut Context<'_>) {
        if self.says_so() {
            send(context, to, Wire::Lead { epoch: self.epoch });
        }
        self.assign_again(to, context);
    }

    /// A timer has run out: what it stands for is done, if it is still legal.
    pub(super) fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        if timer == Timer::Report {
            self.running.0.ran_out(timer); // the chooser is asked, as after every input
        }
        let Timer::Resend(to) = timer else { return };
        let attempts = self.running.0.ran_out(timer).unwrap_or(1);
        if self.resend_peers().contains(&to) {
            self.perform(Action::Resend { from: self.node(), to }, context);
            let timers = &self.config.timers;
            self.running.0.arm(timer, attempts, timers.resend_us, timers, context);
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
        let knobs = &self.config.knobs;
        if knobs.links != Links::Datagram && knobs.binding == Binding::Early {
            return;
        }
        let mut wanted: BTreeSet<Timer> =
            self.resend_peers().into_iter().map(Timer::Resend).collect();
        if knobs.binding == Binding::Late && self.leads() && self.unassigned().next().is_some() {
            wanted.insert(Timer::Report);
        }
        let timers = &self.config.timers;
        let first_us = |timer| match timer {
            Timer::Report => timers.report_us_max,
            _ => timers.resend_us,
        };
        self.running.0.only(&wanted, first_us, timers, context);
    }
}
