//! How long things took, counted in fixed buckets: integers only, and nothing is allocated.

/// The upper bounds of the buckets in microseconds; what takes longer is in one more.
pub(super) const BOUNDS_US: [u64; 18] = [
    20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 10_000_000,
];

/// A histogram of waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
}

impl Histogram {
    pub(super) fn observe(&mut self, wait_us: u64) {
        // A bound is in its bucket, as Prometheus wants it.
        let place = BOUNDS_US.partition_point(|bound_us| *bound_us < wait_us);
        self.buckets[place] += 1;
        self.sum_us = self.sum_us.saturating_add(wait_us);
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(super) fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// Each bound with the number of waits that were not longer.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        BOUNDS_US.iter().zip(&self.buckets).scan(0, |sum, (bound_us, count)| {
            *sum += count;
            Some((*bound_us, *sum))
        })
    }
}
