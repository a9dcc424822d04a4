//! A run: first everything that its [`Swarm`] says goes wrong, then nothing any more, and all must settle.

use std::sync::Arc;

use spillway_traces::{Action, Node, RequestId, Role};

use super::draw::{Draw, Stream};
use super::environment::{Counts, Environment, Event};
use super::links::Flight;
use super::marks::{Mark, Marks};
use super::swarm::{Impossible, Swarm};
use super::watch::Watch;
use crate::node::{Input, Timer};
use crate::wire::Wire;
use crate::world::World;

/// How often it is looked whether all has settled, in the time that it may take.
const LOOKS: u64 = 20_000;

/// A run under way.
pub struct Simulation {
    pub(super) swarm: Arc<Swarm>,
    pub(super) world: World,
    pub(super) env: Environment,
    pub(super) draw: Draw,
    pub(super) ways: Draw,
    /// Since when nothing goes wrong any more.
    pub(super) healed_us: Option<u64>,
    clients: Draw,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// All settled once the faults were over.
    Settled,
    /// This did not.
    Unsettled(Vec<String>),
    /// Whoever watched it stopped it.
    Stopped,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub end: End,
    /// When, in virtual time.
    pub ended_us: u64,
    /// What it counted.
    pub counts: Counts,
    /// What it met.
    pub marks: Marks,
}

/// Runs a configuration to its end.
///
/// # Errors
/// It is none that can be.
pub fn run<W: Watch>(swarm: &Swarm, watch: &mut W) -> Result<Outcome, Impossible> {
    swarm.check()?;
    let mut simulation = Simulation::new(swarm, W::RECORDS);
    let end = simulation.run(watch);
    Ok(Outcome {
        seed: swarm.seed,
        end,
        ended_us: simulation.env.engine.now_us(),
        counts: simulation.env.counts,
        marks: simulation.env.marks,
    })
}

impl Simulation {
    fn new(swarm: &Swarm, records: bool) -> Simulation {
        let world =
            World::new(Arc::new(swarm.config.clone()), Arc::new(swarm.plan()), &swarm.sessions);
        let mut simulation = Simulation {
            world,
            env: Environment::new(swarm, records),
            draw: Draw::new(swarm.seed, Stream::Faults),
            ways: Draw::new(swarm.seed, Stream::Ways),
            clients: Draw::new(swarm.seed, Stream::Clients),
            healed_us: None,
            swarm: Arc::new(swarm.clone()),
        };
        // On datagrams a node is told nothing when it starts: it has to be asked once, to begin its timers.
        for node in simulation.env.nodes.clone() {
            simulation.world.give(node, Input::Turn, &mut simulation.env);
        }
        (0..swarm.config.clients).for_each(|client| simulation.think(client));
        simulation.expect_mishaps();
        simulation
    }

    /// Whether things still go wrong.
    pub(super) fn is_faulty(&self) -> bool {
        self.healed_us.is_none()
    }

    fn run<W: Watch>(&mut self, watch: &mut W) -> End {
        while let Some(event) = self.env.engine.take_next() {
            self.env.counts.events += 1;
            if matches!(event, Event::Look) {
                if let Some(end) = self.look() {
                    return end;
                }
                continue;
            }
            let was_faulty = self.is_faulty();
            self.happen(event);
            self.ask_again();
            if was_faulty && !self.is_faulty() {
                self.look_later();
            }
            let steps = match &mut self.env.recorder {
                Some(recorder) => {
                    debug_assert!(!recorder.has_homeless(), "whatever is told belongs to a step");
                    recorder.drain().collect()
                }
                None => Vec::new(),
            };
            if !watch.event(self.env.engine.now_us(), steps, &self.world) {
                return End::Stopped;
            }
        }
        unreachable!("until all has settled it is looked again and again")
    }

    fn look_later(&mut self) {
        let wait_us = (self.swarm.settle_us_max / LOOKS).max(1);
        self.env.engine.after(wait_us, Event::Look);
    }

    /// Whether the run is over, and how it ended.
    fn look(&mut self) -> Option<End> {
        let healed_us = self.healed_us.expect("it is looked once the faults are over");
        if self.is_settled() {
            return Some(End::Settled);
        }
        if self.env.engine.now_us() - healed_us > self.swarm.settle_us_max {
            return Some(End::Unsettled(self.unsettled()));
        }
        self.look_later();
        None
    }

