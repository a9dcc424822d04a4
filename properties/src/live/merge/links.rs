//! What nobody saw of nodes and their links: when a node stops, begins anew, and is connected, from what the others noticed.

use spillway_traces::live::{Change, Link};
use spillway_traces::{Action, Message, Node, Role, Sent, Spillway};

use super::Merger;
use crate::live::heads::Reading;

impl Merger {
    /// What happened to a node and its links, if that can be next.
    pub(super) fn link_changes(&mut self, node: Node) -> bool {
        let lives = &self.lives[&node];
        if !lives.is_up {
            return self.restart(node);
        }
        let (incarnation, is_last) = (lives.now.origin.incarnation, lives.later.is_empty());
        if lives.now.is_over() && (!is_last || self.is_missed(node, incarnation)) {
            return self.stop(node, incarnation);
        }
        let next = |link: &&Link| lives.now.is_at(link.peer, link.incarnation, link.change);
        let changes: Vec<Link> = lives.now.changes().filter(next).cloned().collect();
        changes.iter().any(|link| self.take_link(node, link))
    }

    /// Whether a peer that is up will notice that this one is gone.
    pub(super) fn is_missed(&self, node: Node, incarnation: u32) -> bool {
        self.peers(node).iter().any(|peer| {
            let lives = &self.lives[peer];
            lives.is_up && lives.now.will_be_at(node, incarnation, Change::Gone)
        })
    }

    /// The peers that will notice something of a node, if all of them are at that.
    pub(super) fn all_at(&self, node: Node, incarnation: u32, change: Change) -> Option<Vec<Node>> {
        let heeds = |peer: &Node| change != Change::Born || peer.role == Role::Control;
        let up = self.peers(node).into_iter().filter(|peer| self.lives[peer].is_up && heeds(peer));
        let will = up.filter(|p| self.lives[p].now.will_be_at(node, incarnation, change));
        let will: Vec<Node> = will.collect();
        let all = will.iter().all(|peer| self.lives[peer].now.is_at(node, incarnation, change));
        // A control server that has not begun yet, and finds it gone at first, is to begin before it is born; and if it
        // does not live to hear of that, to end.
        let finds_gone = |life: &Reading| {
            life.will_be_at(node, incarnation, change) || life.knows_gone(node, incarnation)
        };
        let is_early = change == Change::Born
            && self.peers(node).iter().any(|peer| {
                let lives = &self.lives[peer];
                let finds_now = lives.is_up && lives.now.knows_gone(node, incarnation);
                peer.role == Role::Control && (finds_now || lives.later.iter().any(finds_gone))
            });
        (all && !is_early).then_some(will)
    }

    /// A node has said its last: it is gone, once all its peers are where they notice it.
    pub(super) fn stop(&mut self, node: Node, incarnation: u32) -> bool {
        let Some(noticing) = self.all_at(node, incarnation, Change::Gone) else { return false };
        if !self.is_done_with(node, incarnation, &noticing) {
            return false;
        }
        if node == Node::GLOBAL {
            self.keep_what_was_synced();
            self.stored = self.durable; // the rest is lost, and its revisions are given again
        }
        if node.role == Role::Communication {
            self.give_up_sessions(node);
        }
        self.cut_off(node);
        let lost = self.lose_clients(node);
        let sent = self.take_links(&noticing, (node, incarnation), Change::Gone);
        self.assume(Action::Stop { node }, sent, lost);
        let control = noticing.into_iter().filter(|peer| peer.role == Role::Control);
        self.missed.extend(control.map(|peer| (peer, node)));
        self.lives.get_mut(&node).expect("it is there").is_up = false;
        true
    }

    /// Whether those who do not live to notice that a node is gone have nothing left to hear from it.
    pub(super) fn is_done_with(&self, node: Node, incarnation: u32, noticing: &[Node]) -> bool {
        self.peers(node).iter().filter(|peer| !noticing.contains(peer)).all(|peer| {
            let lives = &self.lives[peer];
            let is_apart = self.cut.contains(&(node.min(*peer), node.max(*peer)));
            // It may come to be connected in a life that has not begun yet.
            let mut all = lives.later.iter().chain([&lives.now]);
            let will_connect = all.any(|life| life.will_be_at(node, incarnation, Change::Made));
            // To a control server that begins after that it is down from the first.
            let will_notice = peer.role == Role::Control
                && lives.later.iter().any(|life| life.notices_late(node, incarnation));
            !will_connect && !will_notice && (!lives.is_up || is_apart || lives.now.is_over())
        })
    }

    /// What the disk had when the global server began again, it had before, whether or not it lived to say so.
    pub(super) fn keep_what_was_synced(&mut self) {
        let Some(next) = self.lives[&Node::GLOBAL].later.front().map(|next| next.origin) else {
            return;
        };
        if next.durable > self.durable {
            self.assume(Action::Flush {}, Vec::new(), Vec::new());
            self.durable = self.stored;
        }
        if next.base > self.base {
            self.assume(Action::Compact {}, Vec::new(), Vec::new());
            self.base = self.durable;
        }
    }

    /// The clients of a communication server go with its process.
    pub(super) fn give_up_sessions(&mut self, server: Node) {
        let sessions = &self.sessions;
        let is_of = |client: &Node| sessions.get(client).is_some_and(|(of, _)| *of == server);
        let of = self.waiting.iter().filter(|(client, _)| is_of(client));
        let clients = sessions.keys().filter(|client| is_of(client)).copied();
        self.renewing.extend(clients);
        for (client, request) in of.copied().collect::<Vec<_>>() {
            self.waiting.remove(&(client, request));
            let message = Message::Cancel { request };
            let sent = vec![Sent { from: client, to: server, message }];
            self.assume(Action::Cancel { client, request }, sent, Vec::new());
        }
    }

