//! Who asks for what, when: drawn once, and given to every allocator alike.

use super::setup::Setup;
use crate::config::Class;
use crate::sim::draw::{Draw, Stream};
use crate::sim::swarm::span::exponential;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When its client asks.
    pub at_us: u64,
    /// Its priority.
    pub class: Class,
    /// The query server that it is for.
    pub home: u16,
    /// How long it takes to serve.
    pub work_us: u64,
}

/// How much is asked for, from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// For how long.
    pub lasts_us: u64,
    /// In thousandths of what all servers together can do.
    pub load_milli: u64,
}

/// Requests of these phases, one after the other. Of them `hot_milli` thousandths have the first query server as their
/// home, the rest the others, each as likely.
///
/// # Panics
/// There are fewer than two query servers, a load is 0, or no class is asked for.
pub fn arrivals(setup: &Setup, phases: &[Phase], hot_milli: u64, seed: u64) -> Vec<Arrival> {
    let draw = &mut Draw::new(seed, Stream::Arrivals);
    let (mut all, mut begun_us) = (Vec::new(), 0);
    for phase in phases {
        let ends_us = begun_us + phase.lasts_us;
        // In thousandths of a microsecond: a mean of a few is not to be cut off.
        let mean = setup.work_us * 1_000_000 / (phase.load_milli * u64::from(setup.servers()));
        let mut at = begun_us * 1_000;
        loop {
            at += exponential(draw, mean);
            if at / 1_000 >= ends_us {
                break;
            }
            all.push(Arrival {
                at_us: at / 1_000,
                class: class(draw, &setup.classes),
                home: home(draw, setup.servers(), hot_milli),
                work_us: exponential(draw, setup.work_us).max(1),
            });
        }
        begun_us = ends_us;
    }
    all
}

/// The thousandths of requests whose home is the first server if no server is hotter than another.
pub fn even_milli(servers: u16) -> u64 {
    1_000 / u64::from(servers)
}

fn home(draw: &mut Draw, servers: u16, hot_milli: u64) -> u16 {
    match draw.below(1_000) < hot_milli {
        true => 0,
        false => 1 + draw.below(u64::from(servers) - 1) as u16,
    }
}

fn class(draw: &mut Draw, parts: &[u32; 3]) -> Class {
    let mut drawn = draw.below(parts.iter().map(|part| u64::from(*part)).sum()) as u32;
    for (class, part) in [Class::Interactive, Class::Normal, Class::Bulk].into_iter().zip(parts) {
        match drawn.checked_sub(*part) {
            Some(rest) => drawn = rest,
            None => return class,
        }
    }
    unreachable!("a number below the sum falls into one of its parts")
}