    fn happen(&mut self, event: Event) {
        let Some(event) = self.defer(event) else { return };
        match event {
            Event::Arrive(flight) => self.arrive(flight),
            Event::Report { from, to, room } => self.report(from, to, room),
            Event::Timer(alarm) => {
                if let Some((node, timer)) = self.env.timers.fire(&mut self.env.engine, alarm) {
                    self.run_out(node, timer);
                }
            }
            Event::Worked { server, number } => {
                let node = Node::query(server);
                if self.env.body(node).work == Some(number) {
                    self.env.body(node).work = None;
                    self.world.give(node, Input::Worked, &mut self.env);
                }
            }
            Event::Stored { number } => {
                if let Some(storing) = self.env.storing.filter(|storing| storing.number == number) {
                    self.stored(storing.done);
                }
            }
            Event::Ask { client } => self.ask(client),
            Event::GiveUp { client, request } => {
                let waits = self.env.waiting[usize::from(client)].remove(&request);
                if waits && self.world.links.session(client).is_some() {
                    self.world.cancel(Node::client(client), request, &mut self.env);
                }
            }
            Event::Mishap(mishap) => self.befall(mishap),
            Event::TakeHeld => self.take_held(),
            Event::Turn { node } => {
                if !self.world.links.is_down(node) {
                    self.world.give(node, Input::Turn, &mut self.env);
                }
            }
            Event::Look => unreachable!("looking is no event of the world"),
        }
    }

    /// Whoever has put off what is due is asked again a while later.
    fn ask_again(&mut self) {
        for (node, wait_us) in self.env.choosing.dawdlers(self.swarm.service) {
            self.env.engine.after(wait_us, Event::Turn { node });
        }
    }

    /// Puts off what a node would be given that takes nothing now: one that stalls, and one that waits for its disk.
    fn defer(&mut self, event: Event) -> Option<Event> {
        let node = match event {
            Event::Arrive(flight) => self.env.ends(flight).1,
            Event::Report { to, .. } => to,
            Event::Worked { server, .. } => Node::query(server),
            Event::Ask { client } | Event::GiveUp { client, .. } => Node::client(client),
            Event::Turn { node } => node,
            _ => return Some(event),
        };
        if node == Node::GLOBAL && (self.env.storing.is_some() || !self.env.held.is_empty()) {
            // A turn is not held: the server goes on by itself once the disk is done.
            if !matches!(event, Event::Turn { .. }) {
                self.env.marks.hit(Mark::Held);
                self.env.held.push_back(event);
            }
            return None;
        }
        match self.takes_from_us(node) {
            None => Some(event),
            Some(at_us) => {
                self.env.marks.hit(Mark::StalledInput);
                self.env.engine.at(at_us, event);
                None
            }
        }
    }

    /// From when on a node takes inputs, if it takes none now.
    fn takes_from_us(&mut self, node: Node) -> Option<u64> {
        let now_us = self.env.engine.now_us();
        let storing = self.env.storing.filter(|_| node == Node::GLOBAL);
        let stalled_us = Some(self.env.body(node).stalled_until_us).filter(|at_us| *at_us > now_us);
        storing.map(|storing| storing.until_us).max(stalled_us)
    }

    /// The disk is done. What was put off until then comes before the global server asks it for more.
    fn stored(&mut self, done: bool) {
        self.env.storing = None;
        self.env.pausing = true;
        self.world.stored(done, &mut self.env);
        for mishap in std::mem::take(&mut self.env.put_off) {
            self.befall_now(mishap);
        }
        self.go_on();
    }

    /// The global server goes on by itself, and takes what was held back for it, one by one.
    pub(super) fn go_on(&mut self) {
        self.env.pausing = false;
        if !self.world.links.is_down(Node::GLOBAL) && self.env.storing.is_none() {
            self.world.give(Node::GLOBAL, Input::Turn, &mut self.env);
        }
        self.expect_held();
    }

    fn expect_held(&mut self) {
        if self.env.storing.is_none() && !self.env.held.is_empty() {
            self.env.engine.after(0, Event::TakeHeld);
        }
    }

    fn take_held(&mut self) {
        if self.env.storing.is_some() {
            return; // once the disk is done it goes on
        }
        let Some(event) = self.env.held.pop_front() else { return };
        match event {
            Event::Arrive(flight) => self.arrive(flight),
            _ => unreachable!("only messages are held back"),
        }
        self.expect_held();
    }

