//! What a process knows of who is alive, and of which links are made.
//!
//! A server that another one has lost is *gone*, for everybody and for good: it comes back as its next incarnation, and one
//! that lives and learns that it is taken for gone begins anew. So a connection that breaks is a crash to the protocol, and
//! nobody has to find out whether it was one.
//!
//! Facts are passed on ahead of everything else that is said from then on. Hence whoever hears something that was said
//! because of a fact has heard the fact, and there is an order of all that happens in which all nodes notice it at once:
//! that is how the model has it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use spillway_traces::Node;
use spillway_traces::live::Change;

/// A node in one of its incarnations.
pub type Life = (Node, u32);

/// Something that is so for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fact {
    /// A node has begun.
    Born(Life),
    /// A node is gone.
    Gone(Life),
    /// The connection that the first has begun with the second is made.
    Linked(Life, Life),
}

/// What is known of a node: the incarnation, and then whether that is gone.
type Standing = (u32, bool);

/// What follows from a fact for a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Something has changed about a node.
    Noticed(Life, Change),
    /// A connection that this process has begun is made: the other end has said so, here or to others.
    Made(Life),
    /// This process is taken for gone.
    Outcast,
}

/// What a process knows.
#[derive(Clone, Debug)]
pub struct News {
    me: Life,
    standings: BTreeMap<Node, Standing>,
    linked: BTreeSet<(Life, Life)>,
}

impl News {
    /// What a process knows that begins: itself.
    pub fn new(me: Life) -> News {
        News { me, standings: BTreeMap::from([(me.0, (me.1, false))]), linked: BTreeSet::new() }
    }

    /// Everything, for somebody who knows nothing.
    pub fn all(&self) -> Vec<Fact> {
        let standings = self.standings.iter().map(|(node, (incarnation, is_gone))| {
            let life = (*node, *incarnation);
            if *is_gone { Fact::Gone(life) } else { Fact::Born(life) }
        });
        let linked = self.linked.iter().map(|(from, to)| Fact::Linked(*from, *to));
        standings.chain(linked).collect()
    }

    /// Whether this incarnation of a node may be alive, as far as is known.
    pub fn may_live(&self, (node, incarnation): Life) -> bool {
        self.standings.get(&node).is_none_or(|standing| *standing <= (incarnation, false))
    }

    /// Whether anything is known of a node.
    pub fn knows(&self, node: Node) -> bool {
        self.standings.contains_key(&node)
    }

    /// Learns a fact. Whether it is new, so that it is to be passed on; what follows is appended.
    pub fn learn(&mut self, fact: Fact, follows: &mut Vec<Follows>) -> bool {
        match fact {
            Fact::Born(life) => self.stands(life, false, follows),
            Fact::Gone(life) => self.stands(life, true, follows),
            Fact::Linked(from, to) => self.link(from, to, follows),
        }
    }

    fn stands(
        &mut self,
        (node, incarnation): Life,
        is_gone: bool,
        follows: &mut Vec<Follows>,
    ) -> bool {
        let new = (incarnation, is_gone);
        let old = self.standings.get(&node).copied();
        if old.is_some_and(|old| new <= old) {
            return false;
        }
        self.standings.insert(node, new);
        if node == self.me.0 {
            follows.push(Follows::Outcast);
            return true;
        }
        // What was in between is told too: who is born again was gone before.
        if let Some((before, was_gone)) = old {
            if incarnation > before && !was_gone {
                follows.push(Follows::Noticed((node, before), Change::Gone));
            }
            if incarnation > before {
                follows.push(Follows::Noticed((node, incarnation), Change::Born));
            }
        }
        if is_gone {
            follows.push(Follows::Noticed((node, incarnation), Change::Gone));
        }
        let standings = &self.standings;
        let lives = |(node, incarnation): &Life| {
            standings.get(node).is_none_or(|standing| *standing <= (*incarnation, false))
        };
        self.linked.retain(|(from, to)| lives(from) && lives(to));
        true
    }

    fn link(&mut self, from: Life, to: Life, follows: &mut Vec<Follows>) -> bool {
        if !self.may_live(from) || !self.may_live(to) || !self.linked.insert((from, to)) {
            return false;
        }
        if from == self.me {
            follows.push(Follows::Made(to));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Life = (Node::CONTROL, 0);
    const C: Node = Node::query(0);

    fn learn(news: &mut News, fact: Fact) -> (bool, Vec<Follows>) {
        let mut follows = Vec::new();
        let is_new = news.learn(fact, &mut follows);
        (is_new, follows)
    }

    #[test]
    fn each_thing_is_learnt_once_and_in_order() {
        let mut news = News::new(ME);
        assert_eq!(learn(&mut news, Fact::Born((C, 2))), (true, vec![]), "nothing was known");
        assert_eq!(learn(&mut news, Fact::Born((C, 2))), (false, vec![]));
        assert_eq!(learn(&mut news, Fact::Gone((C, 1))), (false, vec![]), "that is long since");
        let gone = |i| Follows::Noticed((C, i), Change::Gone);
        let born = |i| Follows::Noticed((C, i), Change::Born);
        assert_eq!(learn(&mut news, Fact::Gone((C, 4))), (true, vec![gone(2), born(4), gone(4)]));
        assert_eq!(learn(&mut news, Fact::Born((C, 5))), (true, vec![born(5)]));
        assert!(news.may_live((C, 5)) && news.may_live((C, 6)) && !news.may_live((C, 4)));
    }

    #[test]
    fn who_is_taken_for_gone_learns_it() {
        let mut news = News::new(ME);
        assert_eq!(learn(&mut news, Fact::Gone(ME)), (true, vec![Follows::Outcast]));
    }

    #[test]
    fn a_link_is_made_once_and_only_between_those_who_may_live() {
        let mut news = News::new(ME);
        let (from, to) = (ME, (C, 0));
        assert_eq!(learn(&mut news, Fact::Linked(from, to)), (true, vec![Follows::Made(to)]));
        assert_eq!(learn(&mut news, Fact::Linked(from, to)), (false, vec![]));
        learn(&mut news, Fact::Gone(to));
        assert!(news.all().iter().all(|fact| !matches!(fact, Fact::Linked(..))));
        assert_eq!(learn(&mut news, Fact::Linked(from, to)), (false, vec![]));
    }
}
