//! The baselines: servers, queues, and the way to them, and nothing else of a system.

use std::collections::VecDeque;

use super::allocator::Baseline;
use super::arrivals::Arrival;
use super::fate::{End, Fate};
use super::setup::Setup;
use crate::config::Class;
use crate::sim::draw::{Draw, Stream};
use crate::sim::engine::Engine;

/// Other servers that an overflowing task is offered to before it stays where it is.
const OFFERS_MAX: usize = 3;
/// For how many mean works a task of each class may wait before the shedder refuses its like.
const SHED_WORKS: [u64; 3] = [8, 4, 2];

#[derive(Clone, Debug)]
enum Event {
    Issue(u32),
    GiveUp(u32),
    /// It is with the communication server, which places it.
    Place(u32),
    Arrive {
        server: usize,
        request: u32,
    },
    Worked {
        server: usize,
        request: u32,
    },
    Answered(u32),
    Refused(u32),
    Offered(Offer),
    Back(Offer),
}

/// A task that has left its source, and whom it was offered to.
#[derive(Clone, Debug)]
struct Offer {
    task: Task,
    source: usize,
    to: usize,
    asked: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Task {
    request: u32,
    queued_us: u64,
    /// Whether it may still go elsewhere.
    movable: bool,
}

#[derive(Clone, Debug, Default)]
struct Server {
    /// By class, in order of arrival.
    queues: [VecDeque<Task>; 3],
    running: usize,
    workers: usize,
    /// Tasks that have left and are with nobody else yet.
    out: usize,
}

struct Cluster<'a> {
    setup: &'a Setup,
    baseline: Baseline,
    arrivals: &'a [Arrival],
    engine: Engine<Event>,
    servers: Vec<Server>,
    fates: Vec<Option<Fate>>,
    draw: Draw,
}

/// What becomes of each request.
pub(super) fn run(setup: &Setup, baseline: Baseline, arrivals: &[Arrival], seed: u64) -> Vec<Fate> {
    let all = usize::from(setup.servers());
    let (count, workers) = if baseline == Baseline::Ideal { (1, all) } else { (all, 1) };
    let mut cluster = Cluster {
        setup,
        baseline,
        arrivals,
        engine: Engine::new(),
        servers: vec![Server { workers, ..Server::default() }; count],
        fates: vec![None; arrivals.len()],
        draw: Draw::new(seed, Stream::Choices),
    };
    cluster.expect_issue(0);
    while let Some(event) = cluster.engine.take_next() {
        cluster.happen(event);
    }
    let ended = cluster.fates.into_iter();
    ended.map(|fate| fate.expect("who asks is answered, refused or loses patience")).collect()
}

impl Server {
    fn load(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum::<usize>() + self.running
    }

    fn queue(&mut self, class: Class) -> &mut VecDeque<Task> {
        &mut self.queues[class as usize]
    }

    fn next(&mut self) -> Option<Task> {
        self.queues.iter_mut().find_map(VecDeque::pop_front)
    }

    /// The movable task of the lowest class that came last.
    fn take_redundant(&mut self) -> Option<Task> {
        self.queues.iter_mut().rev().find_map(|queue| {
            let place = queue.iter().rposition(|task| task.movable)?;
            queue.remove(place)
        })
    }
}

