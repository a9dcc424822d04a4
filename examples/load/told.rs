//! What became of requests, as it is reported.

use crate::answer::Came;

/// Answers that come later are of no use to anybody who waits.
const LATE_US: u32 = 1_000_000;

#[derive(Default)]
pub(crate) struct Told {
    asked: u64,
    /// How long after it was due a request was asked at the latest: what this program could not keep up with.
    late_us_max: u64,
    answered: Waits,
    refused: Waits,
    wrong: u64,
}

/// How long requests waited.
#[derive(Default)]
struct Waits {
    us: Vec<u32>,
    /// How many came while it was asked.
    within: u64,
}

impl Told {
    pub(crate) fn asked(&mut self, late_us: u64) {
        self.asked += 1;
        self.late_us_max = self.late_us_max.max(late_us);
    }

    pub(crate) fn came(&mut self, came: Came, wait_us: u64, is_within: bool) {
        let waits = if came == Came::Answered { &mut self.answered } else { &mut self.refused };
        waits.us.push(wait_us.min(u64::from(u32::MAX)) as u32);
        waits.within += u64::from(is_within);
    }

    pub(crate) fn wrong(&mut self, stanza: &[u8]) {
        if self.wrong == 0 {
            println!("wrong: {}", String::from_utf8_lossy(stanza));
        }
        self.wrong += 1;
    }

    pub(crate) fn answered(&self) -> usize {
        self.answered.us.len()
    }

    /// What there is to say of a closed loop, in which nothing is late.
    pub(crate) fn line(&mut self, kind: &str, seconds: f64) -> String {
        self.sort();
        let rate = self.answered.within as f64 / seconds;
        let (answered, refused) = (&self.answered, self.refused.us.len());
        format!("{kind}: {rate:.0} answers/s, {refused} refused, {} wrong; {answered}", self.wrong)
    }

    /// What there is to say beside that of an open one. `left` are those that nothing has come of yet.
    pub(crate) fn open_line(&self, seconds: f64, left: usize) -> String {
        let Told { asked, late_us_max, answered, refused, .. } = self;
        let soon = answered.us.partition_point(|us| *us <= LATE_US);
        let rate = |count: u64| count as f64 / seconds;
        let share = |count: usize| 100.0 * count as f64 / (*asked).max(1) as f64;
        format!(
            "  of {:.0} asked/s {:.2} % answered, {:.2} % within 1 s; {:.0} refused/s, {refused}; {left} without a word; sent \
             late by {late_us_max} us at most",
            rate(*asked),
            share(answered.us.len()),
            share(soon),
            rate(refused.within),
        )
    }

    fn sort(&mut self) {
        self.answered.us.sort_unstable();
        self.refused.us.sort_unstable();
    }
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wait in us: median {}, 99 % {}", self.at(0.5), self.at(0.99))
    }
}

impl Waits {
    /// The wait that this share of them had at most.
    fn at(&self, share: f64) -> u32 {
        self.us.get((self.us.len() as f64 * share) as usize).copied().unwrap_or(0)
    }
}
