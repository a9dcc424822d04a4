//! What became of requests, and what that says of an allocator.

use serde::Serialize;

use super::arrivals::Arrival;
use super::setup::{HOPS, Setup};
use crate::config::Class;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client got its answer.
    Answered,
    /// It was told that there is no room.
    Refused,
    /// It lost patience.
    GivenUp,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// How it ended.
    pub end: End,
    /// When its client knew.
    pub at_us: u64,
}

/// Of some requests, what became of them. Times are of those that were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// How many there were.
    pub asked: u64,
    /// How many were answered.
    pub answered: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many were given up.
    pub given_up: u64,
    /// From asking to the answer, the mean.
    pub response_us: u64,
    /// 50 in a hundred took no longer.
    pub p50_us: u64,
    /// 99 in a hundred took no longer.
    pub p99_us: u64,
    /// What is left of the mean without the work itself and the links that no way of placing work can do without.
    pub wait_us: u64,
}

/// A request with its fate.
pub type Ended<'a> = (&'a Arrival, &'a Fate);

impl Summary {
    /// Of all of these.
    pub fn of<'a>(setup: &Setup, ended: impl Iterator<Item = Ended<'a>>) -> Summary {
        let mut summary = Summary::default();
        let (mut responses, mut waits) = (Vec::new(), 0);
        for (arrival, fate) in ended {
            summary.asked += 1;
            match fate.end {
                End::Answered => {
                    let response_us = fate.at_us - arrival.at_us;
                    waits += response_us - arrival.work_us - HOPS * setup.hop_us;
                    responses.push(response_us);
                }
                End::Refused => summary.refused += 1,
                End::GivenUp => summary.given_up += 1,
            }
        }
        responses.sort_unstable();
        summary.answered = responses.len() as u64;
        let mean = |sum: u64| sum.checked_div(summary.answered).unwrap_or(0);
        (summary.response_us, summary.wait_us) = (mean(responses.iter().sum()), mean(waits));
        if !responses.is_empty() {
            summary.p50_us = percentile(&responses, 50);
            summary.p99_us = percentile(&responses, 99);
        }
        summary
    }

    /// Answered of those that were asked for, in thousandths.
    pub fn answered_milli(&self) -> u64 {
        (self.answered * 1_000).checked_div(self.asked).unwrap_or(1_000)
    }
}

/// The least of these, which are sorted and at least one, that so many in a hundred do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

/// How many in a million of these requests were not answered within a time.
pub fn late_per_million<'a>(ended: impl Iterator<Item = Ended<'a>>, within_us: u64) -> u64 {
    let (mut all, mut late) = (0u64, 0u64);
    for (arrival, fate) in ended {
        all += 1;
        let in_time = fate.end == End::Answered && fate.at_us - arrival.at_us <= within_us;
        late += u64::from(!in_time);
    }
    (late * 1_000_000).checked_div(all).unwrap_or(0)
}

/// Work that was answered from one time to another, in thousandths of what all servers could have done by then.
pub fn goodput_milli<'a>(
    setup: &Setup,
    ended: impl Iterator<Item = Ended<'a>>,
    (from_us, to_us): (u64, u64),
) -> u64 {
    let within = |fate: &Fate| fate.end == End::Answered && (from_us..to_us).contains(&fate.at_us);
    let done: u64 =
        ended.filter(|(_, fate)| within(fate)).map(|(arrival, _)| arrival.work_us).sum();
    done * 1_000 / ((to_us - from_us) * u64::from(setup.servers()))
}

/// Requests that were asked for from a time to another, of one class or all.
pub fn between<'a>(
    arrivals: &'a [Arrival],
    fates: &'a [Fate],
    (from_us, to_us): (u64, u64),
    class: Option<Class>,
) -> impl Iterator<Item = Ended<'a>> {
    arrivals.iter().zip(fates).filter(move |(arrival, _)| {
        (from_us..to_us).contains(&arrival.at_us)
            && class.is_none_or(|class| class == arrival.class)
    })
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_the_least_that_enough_do_not_exceed() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (50, 99));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (7, 7));
        assert_eq!(percentile(&[1, 2, 3], 99), 3);
    }
}
