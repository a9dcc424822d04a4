//! The longest queue of each of the last seconds. A queue of the live system comes and goes within milliseconds, so that who
//! looks once a second would never see one.

/// Seconds that are kept: one more than Prometheus mostly waits between two looks.
pub(super) const PEAK_SECONDS: usize = 16;
const SECOND_US: u64 = 1_000_000;

/// The peaks, by second modulo their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Peaks {
    of: [u64; PEAK_SECONDS],
    /// The newest second that has one.
    second: u64,
}

impl Peaks {
    pub(super) fn reached(&mut self, length: u64, now_us: u64) {
        let now = now_us / SECOND_US;
        if now > self.second {
            let passed = (now - self.second).min(PEAK_SECONDS as u64);
            (0..passed).for_each(|back| self.of[place(now - back)] = 0);
            self.second = now;
        }
        // A clock that goes back counts for the newest second.
        let peak = &mut self.of[place(self.second)];
        *peak = (*peak).max(length);
    }

    /// The longest of this many seconds, the one that runs among them.
    pub(super) fn longest(&self, seconds: u64, now_us: u64) -> u64 {
        let now = (now_us / SECOND_US).max(self.second);
        let wanted = now.saturating_sub(seconds.saturating_sub(1))..=now;
        let kept = self.second.saturating_sub(PEAK_SECONDS as u64 - 1)..=self.second;
        let both = (*wanted.start()).max(*kept.start())..=self.second;
        both.map(|second| self.of[place(second)]).max().unwrap_or(0)
    }
}

fn place(second: u64) -> usize {
    (second % PEAK_SECONDS as u64) as usize
}
