//! The connections of a process to others, and what is said on them in which order. Whoever drives this moves bytes.
//!
//! Of two servers that have a link the one of the lower role begins the connection: communication servers with query
//! servers, query servers with the global server and the control server. A connection is made when the other end has said
//! Welcome; from then on a loss means that the other end is gone: see [`super::news`].

use std::collections::BTreeMap;

use spillway_traces::live::Change;
use spillway_traces::{Node, Role};

use super::frame::{Aside, Frame, VERSION};
use super::news::{Fact, Follows, Life, News};
use super::table::is_in;
use crate::live::host::{Host, Post};

/// Which connection, for as long as the process lives.
pub type Line = u64;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// This end has said Hello to this node, and waits for Welcome.
    Greeted(Node),
    /// The other end has to say Hello.
    Silent,
    /// It is made.
    Made(Life),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Say this.
    Say(Line, Frame),
    /// End the connection, once all that was said is sent.
    Close(Line),
    /// A node elsewhere has changed.
    Noticed(Life, Change),
    /// Something has come for a node here.
    Arrived(Post),
    /// Something beside the protocol has come from this node.
    Aside(Node, Aside),
    /// This process is taken for gone: it has to begin anew.
    Outcast,
    /// Somebody was refused, or refuses, for this reason.
    Complain(String),
}

/// The connections.
#[derive(Debug)]
pub struct Neighbours {
    me: Life,
    configuration: u64,
    peers: Vec<Node>,
    news: News,
    lines: BTreeMap<Line, Stage>,
    /// The line of each node that is connected.
    made: BTreeMap<Node, Line>,
    deeds: Vec<Deed>,
}

impl Neighbours {
    /// A process that begins, with these nodes to be linked to. What it was told has this hash.
    pub fn new(me: Life, configuration: u64, peers: Vec<Node>) -> Neighbours {
        Neighbours {
            me,
            configuration,
            peers,
            news: News::new(me),
            lines: BTreeMap::new(),
            made: BTreeMap::new(),
            deeds: Vec::new(),
        }
    }

    /// Nodes that this process has to begin a connection with, and has none.
    pub fn missing(&self) -> Vec<Node> {
        let begun = |node: &Node| self.lines.values().any(|stage| *stage == Stage::Greeted(*node));
        let own = self.peers.iter().copied().filter(|peer| begins(self.me.0.role, peer.role));
        own.filter(|peer| !self.made.contains_key(peer) && !begun(peer)).collect()
    }