impl Cluster<'_> {
    fn expect_issue(&mut self, request: u32) {
        if let Some(arrival) = self.arrivals.get(request as usize) {
            self.engine.at(arrival.at_us, Event::Issue(request));
        }
    }

    fn after_hops(&mut self, hops: u64, event: Event) {
        self.engine.after(hops * self.setup.hop_us, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Issue(request) => {
                self.after_hops(1, Event::Place(request));
                self.engine.after(self.setup.patience_us, Event::GiveUp(request));
                self.expect_issue(request + 1);
            }
            Event::Place(request) => {
                let server = self.place(request);
                self.after_hops(1, Event::Arrive { server, request });
            }
            Event::Arrive { server, request } => self.arrive(server, request),
            Event::Worked { server, request } => self.worked(server, request),
            Event::Answered(request) => self.end(request, End::Answered),
            Event::Refused(request) => self.end(request, End::Refused),
            Event::GiveUp(request) => {
                if self.fates[request as usize].is_none() {
                    self.end(request, End::GivenUp);
                    self.forget(request);
                }
            }
            Event::Offered(offer) => self.offered(offer),
            Event::Back(offer) => {
                self.servers[offer.source].out -= 1;
                self.enqueue(offer.source, Task { movable: false, ..offer.task });
            }
        }
    }

    fn class(&self, request: u32) -> Class {
        self.arrivals[request as usize].class
    }

    fn end(&mut self, request: u32, end: End) {
        let fate = Fate { end, at_us: self.engine.now_us() };
        self.fates[request as usize].get_or_insert(fate);
    }

    /// The server that a request is sent to.
    fn place(&mut self, request: u32) -> usize {
        let count = self.servers.len();
        let drawn = |draw: &mut Draw, count: usize| draw.below(count as u64) as usize;
        match self.baseline {
            Baseline::Ideal => 0,
            Baseline::Random => drawn(&mut self.draw, count),
            Baseline::TwoChoices => {
                let one = drawn(&mut self.draw, count);
                let other = (one + 1 + drawn(&mut self.draw, count - 1)) % count;
                if self.servers[other].load() < self.servers[one].load() { other } else { one }
            }
            Baseline::ShortestQueue => (0..count)
                .min_by_key(|server| self.servers[*server].load())
                .expect("there are servers"),
            Baseline::Home | Baseline::DelayShedder | Baseline::Overflow { .. } => {
                self.arrivals[request as usize].home.into()
            }
        }
    }

    fn arrive(&mut self, server: usize, request: u32) {
        if self.fates[request as usize].is_some() {
            return; // its client waits no more
        }
        let (class, here) = (self.class(request), &self.servers[server]);
        let room = match self.baseline {
            Baseline::Ideal => self.setup.room_of_all(class),
            _ => self.setup.room(class),
        };
        if here.load() + here.out >= room || self.sheds(server, class) {
            return self.after_hops(2, Event::Refused(request));
        }
        let queued_us = self.engine.now_us();
        self.enqueue(server, Task { request, queued_us, movable: true });
    }

    /// Whether a request would wait too long, as those do that wait now and go before it.
    fn sheds(&self, server: usize, class: Class) -> bool {
        let ahead = &self.servers[server].queues[..=class as usize];
        let oldest_us = ahead.iter().filter_map(|queue| queue.front()).map(|task| task.queued_us);
        let longest_us = SHED_WORKS[class as usize] * self.setup.work_us;
        self.baseline == Baseline::DelayShedder
            && oldest_us.min().is_some_and(|at_us| self.engine.now_us() - at_us > longest_us)
    }

    fn enqueue(&mut self, server: usize, task: Task) {
        if self.fates[task.request as usize].is_some() {
            return;
        }
        let class = self.class(task.request);
        self.servers[server].queue(class).push_back(task);
        self.go_on(server);
    }

    /// Starts what can be started, and offers what is redundant.
    fn go_on(&mut self, server: usize) {
        while self.servers[server].running < self.servers[server].workers {
            let Some(Task { request, .. }) = self.servers[server].next() else { break };
            self.servers[server].running += 1;
            let work_us = self.arrivals[request as usize].work_us;
            self.engine.after(work_us, Event::Worked { server, request });
        }
        let Baseline::Overflow { hops } = self.baseline else { return };
        while self.servers[server].load() > self.threshold(server) {
            let Some(task) = self.servers[server].take_redundant() else { break };
            self.servers[server].out += 1;
            let offer = Offer { task, source: server, to: server, asked: vec![server] };
            self.offer(offer, hops);
        }
    }

    fn threshold(&self, server: usize) -> usize {
        self.setup.config.knobs.threshold[server] as usize
    }

    /// Offers a task to a server that it was not offered to yet.
    fn offer(&mut self, mut offer: Offer, hops: u64) {
        let others: Vec<usize> =
            (0..self.servers.len()).filter(|server| !offer.asked.contains(server)).collect();
        offer.to = others[self.draw.below(others.len() as u64) as usize];
        offer.asked.push(offer.to);
        self.after_hops(hops, Event::Offered(offer));
    }

    fn offered(&mut self, offer: Offer) {
        let Baseline::Overflow { hops } = self.baseline else { unreachable!("nobody else offers") };
        if self.fates[offer.task.request as usize].is_some() {
            self.servers[offer.source].out -= 1;
        } else if self.servers[offer.to].load() < self.threshold(offer.to) {
            self.servers[offer.source].out -= 1;
            self.enqueue(offer.to, Task { movable: false, ..offer.task });
        } else if offer.asked.len() > OFFERS_MAX.min(self.servers.len() - 1) {
            self.after_hops(hops, Event::Back(offer));
        } else {
            // A server that asks another hears of the refusal before it asks the next.
            self.offer(offer, hops.max(2));
        }
    }

    fn worked(&mut self, server: usize, request: u32) {
        self.servers[server].running -= 1;
        self.after_hops(2, Event::Answered(request));
        self.go_on(server);
    }

    /// A client waits no more: at once, which no real system can do.
    fn forget(&mut self, request: u32) {
        let class = self.class(request);
        for server in &mut self.servers {
            server.queue(class).retain(|task| task.request != request);
        }
    }
}
