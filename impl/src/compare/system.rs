//! This system's own nodes under a stream of requests: nothing goes wrong, and every message takes the same time.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use spillway_traces::{Node, Note, RequestId};

use super::arrivals::Arrival;
use super::fate::{End, Fate};
use super::setup::Setup;
use crate::config::{Config, Knobs};
use crate::node::{Input, Timer};
use crate::sim::draw::{Stream, generator};
use crate::sim::engine::Engine;
use crate::sim::timers::{Alarm, Timers};
use crate::strategy::Configured;
use crate::wire::{Ask, Wire};
use crate::world::{Driver, Hand, Plan, Planned, Wish, World};

enum Event {
    Issue(u32),
    GiveUp(u32),
    Arrive { from: Node, to: Node },
    Report { from: Node, to: Node, room: u32 },
    Worked { server: u16 },
    Timer(Alarm<(Node, Timer)>),
}

impl From<Alarm<(Node, Timer)>> for Event {
    fn from(alarm: Alarm<(Node, Timer)>) -> Event {
        Event::Timer(alarm)
    }
}

struct Surroundings<'a> {
    engine: Engine<Event>,
    timers: Timers<(Node, Timer)>,
    chooser: Configured,
    random: ChaCha8Rng,
    hop_us: u64,
    arrivals: &'a [Arrival],
    fates: Vec<Option<Fate>>,
}

/// What becomes of each request.
pub(super) fn run(setup: &Setup, knobs: &Knobs, arrivals: &[Arrival], seed: u64) -> Vec<Fate> {
    let config = Arc::new(Config { knobs: knobs.clone(), ..setup.config.clone() });
    let mut world = world(&config, arrivals);
    let mut around = Surroundings {
        engine: Engine::new(),
        timers: Timers::new(),
        chooser: Configured::new(knobs.strategy, generator(seed, Stream::Choices)),
        random: generator(seed, Stream::Timers),
        hop_us: setup.hop_us,
        arrivals,
        fates: vec![None; arrivals.len()],
    };
    for server in 0..config.query_servers {
        world.give(Node::query(server), Input::Turn, &mut around); // it reports that it has room
    }
    around.expect_issue(0);
    while let Some(event) = around.engine.take_next() {
        around.happen(event, &mut world, setup.patience_us);
    }
    let ended = around.fates.into_iter();
    ended.map(|fate| fate.expect("who asks is answered, refused or loses patience")).collect()
}

/// The system, whose clients take turns so that ids rise with time.
fn world(config: &Arc<Config>, arrivals: &[Arrival]) -> World {
    let clients = config.clients;
    let turns = (0..clients).cycle();
    let planned = arrivals.iter().zip(turns).map(|(arrival, client)| Planned {
        client,
        wish: Wish::Query { user: (client + 1) % clients, class: arrival.class },
        home: arrival.home,
    });
    let plan = Plan::new(clients, planned.collect(), 1);
    let sessions: Vec<u16> =
        (0..clients).map(|client| client % config.communication_servers).collect();
    World::new(config.clone(), Arc::new(plan), &sessions)
}

impl Surroundings<'_> {
    /// Requests are scheduled one by one, so that few events wait.
    fn expect_issue(&mut self, request: u32) {
        if let Some(arrival) = self.arrivals.get(request as usize) {
            self.engine.at(arrival.at_us, Event::Issue(request));
        }
    }

    fn happen(&mut self, event: Event, world: &mut World, patience_us: u64) {
        match event {
            Event::Issue(request) => {
                let client = self.client(world, request);
                world.issue(client.index, self);
                self.engine.after(patience_us, Event::GiveUp(request));
                self.expect_issue(request + 1);
            }
            Event::GiveUp(request) if self.fates[request as usize].is_none() => {
                self.end(RequestId::of(request), End::GivenUp);
                let client = self.client(world, request);
                world.cancel(client, RequestId::of(request), self);
            }
            Event::GiveUp(_) => {}
            Event::Arrive { from, to } => world.deliver(from, to, self),
            Event::Report { from, to, room } => world.reported(from, to, room, self),
            Event::Worked { server } => world.give(Node::query(server), Input::Worked, self),
            Event::Timer(alarm) => {
                if let Some((node, timer)) = self.timers.fire(&mut self.engine, alarm) {
                    world.give(node, Input::Timer(timer), self);
                }
            }
        }
    }

    fn client(&self, world: &World, request: u32) -> Node {
        let planned = world.plan().planned(RequestId::of(request));
        Node::client(planned.expect("what arrives is planned").client)
    }

    fn end(&mut self, request: RequestId, end: End) {
        let fate = &mut self.fates[request.number() as usize];
        debug_assert!(fate.is_none(), "{request} ends once");
        *fate = Some(Fate { end, at_us: self.engine.now_us() });
    }
}

impl Driver for Surroundings<'_> {
    fn hand(&mut self, _node: Node) -> Hand<'_> {
        Hand { now_us: self.engine.now_us(), chooser: &mut self.chooser, random: &mut self.random }
    }

    fn sent(&mut self, from: Node, to: Node, _message: &Wire) {
        self.engine.after(self.hop_us, Event::Arrive { from, to });
    }

    fn report(&mut self, from: Node, to: Node, room: u32) {
        self.engine.after(self.hop_us, Event::Report { from, to, room });
    }

    fn note(&mut self, _node: Node, note: Note) {
        match note {
            Note::Given { request, .. } => self.end(request, End::Answered),
            Note::Refused { request } => self.end(request, End::Refused),
            _ => {}
        }
    }

    fn arm(&mut self, node: Node, timer: Timer, after_us: u64) {
        let due_us = self.engine.now_us().saturating_add(after_us);
        self.timers.arm(&mut self.engine, (node, timer), due_us);
    }

    fn disarm(&mut self, node: Node, timer: Timer) {
        self.timers.disarm((node, timer));
    }

    fn work(&mut self, server: Node, ask: &Ask) {
        let work_us = self.arrivals[ask.request.number() as usize].work_us;
        self.engine.after(work_us, Event::Worked { server: server.index });
    }
}
