//! What goes wrong in a run, and is right again.
//!
//! Each kind comes at times of its own. What cannot be just then (a crash of a node that is down) does not happen. What
//! touches the global server while it waits for its disk comes when that is done, since until then it takes no other
//! input; only its crash does not wait.

use spillway_traces::{Node, Role};

use super::disk::Left;
use super::environment::Event;
use super::marks::Mark;
use super::run::Simulation;
use super::swarm::{Rate, Swarm, span};
use crate::config::Links;
use crate::node::Input;

/// A kind of mishap that comes again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Crash(Role),
    Slow,
    Stall,
    Reset,
    Cut,
    Partition,
    Jump,
    Lease,
    DiskFull,
}

impl Kind {
    const ALL: [Kind; 12] = [
        Kind::Crash(Role::Communication),
        Kind::Crash(Role::Query),
        Kind::Crash(Role::Global),
        Kind::Crash(Role::Control),
        Kind::Slow,
        Kind::Stall,
        Kind::Reset,
        Kind::Cut,
        Kind::Partition,
        Kind::Jump,
        Kind::Lease,
        Kind::DiskFull,
    ];

    fn rate(self, swarm: &Swarm) -> Rate {
        let faults = &swarm.faults;
        match self {
            Kind::Crash(Role::Communication) => faults.crash_communication,
            Kind::Crash(Role::Query) => faults.crash_query,
            Kind::Crash(Role::Global) => faults.crash_global,
            Kind::Crash(_) => faults.crash_control,
            Kind::Slow => faults.slow,
            Kind::Stall => faults.stall,
            Kind::Reset => faults.reset,
            Kind::Cut => faults.cut,
            Kind::Partition => faults.partition,
            Kind::Jump => faults.jump,
            Kind::Lease => faults.lease,
            Kind::DiskFull => swarm.disk.full,
        }
    }
}

/// Something goes wrong, or is right again.
#[derive(Clone, Debug)]
pub(super) enum Mishap {
    /// One of a kind.
    Comes(Kind),
    /// A node that was down restarts.
    Restart(Node),
    /// Directions that were cut are healed.
    Heal(Vec<(Node, Node)>),
    /// The disk has room again.
    Room,
    /// All faults end.
    End,
}

impl Simulation {
    /// Schedules the first of each kind, and the end of all.
    pub(super) fn expect_mishaps(&mut self) {
        Kind::ALL.into_iter().for_each(|kind| self.expect(kind));
        let until_us = self.swarm.faults_until_us;
        self.env.engine.at(until_us, Event::Mishap(Mishap::End));
    }

    fn expect(&mut self, kind: Kind) {
        let rate = kind.rate(&self.swarm);
        if rate.is_on() {
            let wait_us = span::exponential(&mut self.draw, rate.every_us);
            self.env.engine.after(wait_us, Event::Mishap(Mishap::Comes(kind)));
        }
    }

    pub(super) fn befall(&mut self, mishap: Mishap) {
        if self.env.storing.is_some() && touches_global(&mishap) {
            self.env.put_off.push(mishap);
            return;
        }
        self.env.pausing = true;
        self.befall_now(mishap);
        self.go_on();
    }