    fn arrive(&mut self, flight: Flight) {
        if !self.env.links.arrives(flight) {
            return;
        }
        let (from, to) = self.env.ends(flight);
        debug_assert!(self.world.links.len(from, to) > 0, "what arrives is on its way");
        if self.world.is_datagram() && self.is_faulty() && self.disturb(from, to) {
            return;
        }
        if let Some(Wire::Query(asked)) = self.world.links.on(from, to).next()
            && to.role == Role::Query
        {
            let server = &self.world.query[usize::from(to.index)];
            if asked.token > server.applied {
                self.env.marks.hit(Mark::Waited);
            }
            if server.refuses_for_its_class(&asked.ask) {
                self.env.marks.hit(Mark::RefusedForClass);
            }
        }
        self.world.deliver(from, to, &mut self.env);
    }

    /// A report arrives, or is lost where datagrams are.
    fn report(&mut self, from: Node, to: Node, room: u32) {
        if self.is_faulty() && self.draw.happens(self.swarm.faults.drop_per_million) {
            return;
        }
        if room == 0 {
            self.env.marks.hit(Mark::RoomGone);
        }
        self.world.reported(from, to, room, &mut self.env);
    }

    /// What may befall a datagram as it arrives; whether it is gone.
    fn disturb(&mut self, from: Node, to: Node) -> bool {
        let faults = &self.swarm.faults;
        if self.draw.happens(faults.drop_per_million) {
            self.world.drop_oldest(from, to, &mut self.env);
            return true;
        }
        if self.draw.happens(faults.duplicate_per_million) {
            self.world.double_oldest(from, to, &mut self.env);
            self.env.send(from, to);
        }
        let several = self.world.links.len(from, to) > 1;
        if several && self.draw.happens(faults.reorder_per_million) {
            self.world.overtake_oldest(from, to, &mut self.env);
        }
        false
    }

    fn run_out(&mut self, node: Node, timer: Timer) {
        let again_us = match timer {
            _ if self.world.links.is_down(node) => return,
            // A timer is long: "Datagram links" in PROTOCOL.md. One that runs out early would only add copies.
            Timer::Resend(peer) if !self.may_resend(node, peer) => {
                let wait_us = self.swarm.config.timers.resend_us.max(1);
                Some(self.env.engine.now_us() + wait_us)
            }
            _ => self.takes_from_us(node),
        };
        match again_us {
            Some(at_us) => self.env.timers.arm(&mut self.env.engine, (node, timer), at_us),
            None => {
                if timer == Timer::StoreAgain {
                    self.env.marks.hit(Mark::StoreAgain);
                }
                if timer == Timer::Report {
                    self.env.marks.hit(Mark::RoomUnknown);
                }
                self.world.give(node, Input::Timer(timer), &mut self.env);
            }
        }
    }

    fn may_resend(&self, from: Node, to: Node) -> bool {
        let candidates = self.world.candidates();
        self.world.can(&Action::Resend { from, to }, &candidates).is_ok()
    }

    fn think(&mut self, client: u16) {
        let wait_us = self.swarm.workload.think.draw(&mut self.clients);
        self.env.engine.after(wait_us, Event::Ask { client });
    }

    /// A client asks for the next thing, if it may.
    fn ask(&mut self, client: u16) {
        let Some(session) = self.world.links.session(client) else { return };
        let next = self.world.plan().next(client, self.world.issued[usize::from(client)]);
        let Some(request) = next else { return };
        let open = self.env.waiting[usize::from(client)].len();
        if open < self.swarm.config.knobs.window_max as usize {
            self.env.waiting[usize::from(client)].insert(request);
            self.env.counts.issued += 1;
            self.world.issue(client, &mut self.env);
            self.after_asking(client, session, request);
        }
        self.think(client);
    }

    /// A client that has asked may lose patience, move, or go away.
    fn after_asking(&mut self, client: u16, session: Node, request: RequestId) {
        let (workload, node) = (&self.swarm.workload, Node::client(client));
        if self.clients.happens(workload.cancels_per_million) {
            let wait_us = workload.patience.draw(&mut self.clients);
            self.env.engine.after(wait_us, Event::GiveUp { client, request });
        }
        if self.clients.happens(workload.moves_per_million) {
            let others = self.swarm.config.communication_servers - 1;
            let to = (session.index + 1 + self.clients.below(others.into()) as u16) % (others + 1);
            self.world.move_to(node, Node::communication(to), &mut self.env);
        }
        let last = self.world.plan().next(client, self.world.issued[usize::from(client)]).is_none();
        if last && self.clients.happens(workload.leaves_per_million) {
            self.world.leave(node, &mut self.env);
            self.env.waiting[usize::from(client)].clear();
        }
    }
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("now_us", &self.env.engine.now_us())
            .finish_non_exhaustive()
    }
}
