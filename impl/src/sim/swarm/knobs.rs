//! Sizes, knobs and timers of a run: every feature is on in some runs and off in others, and what the protocol excludes is
//! never drawn.

use super::faults::FaultSet;
use crate::config::{
    Binding, Class, Config, Disk, Knobs, Links, REPORT_US_MAX, Returned, Routing, Strategy, Timers,
    Unit,
};
use crate::profile::Rule;
use crate::sim::draw::Draw;

/// Clients, communication servers, query servers.
pub type Sizes = (u16, u16, u16);

/// The sizes of the source's figure.
pub const FIGURE: Sizes = (6, 3, 3);

const STRATEGIES: [Strategy; 6] = [
    Strategy::Any,
    Strategy::LeastLoaded,
    Strategy::RoundRobin,
    Strategy::TwoChoices,
    Strategy::Weighted,
    Strategy::Classes,
];
pub(super) const CLASSES: [Class; 3] = [Class::Interactive, Class::Normal, Class::Bulk];
pub(super) const RULES: [Rule; 3] = [Rule::Everyone, Rule::Contacts, Rule::Nobody];

/// The configuration of a run whose messages take about so long.
pub(super) fn config(draw: &mut Draw, set: FaultSet, latency_us: u64) -> Config {
    let (clients, communication_servers, query_servers) = match draw.one_in(3) {
        true => FIGURE,
        false => (draw.between(1, 10) as u16, draw.between(1, 4) as u16, draw.between(2, 5) as u16),
    };
    Config {
        clients,
        communication_servers,
        query_servers,
        control_servers: draw.between(1, 2) as u16,
        knobs: knobs(draw, set, query_servers),
        timers: timers(draw, latency_us),
        bug: None,
    }
}

fn knobs(draw: &mut Draw, set: FaultSet, query_servers: u16) -> Knobs {
    let links = if draw.one_in(4) { Links::Datagram } else { Links::Fifo };
    let strategy = draw.pick(&STRATEGIES);
    let queue_max = draw.pick(&[2, 4, 8, 32]);
    let flushed = if set == FaultSet::Disk { !draw.one_in(8) } else { draw.flip() };
    let servers = || 0..query_servers;
    // Mostly far below the queue's bound, so that overflow comes before refusal.
    let threshold_max = if draw.one_in(4) { queue_max } else { queue_max / 2 };
    Knobs {
        threshold: servers().map(|_| draw.between(0, threshold_max.into()) as u32).collect(),
        unit: if draw.one_in(5) { Unit::Delay } else { Unit::Count },
        queue_max,
        rooms: Vec::new(),
        pending_max: draw.pick(&[2, 8, 64]),
        relay_max: draw.pick(&[1, 4, 16]),
        ledger_max: draw.pick(&[1, 4, 32]),
        ledger_rooms: Vec::new(),
        window_max: draw.pick(&[1, 2, 8]),
        routing: if draw.flip() { Routing::Home } else { Routing::Any },
        returned: if draw.flip() { Returned::Queue } else { Returned::Busy },
        give_back: false,
        links,
        strategy,
        binding: Binding::Early,
        weights: match strategy {
            Strategy::Weighted => servers().map(|_| draw.between(1, 4) as u32).collect(),
            _ => Vec::new(),
        },
        accepts: match strategy {
            Strategy::Classes => servers().map(|_| some_classes(draw)).collect(),
            _ => Vec::new(),
        },
        overtaken_max: draw.pick(&[0, 0, 1, 4]),
        disk: if flushed { Disk::Flushed } else { Disk::Immediate },
        sharing: draw.pick(&RULES),
        sessions: draw.flip(),
        sync_batch_max: sync_batch_max(draw, links),
        compact_after: compact_after(draw),
    }
}

/// How many revisions an Update has at most.
pub(super) fn sync_batch_max(draw: &mut Draw, links: Links) -> u32 {
    if links == Links::Datagram { 1 } else { draw.pick(&[1, 4, 16]) }
}

/// After how many revisions the log is compacted.
pub(super) fn compact_after(draw: &mut Draw) -> u32 {
    draw.pick(&[0, 2, 16])
}

/// Late binding, in some runs: it came later than all else, and leaves that as it was.
pub(super) fn late(draw: &mut Draw, config: &mut Config, latency_us: u64) {
    if draw.one_in(4) {
        config.knobs.binding = Binding::Late;
        config.timers.report_us_max = latency_us * draw.pick(&[2, 20]);
        config.knobs.give_back = draw.flip();
    }
}

/// The room for each class: mostly none of its own, else as much as for the class above it at most.
pub(super) fn rooms(draw: &mut Draw, queue_max: u32) -> Vec<u32> {
    if !draw.one_in(4) {
        return Vec::new();
    }
    let mut most = queue_max;
    let room = |_| {
        most = draw.between(1, most.into()) as u32;
        most
    };
    CLASSES.iter().map(room).collect()
}

fn some_classes(draw: &mut Draw) -> Vec<Class> {
    CLASSES.into_iter().filter(|_| draw.flip()).collect()
}

/// Timers long enough that what they wait for usually comes first.
pub(super) fn timers(draw: &mut Draw, latency_us: u64) -> Timers {
    let wait = |draw: &mut Draw| latency_us * draw.pick(&[20, 50, 200]);
    Timers {
        retry_us: if draw.flip() { wait(draw) } else { 0 },
        resend_us: wait(draw),
        pull_back_us: if draw.flip() { wait(draw) } else { 0 },
        reroute_us: if draw.flip() { wait(draw) } else { 0 },
        delay_us_max: latency_us * draw.pick(&[2, 10]),
        store_again_us: wait(draw),
        report_us_max: REPORT_US_MAX,
        backoff_us_max: latency_us * 2_000,
        jitter_percent: draw.pick(&[0, 10, 50]),
    }
}
