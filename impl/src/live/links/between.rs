//! What communication servers say to each other. They have no links: query servers pass it on, this one or that, and some may be
//! gone before they have. So what is said is numbered, and said again until the other end has taken it; it takes everything
//! once and in order.

use std::collections::{BTreeMap, VecDeque};

use spillway_traces::{Node, Role};

use super::frame::Aside;
use super::neighbours::Neighbours;
use super::news::Life;
use crate::live::seats::Parcel;

/// After how long without a word what was said is said again.
const AGAIN_US: u64 = 500_000;
/// The longest time until then, if nobody says a word again and again.
const AGAIN_US_MAX: u64 = 4_000_000;
/// Bytes that are said and not taken, above which no more is said; and bytes of one parcel, at most.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;
const PARCEL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Parcels in one message, at most, and their bytes, unless one alone has more.
const PARCELS_MAX: usize = 256;
const BYTES_MAX: usize = 1024 * 1024;
/// Parcels that wait for one server, at most, and their bytes.
const WAITING_MAX: usize = 65_536;
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What is between this server and another one.
#[derive(Debug, Default)]
struct Peer {
    /// What it has not taken yet, in order.
    out: VecDeque<Parcel>,
    bytes: usize,
    /// The number of the first of these.
    first: u64,
    /// How many of these were said, since when, and how often in vain.
    said: usize,
    said_bytes: usize,
    said_us: u64,
    times: usize,
    /// How often in a row since it has last taken something.
    vain: u32,
    /// The number of what it is to say next.
    next: u64,
    /// Whether it is to be told what was taken.
    owes: bool,
}

impl Peer {
    /// After how long what was said is said again.
    fn patience_us(&self) -> u64 {
        (AGAIN_US << self.vain.min(8)).min(AGAIN_US_MAX)
    }
}

/// All that is between this server and others.
#[derive(Debug)]
pub struct Between {
    me: Life,
    peers: BTreeMap<Life, Peer>,
}

impl Between {
    /// Nothing yet.
    pub fn new(me: Life) -> Between {
        Between { me, peers: BTreeMap::new() }
    }

    /// Another server is of interest from now on: that it is gone is to be told.
    pub fn meet(&mut self, life: Life) {
        self.peers.entry(life).or_default();
    }

    /// Something for another server. Whether there is room for it: what ends something always has some.
    pub fn put(&mut self, to: Life, parcel: Parcel) -> bool {
        let peer = self.peers.entry(to).or_default();
        let has_room = peer.out.len() < WAITING_MAX
            && peer.bytes < WAITING_BYTES_MAX
            && parcel.bytes() <= PARCEL_BYTES_MAX;
        if !has_room && !parcel.is_end() {
            return false;
        }
        peer.bytes += parcel.bytes();
        peer.out.push_back(parcel);
        true
    }

    /// Whether something waits for a server, or until it has taken it.
    pub fn is_waiting(&self) -> bool {
        self.peers.values().any(|peer| !peer.out.is_empty())
    }

    /// Says what is to be said by now, if some query server is connected.
    pub fn say(&mut self, neighbours: &mut Neighbours, now_us: u64) {
        let servers: Vec<Node> =
            neighbours.connected().filter(|node| node.role == Role::Query).collect();
        if servers.is_empty() {
            return;
        }
        for (life, peer) in &mut self.peers {
            if peer.said > 0 && now_us >= peer.said_us + peer.patience_us() {
                (peer.said, peer.said_bytes) = (0, 0);
                (peer.times, peer.vain) = (peer.times + 1, peer.vain + 1);
            }
            // The same way as long as it is one: what is said stays in order then.
            let way = servers[(usize::from(life.0.index) + peer.times) % servers.len()];
            while (peer.said < peer.out.len() && peer.said_bytes < WINDOW_BYTES) || peer.owes {
                let may_say = peer.said_bytes < WINDOW_BYTES;
                let rest = peer.out.iter().skip(peer.said);
                let parcels = if may_say { some(rest) } else { Vec::new() };
                let number = peer.first + peer.said as u64;
                if peer.said == 0 {
                    peer.said_us = now_us;
                }
                (peer.said, peer.owes) = (peer.said + parcels.len(), false);
                peer.said_bytes += parcels.iter().map(Parcel::bytes).sum::<usize>();
                let (from, to, taken) = (self.me, *life, peer.next);
                neighbours.aside(way, Aside::Between { from, to, number, taken, parcels });
            }
        }
    }

    /// When something is to be said again, unless something happens before.
    pub fn next_due_us(&self) -> Option<u64> {
        let waits = self.peers.values().filter(|peer| peer.said > 0);
        waits.map(|peer| peer.said_us + peer.patience_us()).min()
    }

