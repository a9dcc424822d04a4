//! Buffers that were emptied, for whoever needs one next. What a thread frees another one has often allocated: both would
//! wait for each other in the allocator, many thousand times a second.

use std::sync::{Mutex, PoisonError};

/// Bytes that wait in a pool, at most.
const POOL_BYTES_MAX: usize = 1 << 25;

/// Empty buffers.
pub(crate) struct Pool<T> {
    /// With the bytes of each.
    spares: Mutex<Spares<T>>,
}

struct Spares<T> {
    buffers: Vec<(T, usize)>,
    bytes: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { spares: Mutex::new(Spares { buffers: Vec::new(), bytes: 0 }) }
    }
}

impl<T: Default> Pool<T> {
    /// An empty buffer.
    pub(crate) fn take(&self) -> T {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((buffer, bytes)) = spares.buffers.pop() else { return T::default() };
        spares.bytes -= bytes;
        buffer
    }

    /// Keeps an empty buffer of so many bytes, unless there are enough.
    pub(crate) fn give(&self, buffer: T, bytes: usize) {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes > 0 && spares.bytes + bytes <= POOL_BYTES_MAX {
            spares.bytes += bytes;
            spares.buffers.push((buffer, bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_go_round_until_there_are_enough() {
        let pool = Pool::<Vec<u8>>::default();
        assert_eq!(pool.take().capacity(), 0);
        pool.give(Vec::with_capacity(100), 100);
        assert!(pool.take().capacity() >= 100);
        assert_eq!(pool.take().capacity(), 0, "it is gone");
        for _ in 0..3 {
            pool.give(Vec::with_capacity(1), POOL_BYTES_MAX / 2);
        }
        let kept = (0..3).filter(|_| pool.take().capacity() > 0).count();
        assert_eq!(kept, 2);
    }
}