    /// Nodes that are connected.
    pub fn connected(&self) -> impl Iterator<Item = Node> + '_ {
        self.made.keys().copied()
    }

    /// Whether a node may be alive, as far as is known.
    pub fn may_live(&self, life: Life) -> bool {
        self.news.may_live(life)
    }

    /// Whether anything is known of a node.
    pub fn knows(&self, node: Node) -> bool {
        self.news.knows(node)
    }

    /// A node that nobody has heard of for long counts as gone. If it lives it learns that, and begins anew.
    pub fn give_up(&mut self, life: Life) {
        self.learn(&[Fact::Gone(life)]);
    }

    /// What is to be done, in order.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// A connection with this node stands, which this process has begun.
    pub fn dialed(&mut self, line: Line, to: Node) {
        self.lines.insert(line, Stage::Greeted(to));
        let (configuration, from) = (self.configuration, self.me);
        let facts = self.news.all();
        self.say(line, Frame::Hello { version: VERSION, configuration, from, to, facts });
    }

    /// A connection stands that somebody else has begun.
    pub fn accepted(&mut self, line: Line) {
        self.lines.insert(line, Stage::Silent);
    }

    /// A connection is no more.
    pub fn lost(&mut self, line: Line) {
        if let Some(Stage::Made(life)) = self.lines.remove(&line) {
            self.made.remove(&life.0);
            self.learn(&[Fact::Gone(life)]);
        }
    }

    /// Something was said.
    pub fn heard(&mut self, line: Line, frame: Frame) {
        let Some(&stage) = self.lines.get(&line) else { return };
        match (stage, frame) {
            (Stage::Silent, Frame::Hello { version, configuration, from, to, facts }) => {
                match self.objection(version, configuration, from, to, &facts) {
                    Some(why) => self.refuse(line, why),
                    None => self.welcome(line, from),
                }
            }
            (Stage::Greeted(to), Frame::Welcome { from, facts }) if from.0 == to => {
                self.learn(&facts);
                self.learn(&[Fact::Linked(self.me, from)]);
            }
            (Stage::Greeted(_), Frame::Refused { why, facts }) => {
                self.complain(format!("refused: {why}"));
                self.learn(&facts);
                self.drop_line(line);
            }
            (Stage::Greeted(_) | Stage::Made(_), Frame::News(facts)) => self.learn(&facts),
            // It was learnt from somebody else that it is made.
            (Stage::Made(life), Frame::Welcome { from, facts }) if from == life => {
                self.learn(&facts);
            }
            (Stage::Made((node, _)), Frame::Post(post)) if post.from == node && is_in(&post) => {
                if (post.to, post.incarnation) == self.me {
                    self.deeds.push(Deed::Arrived(post));
                }
            }
            (Stage::Made((node, _)), Frame::Aside(aside)) => {
                self.deeds.push(Deed::Aside(node, aside));
            }
            (Stage::Made(_), Frame::Ping) => {}
            (_, frame) => {
                self.complain(format!("what was not to be said now: {}", kind(&frame)));
                self.fail(line);
            }
        }
    }

    /// Why somebody who says Hello is not welcome.
    fn objection(
        &mut self,
        version: u16,
        configuration: u64,
        from: Life,
        to: Node,
        facts: &[Fact],
    ) -> Option<String> {
        if version != VERSION {
            return Some(format!("it speaks version {version}; expected {VERSION}"));
        }
        if configuration != self.configuration {
            return Some("it was told something else; expected the same configuration".to_owned());
        }
        if to != self.me.0 || !self.peers.contains(&from.0) || !begins(from.0.role, to.role) {
            return Some(format!("{} has nothing to begin with {}", from.0, self.me.0));
        }
        self.learn(facts);
        if self.made.contains_key(&from.0) {
            // The connection that there is must have broken, without a word.
            let old = self.made[&from.0];
            self.fail(old);
        }
        self.learn(&[Fact::Born(from)]);
        (!self.news.may_live(from)).then(|| format!("{} is taken for gone", from.0))
    }

    fn refuse(&mut self, line: Line, why: String) {
        self.complain(format!("refused somebody: {why}"));
        let facts = self.news.all();
        self.say(line, Frame::Refused { why, facts });
        self.drop_line(line);
    }

    /// The connection is made. That is said first of all.
    fn welcome(&mut self, line: Line, from: Life) {
        self.lines.insert(line, Stage::Made(from));
        let (me, facts) = (self.me, self.news.all());
        self.say(line, Frame::Welcome { from: me, facts });
        self.made.insert(from.0, line);
        self.deeds.push(Deed::Noticed(from, Change::Made));
        self.learn(&[Fact::Linked(from, me)]);
    }

    /// Learns facts, passes on what is new, and does what follows.
    fn learn(&mut self, facts: &[Fact]) {
        let mut follows = Vec::new();
        let is_new = |fact: &Fact, news: &mut News, follows: &mut _| news.learn(*fact, follows);
        let new: Vec<Fact> = facts
            .iter()
            .filter(|fact| is_new(fact, &mut self.news, &mut follows))
            .copied()
            .collect();
        if !new.is_empty() {
            let lines: Vec<Line> = self.made.values().copied().collect();
            lines.into_iter().for_each(|line| self.say(line, Frame::News(new.clone())));
        }
        for follow in follows {
            match follow {
                Follows::Noticed(life, change) => self.noticed(life, change),
                Follows::Made(to) => self.made(to),
                Follows::Outcast => self.deeds.push(Deed::Outcast),
            }
        }
    }

    fn noticed(&mut self, life: Life, change: Change) {
        if change == Change::Gone
            && let Some(&line) = self.made.get(&life.0)
            && self.lines.get(&line) == Some(&Stage::Made(life))
        {
            self.drop_line(line);
        }
        self.deeds.push(Deed::Noticed(life, change));
    }

    /// A connection that this end has begun is made. What became known since Hello is said first of all.
    fn made(&mut self, to: Life) {
        let begun = self.lines.iter().find(|(_, stage)| **stage == Stage::Greeted(to.0));
        let line = begun.map(|(line, _)| *line);
        if let Some(line) = line {
            self.lines.insert(line, Stage::Made(to));
            self.made.insert(to.0, line);
            let facts = self.news.all();
            self.say(line, Frame::News(facts));
        }
        self.deeds.push(Deed::Noticed(to, Change::Made));
        if line.is_none() {
            // The other end has lost it by now, or will.
            self.learn(&[Fact::Gone(to)]);
        }
    }

    /// Says something to a node, if it is connected.
    fn post(&mut self, post: Post) {
        let line = self.made.get(&post.to).copied();
        if let Some(line) = line
            && self.lines.get(&line) == Some(&Stage::Made((post.to, post.incarnation)))
        {
            self.say(line, Frame::Post(post));
        }
    }

    /// Says something beside the protocol to a node. Whether it is connected.
    pub fn aside(&mut self, to: Node, aside: Aside) -> bool {
        let line = self.made.get(&to).copied();
        if let Some(line) = line {
            self.say(line, Frame::Aside(aside));
        }
        line.is_some()
    }

    /// It is still there, to everybody.
    pub fn ping(&mut self) {
        let lines: Vec<Line> = self.made.values().copied().collect();
        lines.into_iter().for_each(|line| self.say(line, Frame::Ping));
    }

    /// A connection is of no use any more.
    pub fn fail(&mut self, line: Line) {
        self.deeds.push(Deed::Close(line));
        self.lost(line);
    }

    fn drop_line(&mut self, line: Line) {
        if let Some(Stage::Made(life)) = self.lines.remove(&line) {
            self.made.remove(&life.0);
        }
        self.deeds.push(Deed::Close(line));
    }

    fn complain(&mut self, why: String) {
        self.deeds.push(Deed::Complain(why));
    }

    fn say(&mut self, line: Line, frame: Frame) {
        self.deeds.push(Deed::Say(line, frame));
    }

    /// Gives the nodes of this process what has come for them, and what has changed about others. They are to take note of
    /// that, and to write it down, before anything is said that follows from it: until then that stays.
    pub fn deliver(&mut self, host: &mut Host) {
        self.deeds.retain(|deed| {
            match deed {
                Deed::Noticed((node, incarnation), change) => {
                    host.noticed(*node, *incarnation, *change);
                }
                Deed::Arrived(post) => host.arrive(post.clone()),
                _ => return true,
            }
            false
        });
    }

    /// Takes what the nodes of this process have for others. What is to be done, in order.
    pub fn collect(&mut self, host: &mut Host) -> Vec<Deed> {
        host.take_post().into_iter().for_each(|post| self.post(post));
        debug_assert!(!self.deeds.iter().any(|deed| matches!(deed, Deed::Noticed(..))));
        self.take_deeds()
    }
}

/// Whether a node of the first role begins the connection with one of the second.
fn begins(from: Role, to: Role) -> bool {
    from < to
}

fn kind(frame: &Frame) -> &'static str {
    match frame {
        Frame::Hello { .. } => "Hello",
        Frame::Welcome { .. } => "Welcome",
        Frame::Refused { .. } => "Refused",
        Frame::News(_) => "News",
        Frame::Post(_) => "Post",
        Frame::Aside(_) => "Aside",
        Frame::Ping => "Ping",
    }
}