    /// Cuts all links of a node, both ways.
    pub(super) fn cut_off(&mut self, node: Node) {
        for peer in self.peers(node) {
            if !self.cut.insert((node.min(peer), node.max(peer))) {
                continue;
            }
            for (from, to) in [(node, peer), (peer, node)] {
                let lost = self.empty(from, to);
                self.assume(Action::Cut { from, to }, Vec::new(), lost);
            }
        }
    }

    pub(super) fn empty(&mut self, from: Node, to: Node) -> Vec<Sent<Spillway>> {
        let flight = self.flights.remove(&(from, to)).unwrap_or_default();
        flight.into_iter().map(|message| Sent { from, to, message }).collect()
    }

    /// What is on its way between a communication server and its clients goes with it.
    pub(super) fn lose_clients(&mut self, server: Node) -> Vec<Sent<Spillway>> {
        let of = self.sessions.iter().filter(|(_, (of, _))| *of == server);
        let clients: Vec<Node> = of.map(|(client, _)| *client).collect();
        let mut lost = Vec::new();
        for client in clients {
            lost.append(&mut self.empty(client, server));
            lost.append(&mut self.empty(server, client));
        }
        lost
    }

    /// Takes this change of a link where each of these is at it. What they sent at it.
    pub(super) fn take_links(
        &mut self,
        nodes: &[Node],
        (peer, incarnation): (Node, u32),
        change: Change,
    ) -> Vec<Sent<Spillway>> {
        let mut sent = Vec::new();
        for node in nodes {
            let lives = self.lives.get_mut(node).expect("it is there");
            if let Some(link) = lives.now.take_change(peer, incarnation, change) {
                self.time = self.time.max(link.time);
                sent.extend(link.observed.sent);
            }
        }
        sent
    }

    /// A node that stopped begins anew, once all its peers are where they notice it.
    pub(super) fn restart(&mut self, node: Node) -> bool {
        let Some(next) = self.lives[&node].later.front() else { return false };
        let incarnation = next.origin.incarnation;
        let Some(noticing) = self.all_at(node, incarnation, Change::Born) else { return false };
        // Who has noticed that it was gone, and does not live to notice more, is to have said its last.
        // Or this life of it was over before anybody noticed, and it is at the next one.
        let missing = self.missed.iter().filter(|(_, of)| *of == node).map(|(peer, _)| *peer);
        let others: Vec<Node> = missing.filter(|peer| !noticing.contains(peer)).collect();
        let waits = |peer: &Node| self.lives[peer].now.is_at_birth(node, incarnation);
        if !others.iter().all(|peer| waits(peer) || self.lives[peer].now.is_over()) {
            return false;
        }
        self.missed.retain(|(peer, of)| *peer != node && (*of != node || others.contains(peer)));
        let sent = self.take_links(&noticing, (node, incarnation), Change::Born);
        self.assume(Action::Restart { node }, sent, Vec::new());
        let lives = self.lives.get_mut(&node).expect("it is there");
        lives.now = lives.later.pop_front().expect("there is a next one");
        lives.is_up = true;
        true
    }

    /// A change of a link that a node is at, if that can be next.
    pub(super) fn take_link(&mut self, node: Node, link: &Link) -> bool {
        let (peer, incarnation) = (link.peer, link.incarnation);
        let Some(other) = self.lives.get(&peer) else { return false };
        match link.change {
            // It happened before this node began, which found it so. Or it is nothing to this node that the other one is
            // back, until they are connected: that is so for all but control servers, which may assign to it then.
            Change::Gone | Change::Born
                if self.is_past(peer, incarnation, link.change)
                    || (link.change == Change::Born && node.role != Role::Control) =>
            {
                let sent = self.take_links(&[node], (peer, incarnation), link.change);
                debug_assert!(sent.is_empty(), "who has just begun has nothing to send");
                let is_control = node.role == Role::Control;
                if link.change == Change::Gone && is_control && !self.lives[&peer].is_up {
                    self.missed.insert((node, peer));
                }
                true
            }
            Change::Gone | Change::Born => false, // when all are there
            Change::Made if other.now.origin.incarnation != incarnation || !other.is_up => false,
            Change::Made => {
                let own = self.lives[&node].now.origin.incarnation;
                let meets = other.now.is_at(node, own, Change::Made);
                // The other end may have died before it knew.
                if !meets && !other.is_silent(incarnation) {
                    return false;
                }
                self.heal((node, own), (peer, incarnation));
                true
            }
        }
    }

    /// Whether a node has gone, or begun anew, already.
    pub(super) fn is_past(&self, node: Node, incarnation: u32, change: Change) -> bool {
        let lives = &self.lives[&node];
        let now = lives.now.origin.incarnation;
        match change {
            Change::Gone => now > incarnation || (now == incarnation && !lives.is_up),
            Change::Born | Change::Made => now >= incarnation,
        }
    }

    pub(super) fn heal(&mut self, one: (Node, u32), other: (Node, u32)) {
        let (low, high) = (one.min(other), one.max(other));
        self.cut.remove(&(low.0, high.0));
        // The upper end does first what it does on a new connection.
        let mut sent = self.take_links(&[high.0], low, Change::Made);
        sent.append(&mut self.take_links(&[low.0], high, Change::Made));
        self.assume(Action::Heal { from: low.0, to: high.0 }, Vec::new(), Vec::new());
        self.assume(Action::Heal { from: high.0, to: low.0 }, sent, Vec::new());
    }
}
