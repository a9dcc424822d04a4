//! Who chooses for the nodes of a run.
//!
//! In the product what is due is done at once. Where anybody chooses, a node may also dawdle, and may do what its timers
//! have not asked for yet. Such a node has to be asked again, since nothing else may ever come to it: whoever puts a due
//! step off is remembered, and given a turn later. That is fair in the sense of PROTOCOL.md, and no more than that.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use spillway_traces::{Action, Node};

use super::draw::{Draw, Stream, generator};
use super::swarm::{Choices, Span, Swarm};
use crate::node::{Candidate, Chooser};
use crate::strategy::Configured;

/// One in so many times somebody puts off what is due.
const PUTS_OFF: u64 = 3;
/// One in so many times somebody does what is not due. Whatever it sends is answered, and each answer asks the chooser
/// again: were this one in few, more would come of each message than one, and a run would drown in repetitions.
const HURRIES: u64 = 16;

/// Who chooses.
pub(super) enum Choosing {
    /// The configured strategy.
    Configured(Configured),
    /// Anybody.
    Anybody(Anybody),
}

/// Chooses at random among all that is legal.
pub(super) struct Anybody {
    draw: Draw,
    /// Who is asked.
    node: Node,
    /// Who has put something off since it was looked last.
    dawdlers: BTreeSet<Node>,
    /// Whether the faults are over: then nobody dawdles or hurries any more.
    healed: bool,
}

impl Choosing {
    /// The chooser of a run.
    pub(super) fn of(swarm: &Swarm) -> Choosing {
        match swarm.choices {
            Choices::Configured => {
                let random: ChaCha8Rng = generator(swarm.seed, Stream::Choices);
                Choosing::Configured(Configured::new(swarm.config.knobs.strategy, random))
            }
            Choices::Random => Choosing::Anybody(Anybody {
                draw: Draw::new(swarm.seed, Stream::Choices),
                node: Node::GLOBAL,
                dawdlers: BTreeSet::new(),
                healed: false,
            }),
        }
    }

    /// The chooser for this node.
    pub(super) fn of_node(&mut self, node: Node) -> &mut dyn Chooser {
        match self {
            Choosing::Configured(configured) => configured,
            Choosing::Anybody(anybody) => {
                anybody.node = node;
                anybody
            }
        }
    }

    /// All faults are over.
    pub(super) fn heal(&mut self) {
        if let Choosing::Anybody(anybody) = self {
            anybody.healed = true;
        }
    }

    /// Those who have put something off, and after how long each has to be asked again.
    pub(super) fn dawdlers(&mut self, wait: Span) -> Vec<(Node, u64)> {
        let Choosing::Anybody(anybody) = self else { return Vec::new() };
        let dawdlers = std::mem::take(&mut anybody.dawdlers);
        dawdlers.into_iter().map(|node| (node, wait.draw(&mut anybody.draw))).collect()
    }
}

impl Chooser for Anybody {
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let open: Vec<usize> = places(candidates, may_be_hurried);
        if !open.is_empty() && !self.healed && self.draw.one_in(HURRIES) {
            return Some(self.draw.pick(&open));
        }
        let due = places(candidates, |candidate| candidate.due);
        if due.is_empty() {
            return None;
        }
        if !self.healed && self.draw.one_in(PUTS_OFF) {
            self.dawdlers.insert(self.node);
            return None;
        }
        Some(self.draw.pick(&due))
    }
}

fn places(candidates: &[Candidate], which: impl Fn(&Candidate) -> bool) -> Vec<usize> {
    let places = candidates.iter().enumerate().filter(|(_, candidate)| which(candidate));
    places.map(|(place, _)| place).collect()
}

/// Whether it may be done before its time. A node sends again only when what it waits for can no longer come, which it
/// cannot see: only its timer is long enough to know.
fn may_be_hurried(candidate: &Candidate) -> bool {
    !matches!(candidate.action, Action::Resend { .. })
}