    /// Another server has said something, the first of it with this number, and has taken what was said to it up to there.
    /// What is new of it.
    pub fn heard(
        &mut self,
        from: Life,
        number: u64,
        taken: u64,
        parcels: Vec<Parcel>,
        now_us: u64,
    ) -> Vec<Parcel> {
        let peer = self.peers.entry(from).or_default();
        // It cannot have taken what was never said.
        let fresh = taken.saturating_sub(peer.first).min(peer.said as u64) as usize;
        if fresh > 0 {
            let bytes = peer.out.drain(..fresh).map(|parcel| parcel.bytes()).sum::<usize>();
            (peer.bytes, peer.said_bytes) = (peer.bytes - bytes, peer.said_bytes - bytes);
            peer.vain = 0;
            peer.first += fresh as u64;
            (peer.said, peer.said_us) = (peer.said - fresh, now_us);
        }
        if parcels.is_empty() {
            return Vec::new();
        }
        peer.owes = true;
        let known = peer.next.saturating_sub(number) as usize;
        if number > peer.next || known >= parcels.len() {
            return Vec::new(); // it comes again, in order; or it has come already
        }
        peer.next = number + parcels.len() as u64;
        parcels.into_iter().skip(known).collect()
    }

    /// Servers that are gone, each with what it has not taken.
    pub fn take_gone(&mut self, may_live: impl Fn(Life) -> bool) -> Vec<(Life, Vec<Parcel>)> {
        let gone: Vec<Life> = self.peers.keys().copied().filter(|life| !may_live(*life)).collect();
        let lost = gone.into_iter().filter_map(|life| Some((life, self.peers.remove(&life)?)));
        lost.map(|(life, peer)| (life, peer.out.into())).collect()
    }
}

/// As many as one message is to have.
fn some<'a>(parcels: impl Iterator<Item = &'a Parcel>) -> Vec<Parcel> {
    let (mut some, mut bytes) = (Vec::new(), 0);
    for parcel in parcels.take(PARCELS_MAX) {
        bytes += parcel.bytes();
        if bytes > BYTES_MAX && !some.is_empty() {
            break;
        }
        some.push(parcel.clone());
    }
    some
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::live::links::frame::Frame;
    use crate::live::links::neighbours::Deed;
    use crate::live::links::news::Fact;

    const B: [Life; 2] = [(Node::communication(0), 0), (Node::communication(1), 3)];

    /// A server with two query servers connected, and what it has said to them.
    struct End {
        between: Between,
        neighbours: Neighbours,
    }

    impl End {
        fn new(me: Life) -> End {
            let query = [0, 1].map(Node::query);
            let mut neighbours = Neighbours::new(me, 0, query.to_vec());
            for (line, node) in query.into_iter().enumerate() {
                neighbours.dialed(line as u64, node);
                let facts = vec![Fact::Born((node, 0))];
                neighbours.heard(line as u64, Frame::Welcome { from: (node, 0), facts });
            }
            neighbours.take_deeds();
            End { between: Between::new(me), neighbours }
        }

        fn say(&mut self, now_us: u64) -> Vec<Aside> {
            self.between.say(&mut self.neighbours, now_us);
            let asides = self.neighbours.take_deeds().into_iter().filter_map(|deed| match deed {
                Deed::Say(_, Frame::Aside(aside)) => Some(aside),
                _ => None,
            });
            asides.collect()
        }

        fn hear(&mut self, aside: Aside, now_us: u64) -> Vec<Parcel> {
            let Aside::Between { from, number, taken, parcels, .. } = aside else { panic!() };
            self.between.heard(from, number, taken, parcels, now_us)
        }
    }

    proptest! {
        /// Whatever is lost, repeated or late on the way: all is taken, once and in order, both ways.
        #[test]
        fn everything_comes_once_and_in_order(
            turns in proptest::collection::vec((any::<bool>(), 0_usize..4, 0_u8..8), 1..200)
        ) {
            let mut ends = B.map(End::new);
            let (mut put, mut taken) = ([0, 0], [Vec::new(), Vec::new()]);
            let mut flights: [Vec<Aside>; 2] = Default::default();
            let mut now_us = 0;
            let calm = (0..120).flat_map(|_| [(false, 0, 0), (true, 0, 0)]);
            for (side, more, fate) in turns.into_iter().chain(calm) {
                let (near, far) = (usize::from(side), usize::from(!side));
                now_us += 300_000;
                for _ in 0..more {
                    put[near] += 1;
                    let parcel = Parcel::Ended { id: put[near] };
                    prop_assert!(ends[near].between.put(B[far], parcel), "there is room");
                }
                let said = ends[near].say(now_us);
                flights[near].extend(said);
                match fate {
                    1 => flights[near].clear(),
                    2 => continue, // it is late
                    3 => flights[near].reverse(),
                    4 => flights[near].extend(flights[near].clone()),
                    _ => {}
                }
                for aside in std::mem::take(&mut flights[near]) {
                    taken[near].extend(ends[far].hear(aside, now_us));
                }
            }
            for side in [0, 1] {
                let expected: Vec<Parcel> = (1..=put[side]).map(|id| Parcel::Ended { id }).collect();
                prop_assert_eq!(&taken[side], &expected);
            }
            prop_assert!(ends.iter().all(|end| end.between.peers.values().all(|peer| peer.out.is_empty())));
        }
    }

    #[test]
    fn what_a_server_has_not_taken_comes_back_when_it_is_gone() {
        let mut end = End::new(B[0]);
        end.between.put(B[1], Parcel::Ended { id: 1 });
        end.say(0);
        assert!(end.between.take_gone(|_| true).is_empty());
        let gone = end.between.take_gone(|life| life != B[1]);
        assert_eq!(gone, [(B[1], vec![Parcel::Ended { id: 1 }])]);
        assert!(end.between.take_gone(|_| false).is_empty());
    }
}