    pub(super) fn befall_now(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Comes(_) if !self.is_faulty() => {}
            Mishap::Comes(kind) => {
                let lasts_us = kind.rate(&self.swarm).lasts.draw(&mut self.draw);
                self.come(kind, lasts_us);
                self.expect(kind);
            }
            Mishap::Restart(node) => self.restart(node),
            Mishap::Heal(cuts) => self.heal(&cuts),
            Mishap::Room => self.env.disk.set_full(false),
            Mishap::End => self.end_faults(),
        }
    }

    fn come(&mut self, kind: Kind, lasts_us: u64) {
        let until_us = self.env.engine.now_us() + lasts_us;
        match kind {
            Kind::Crash(role) => self.crash_one(role, lasts_us),
            Kind::Slow => {
                let node = self.any_node();
                self.env.body(node).slow_until_us = until_us;
                self.env.marks.hit(Mark::Slow);
            }
            Kind::Stall => {
                let node = self.any_node();
                self.env.body(node).stalled_until_us = until_us;
                self.env.marks.hit(Mark::Stall);
            }
            Kind::Reset => self.reset_one(),
            Kind::Cut => self.cut_one(lasts_us),
            Kind::Partition => self.part(lasts_us),
            Kind::Jump => self.jump_one(),
            Kind::Lease => {
                let other = Node::control(1 - self.world.leader().index);
                if !self.world.links.is_down(other) {
                    self.world.lease(&mut self.env);
                }
            }
            Kind::DiskFull => {
                self.env.disk.set_full(true);
                self.env.engine.after(lasts_us, Event::Mishap(Mishap::Room));
            }
        }
    }

    fn any_node(&mut self) -> Node {
        self.draw.pick(&self.env.nodes)
    }

    fn crash_one(&mut self, role: Role, lasts_us: u64) {
        let alike: Vec<Node> =
            self.env.nodes.iter().copied().filter(|node| node.role == role).collect();
        let node = self.draw.pick(&alike);
        if self.world.links.is_down(node) {
            return;
        }
        let fifo = self.swarm.config.knobs.links == Links::Fifo;
        let mut stops = self.draw.happens(self.swarm.faults.stops_per_million);
        if node == Node::GLOBAL {
            self.crash_disk();
            // It cannot start before it can read: on datagrams, where no node is ever down, reading never fails.
            stops |= fifo && self.env.disk.fails_to_read(&mut self.env.marks);
        }
        if stops {
            self.world.stop(node, &mut self.env);
            self.mark_torn(node);
            self.release_put_off(node);
            self.env.engine.after(lasts_us, Event::Mishap(Mishap::Restart(node)));
        } else {
            self.world.crash(node, &mut self.env);
            self.mark_torn(node);
            self.world.give(node, Input::Turn, &mut self.env);
            self.release_put_off(node);
        }
    }

    /// Whether the global server has found that its last write was torn.
    fn mark_torn(&mut self, node: Node) {
        if node == Node::GLOBAL && self.world.global.torn_bytes.0 > 0 {
            self.env.marks.hit(Mark::TornFound);
        }
    }

    /// What waited for the disk waits no longer, once the server that used it has crashed.
    fn release_put_off(&mut self, node: Node) {
        if node == Node::GLOBAL {
            for mishap in std::mem::take(&mut self.env.put_off) {
                self.env.engine.after(0, Event::Mishap(mishap));
            }
        }
    }

    /// The global server crashes: what becomes of what it was writing.
    fn crash_disk(&mut self) {
        let Some(storing) = self.env.storing.take() else { return };
        let Some(store) = self.world.storing.take() else { return };
        match self.env.disk.crash(&store, storing.done, &mut self.env.marks) {
            Left::Whole => {
                // As if the disk had been done just before: what the server then says is lost with it.
                self.world.storing = Some(store);
                self.world.stored(true, &mut self.env);
                self.env.storing = None;
            }
            left => left.leave(&mut self.world.file, store),
        }
    }

    fn restart(&mut self, node: Node) {
        if self.world.links.is_down(node) {
            self.world.restart(node, &mut self.env);
            self.world.give(node, Input::Turn, &mut self.env);
        }
    }

    fn reset_one(&mut self) {
        let links = &self.world.links;
        let whole: Vec<(Node, Node)> =
            links.directions().filter(|(a, b)| a < b && links.is_whole(*a, *b)).collect();
        if !whole.is_empty() {
            let (a, b) = self.draw.pick(&whole);
            self.world.reset(a, b, &mut self.env);
        }
    }

    /// The directions that may be cut.
    fn open_ways(&self) -> Vec<(Node, Node)> {
        let links = &self.world.links;
        links.directions().filter(|(from, to)| links.passes(*from, *to)).collect()
    }

    fn cut_one(&mut self, lasts_us: u64) {
        let open = self.open_ways();
        if !open.is_empty() {
            let way = self.draw.pick(&open);
            self.cut_all(vec![way], lasts_us);
        }
    }

    fn part(&mut self, lasts_us: u64) {
        let apart: Vec<Node> =
            self.env.nodes.iter().copied().filter(|_| self.draw.one_in(3)).collect();
        let one_way = self.ways.flip();
        let mut cuts = self.open_ways();
        cuts.retain(|(from, to)| {
            let (from, to) = (apart.contains(from), apart.contains(to));
            if one_way { from && !to } else { from != to }
        });
        if !cuts.is_empty() {
            self.env.marks.hit(if one_way { Mark::PartitionOneWay } else { Mark::Partition });
            self.cut_all(cuts, lasts_us);
        }
    }

    fn cut_all(&mut self, cuts: Vec<(Node, Node)>, lasts_us: u64) {
        for (from, to) in &cuts {
            self.world.cut(*from, *to, &mut self.env);
        }
        self.env.engine.after(lasts_us, Event::Mishap(Mishap::Heal(cuts)));
    }

    fn heal(&mut self, cuts: &[(Node, Node)]) {
        for (from, to) in cuts {
            if self.world.links.is_cut(*from, *to) {
                self.world.heal(*from, *to, &mut self.env);
            }
        }
    }

    fn jump_one(&mut self) {
        let node = self.any_node();
        let by_us = self.draw.between(1, self.swarm.faults.jump_us_max) as i64;
        let back = self.draw.flip();
        self.env.marks.hit(if back { Mark::JumpBack } else { Mark::JumpForward });
        self.env.body(node).clock.jump(if back { -by_us } else { by_us });
    }

    /// All faults end: who is down restarts, what is cut is healed, and nobody is slow any more.
    fn end_faults(&mut self) {
        let down: Vec<Node> = self.world.links.down().collect();
        down.into_iter().for_each(|node| self.restart(node));
        let cuts: Vec<(Node, Node)> = self.world.links.cuts().collect();
        self.heal(&cuts);
        let now_us = self.env.engine.now_us();
        for body in &mut self.env.bodies {
            body.slow_until_us = body.slow_until_us.min(now_us);
            body.stalled_until_us = body.stalled_until_us.min(now_us);
        }
        self.env.disk.heal();
        self.env.choosing.heal();
        self.healed_us = Some(now_us);
    }
}

/// Whether the global server may be given an input by it.
fn touches_global(mishap: &Mishap) -> bool {
    match mishap {
        Mishap::Comes(Kind::Crash(role)) => *role == Role::Query,
        Mishap::Comes(Kind::Reset | Kind::Cut | Kind::Partition) => true,
        Mishap::Restart(node) => node.role == Role::Query,
        Mishap::Heal(_) | Mishap::End => true,
        _ => false,
    }
}
