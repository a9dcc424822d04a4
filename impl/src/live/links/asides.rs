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

#[cfg(test)]
mod tests {
    use super::super::Deed;
    use super::super::frame::Frame;
    use super::*;

    const ME: Life = (Node::communication(0), 2);
    const SERVERS: [Node; 2] = [Node::query(0), Node::query(1)];

    /// A communication server that is connected with two query servers, by lines of their numbers.
    fn connected() -> Neighbours {
        let mut neighbours = Neighbours::new(ME, 0, SERVERS.to_vec());
        for server in SERVERS {
            let line = server.index.into();
            neighbours.dialed(line, server);
            neighbours.heard(line, Frame::Welcome { from: (server, 0), facts: Vec::new() });
        }
        neighbours.take_deeds();
        neighbours
    }

    /// Which questions were asked, by which lines.
    fn asked(asides: &mut Asides, neighbours: &mut Neighbours, now_us: u64) -> Vec<(u64, u64)> {
        asides.say(neighbours, now_us);
        let asked = neighbours.take_deeds().into_iter().filter_map(|deed| match deed {
            Deed::Say(line, Frame::Aside(Aside::Ask { from: ME, number, .. })) => {
                Some((number, line))
            }
            _ => None,
        });
        asked.collect()
    }

    #[test]
    fn a_question_is_asked_by_another_way_until_it_is_answered() {
        let (mut asides, mut neighbours) = (Asides::new(ME), connected());
        let number = asides.ask(Ask::Seat(5));
        assert_eq!(asides.next_due_us(), Some(0));
        let first = asked(&mut asides, &mut neighbours, 10);
        assert_eq!(asides.next_due_us(), Some(10 + AGAIN_US));
        assert_eq!(asked(&mut asides, &mut neighbours, 9 + AGAIN_US), [], "it waits");
        let second = asked(&mut asides, &mut neighbours, 10 + AGAIN_US);
        assert_eq!((first.len(), second.len()), (1, 1));
        assert!(first[0].0 == number && second[0].0 == number && first[0].1 != second[0].1);
        let answer = Answer::Roster(Ok(()));
        let of_another_life = (ME.0, ME.1 + 1);
        assert_eq!(asides.answered(of_another_life, number, answer.clone()), None);
        assert_eq!(asides.answered(ME, number + 1, answer.clone()), None);
        let answered = asides.answered(ME, number, answer.clone());
        assert_eq!(answered, Some((Ask::Seat(5), answer.clone())));
        assert_eq!(asides.answered(ME, number, answer), None, "once");
        assert_eq!(asked(&mut asides, &mut neighbours, u64::MAX / 2), []);
    }

    #[test]
    fn what_nobody_can_be_asked_is_asked_when_somebody_can() {
        let mut asides = Asides::new(ME);
        asides.ask(Ask::Seat(5));
        let mut nobody = Neighbours::new(ME, 0, SERVERS.to_vec());
        assert_eq!(asked(&mut asides, &mut nobody, 10), []);
        assert_eq!(asked(&mut asides, &mut connected(), 11).len(), 1);
    }

    #[test]
    fn query_servers_pass_on_what_is_not_for_them() {
        let mut neighbours = connected();
        let answer =
            || Aside::Answer { to: (SERVERS[1], 0), number: 1, answer: Answer::Roster(Ok(())) };
        assert_eq!(pass_on(ME.0, &mut neighbours, answer()), Some(answer()), "that is for me");
        assert_eq!(pass_on(Node::query(7), &mut neighbours, answer()), None);
        assert_eq!(neighbours.take_deeds(), [Deed::Say(1, Frame::Aside(answer()))]);
    }
}
