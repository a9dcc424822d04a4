//! Questions beside the protocol: asked through any query server, again after a while, until they are answered.

use std::collections::BTreeMap;

use spillway_traces::{Node, Role};

use super::frame::Aside;
use super::neighbours::Neighbours;
use super::news::Life;
use crate::live::aside::{Answer, Ask};

/// After how long without an answer a question is asked again.
const AGAIN_US: u64 = 500_000;

#[derive(Debug)]
struct Open {
    ask: Ask,
    asked_us: Option<u64>,
    times: u64,
}

/// The questions of a communication server.
#[derive(Debug)]
pub struct Asides {
    me: Life,
    next: u64,
    open: BTreeMap<u64, Open>,
}

impl Asides {
    /// No question yet.
    pub fn new(me: Life) -> Asides {
        Asides { me, next: 0, open: BTreeMap::new() }
    }

    /// Asks; the number names the question in its answer.
    pub fn ask(&mut self, ask: Ask) -> u64 {
        self.next += 1;
        self.open.insert(self.next, Open { ask, asked_us: None, times: 0 });
        self.next
    }

    /// Says what is to be said by now, if some query server is connected.
    pub fn say(&mut self, neighbours: &mut Neighbours, now_us: u64) {
        let servers: Vec<Node> =
            neighbours.connected().filter(|node| node.role == Role::Query).collect();
        if servers.is_empty() {
            return;
        }
        for (number, open) in &mut self.open {
            if open.asked_us.is_some_and(|at_us| now_us < at_us + AGAIN_US) {
                continue;
            }
            // Another one each time: this one may not reach the global server.
            let server = servers[(number + open.times) as usize % servers.len()];
            let (from, number) = (self.me, *number);
            neighbours.aside(server, Aside::Ask { from, number, ask: open.ask.clone() });
            (open.asked_us, open.times) = (Some(now_us), open.times + 1);
        }
    }

    /// When something is to be said next, unless something happens before.
    pub fn next_due_us(&self) -> Option<u64> {
        self.open.values().map(|open| open.asked_us.map_or(0, |at_us| at_us + AGAIN_US)).min()
    }

    /// An answer has come. What it is an answer to; nothing if that is answered already.
    pub fn answered(&mut self, to: Life, number: u64, answer: Answer) -> Option<(Ask, Answer)> {
        let open = if to == self.me { self.open.remove(&number) } else { None };
        open.map(|open| (open.ask, answer))
    }
}

/// Passes on what is not for this node, if it is a query server. What is for it comes back.
pub fn pass_on(me: Node, neighbours: &mut Neighbours, aside: Aside) -> Option<Aside> {
    if me.role != Role::Query {
        return Some(aside);
    }
    match &aside {
        // Whom it does not reach it is asked by again.
        Aside::Ask { .. } => neighbours.aside(Node::GLOBAL, aside),
        Aside::Answer { to, .. } | Aside::Between { to, .. } => neighbours.aside(to.0, aside),
        Aside::Stirred => {
            let all: Vec<Node> = neighbours.connected().collect();
            let all = all.into_iter().filter(|node| node.role == Role::Communication);
            all.map(|node| neighbours.aside(node, Aside::Stirred)).count() > 0
        }
    };
    None
}
