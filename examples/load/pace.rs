//! When a connection asks next. In an open loop a request is due at a time that does not depend on any answer: if it is sent late,
//! its wait has begun all the same, so that a server that stalls cannot hide what it made others wait.

/// When requests of a connection are due.
pub(crate) struct Pace {
    /// Between two of them; none in a closed loop.
    interval_us: Option<f64>,
    first_us: f64,
    asked: u64,
    under_way_max: usize,
}

impl Pace {
    /// As many as that are under way at any time.
    pub(crate) fn closed(under_way_max: usize) -> Pace {
        Pace { interval_us: None, first_us: 0.0, asked: 0, under_way_max }
    }

    /// The part of one of `many` connections, which take turns, in so many requests a second.
    pub(crate) fn open(rate: f64, place: usize, many: usize, under_way_max: usize) -> Pace {
        let interval_us = 1e6 * many as f64 / rate;
        let first_us = interval_us * place as f64 / many as f64;
        Pace { interval_us: Some(interval_us), first_us, asked: 0, under_way_max }
    }

    /// When the next request was due, if it may be sent by now.
    pub(crate) fn take_due_us(&mut self, now_us: u64, under_way: usize) -> Option<u64> {
        if under_way >= self.under_way_max {
            return None;
        }
        let due_us = match self.interval_us {
            None => now_us,
            Some(interval_us) => (self.first_us + interval_us * self.asked as f64) as u64,
        };
        self.asked += u64::from(due_us <= now_us);
        (due_us <= now_us).then_some(due_us)
    }
}
