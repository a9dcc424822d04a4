//! What the environment does to nodes and links: "Connections lost and made" and "Datagram links" in PROTOCOL.md.

use spillway_traces::{Action, Node, Role};

use super::World;
use super::driver::Driver;
use crate::config::Links as Network;
use crate::node::Input;
use crate::nodes::communication::Communication;
use crate::nodes::control::Control;
use crate::nodes::global::Global;
use crate::nodes::query::Query;

impl World {
    /// Whether the links are datagrams.
    pub fn is_datagram(&self) -> bool {
        self.config.knobs.links == Network::Datagram
    }

    /// A node crashes and restarts, and its links are reset in the order of its peers.
    ///
    /// # Panics
    /// It is a client, or the global server's file is damaged where no crash damages it.
    pub fn crash(&mut self, node: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.crash_now(node, driver));
    }

    fn crash_now(&mut self, node: Node, driver: &mut impl Driver) {
        driver.step(Action::Crash { node });
        self.lose_memory(node, driver);
        if self.is_datagram() {
            return; // no connection breaks, so that nobody notices
        }
        self.tell_outages(node, driver);
        for peer in self.links.peers(node) {
            match self.links.is_whole(node, peer) {
                true => self.reconnect(node, peer, driver),
                false => self.lose(node, peer, driver),
            }
        }
    }

    /// A node crashes and stays down.
    pub fn stop(&mut self, node: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.stop_now(node, driver));
    }

    fn stop_now(&mut self, node: Node, driver: &mut impl Driver) {
        driver.step(Action::Stop { node });
        self.lose_memory(node, driver);
        self.links.set_down(node, true);
        for peer in self.links.peers(node) {
            self.lose(node, peer, driver);
        }
    }

    /// A node that was down restarts, and each of its links that is whole is made.
    pub fn restart(&mut self, node: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.restart_now(node, driver));
    }

    fn restart_now(&mut self, node: Node, driver: &mut impl Driver) {
        driver.step(Action::Restart { node });
        self.links.set_down(node, false);
        if node.role == Role::Control {
            self.begin(node); // the lease may have passed on in the meantime
        }
        driver.begun(node);
        self.tell_outages(node, driver);
        for peer in self.links.peers(node) {
            if self.links.is_whole(node, peer) {
                let (low, high) = (node.min(peer), node.max(peer));
                self.give(high, Input::Made { peer: low }, driver);
                self.give(low, Input::Made { peer: high }, driver);
            } else if !self.links.is_down(peer) {
                // It is back, and out of reach.
                self.give(peer, Input::Reachable { peer: node, reachable: false }, driver);
            }
        }
    }

    /// A link is reset: both ends lose the connection and make it anew.
    pub fn reset(&mut self, a: Node, b: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.reset_now(a, b, driver));
    }

    fn reset_now(&mut self, a: Node, b: Node, driver: &mut impl Driver) {
        driver.step(Action::Reset { a, b });
        self.reconnect(a, b, driver);
    }

    /// A direction is cut. What is on its way there is lost; that nothing gets through any more is only a matter of time.
    pub fn cut(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.cut_now(from, to, driver));
    }

    fn cut_now(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.step(Action::Cut { from, to });
        self.empty(from, to, driver);
        let known = self.links.is_cut(to, from);
        self.links.set_cut(from, to, true);
        if !known {
            self.tell_reachable(from, to, false, driver);
        }
    }

    /// A direction that was cut is whole again. Once the link is, it is reset.
    pub fn heal(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| world.heal_now(from, to, driver));
    }

    fn heal_now(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.step(Action::Heal { from, to });
        self.links.set_cut(from, to, false);
        if self.links.is_cut(to, from) {
            return;
        }
        self.tell_reachable(from, to, true, driver);
        if self.links.stands(from, to) && self.links.is_whole(from, to) {
            self.reconnect(from, to, driver);
        }
    }

    /// The oldest message of a direction is lost, and nobody notices.
    ///
    /// # Panics
    /// Nothing is on its way there; so do the next two.
    pub fn drop_oldest(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.step(Action::Drop { from, to });
        let message = self.links.queue(from, to).pop_front().expect("a message is on its way");
        driver.lost(from, to, &message);
    }

    /// The oldest message of a direction is doubled: the copy goes behind all others. Nobody sent it.
    pub fn double_oldest(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.step(Action::Duplicate { from, to });
        let flight = self.links.queue(from, to);
        let copy = flight.front().expect("a message is on its way").clone();
        flight.push_back(copy);
    }

    /// The oldest message of a direction is overtaken by all others.
    pub fn overtake_oldest(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.step(Action::Reorder { from, to });
        let flight = self.links.queue(from, to);
        let late = flight.pop_front().expect("a message is on its way");
        flight.push_back(late);
    }

    /// The node loses what is volatile.
    fn lose_memory(&mut self, node: Node, driver: &mut impl Driver) {
        if node.role == Role::Query {
            self.query[usize::from(node.index)].incarnation += 1;
        }
        if node.role == Role::Global {
            self.storing = None;
        }
        self.begin(node);
        driver.begun(node);
    }

    /// The node begins anew with what is durable: the incarnation, the disk, the epoch of the lease.
    fn begin(&mut self, node: Node) {
        let (config, index, at) = (self.config.clone(), node.index, usize::from(node.index));
        match node.role {
            Role::Client => unreachable!("clients do not crash here"),
            Role::Communication => self.communication[at] = Communication::new(config, index),
            Role::Query => {
                self.query[at] = Query::new(config, index, self.query[at].incarnation);
            }
            Role::Global => {
                self.global = Global::restart(config, &self.file).expect("the file is whole");
            }
            Role::Control => self.control[at] = Control::new(config, index, self.epoch),
        }
    }

    /// A node that begins anew finds out which of its peers it cannot reach.
    fn tell_outages(&mut self, node: Node, driver: &mut impl Driver) {
        for peer in self.links.peers(node) {
            if self.links.is_down(peer) {
                self.give(node, Input::Lost { peer }, driver);
            }
            let cut = self.links.is_cut(node, peer) || self.links.is_cut(peer, node);
            if cut && !self.links.is_down(peer) {
                self.give(node, Input::Reachable { peer, reachable: false }, driver);
            }
        }
    }

    /// Both ends find out; one that is down says nothing of itself, and finds out when it restarts.
    fn tell_reachable(&mut self, a: Node, b: Node, reachable: bool, driver: &mut impl Driver) {
        if self.links.is_down(a) || self.links.is_down(b) {
            return;
        }
        for (node, peer) in [(a.max(b), a.min(b)), (a.min(b), a.max(b))] {
            self.give(node, Input::Reachable { peer, reachable }, driver);
        }
    }

    /// Loses what is on its way between the two, then lets each end do what it does on a new connection: G and K before
    /// C, C before B, B before A.
    fn reconnect(&mut self, a: Node, b: Node, driver: &mut impl Driver) {
        let (low, high) = (a.min(b), a.max(b));
        self.empty_both(low, high, driver);
        for (node, peer) in [(high, low), (low, high)] {
            self.give(node, Input::Lost { peer }, driver);
            self.give(node, Input::Made { peer }, driver);
        }
    }

    /// Loses what is on its way between the two; the peer notices that the node has gone, or has begun anew out of reach.
    fn lose(&mut self, node: Node, peer: Node, driver: &mut impl Driver) {
        self.empty_both(node.min(peer), node.max(peer), driver);
        if self.links.is_down(peer) {
            return;
        }
        self.give(peer, Input::Lost { peer: node }, driver);
        match self.links.is_down(node) {
            true => self.give(peer, Input::Turn, driver), // it is no reset: the loss lasts
            false => self.give(peer, Input::Reachable { peer: node, reachable: false }, driver),
        }
    }

    /// Empties both directions of a link, the one upwards first.
    pub(super) fn empty_both(&mut self, low: Node, high: Node, driver: &mut impl Driver) {
        self.empty(low, high, driver);
        self.empty(high, low, driver);
    }

    fn empty(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        driver.emptied(from, to);
        for message in self.links.queue(from, to).drain(..) {
            driver.lost(from, to, &message);
        }
    }
}
