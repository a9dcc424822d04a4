//! Whether all is well: what a supervisor asks before it sends anybody here.

/// For how long the disk may be at something before that is an illness: its thread may have died.
const STORING_US_MAX: u64 = 10_000_000;

/// What speaks against it.
#[derive(Clone, Debug, Default)]
pub(in crate::live) struct Health {
    /// Why the last thing that the global server asked of the disk was not stored.
    fault: Option<String>,
    /// Since when the disk is at something.
    storing_since_us: Option<u64>,
    is_draining: bool,
}

impl Health {
    /// The disk was asked for something.
    pub(in crate::live) fn storing(&mut self, now_us: u64) {
        self.storing_since_us = Some(now_us);
    }

    /// The disk has done that, or could not. The global server tries again, so that a fault ends of itself.
    pub(in crate::live) fn stored(&mut self, stored: &Result<(), String>) {
        self.storing_since_us = None;
        self.fault = stored.as_ref().err().cloned();
    }

    /// The server stops.
    pub(in crate::live) fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// What is not, in words.
    pub(super) fn verdict(&self, now_us: u64) -> Result<(), String> {
        if self.is_draining {
            return Err("the server stops".to_owned());
        }
        if let Some(fault) = &self.fault {
            return Err(format!("user information cannot be stored: {fault}"));
        }
        let storing_us =
            self.storing_since_us.map_or(0, |since_us| now_us.saturating_sub(since_us));
        match storing_us > STORING_US_MAX {
            true => Err(format!("the disk has not answered for {} s", storing_us / 1_000_000)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_or_hangs_is_an_illness_until_it_stores() {
        let mut health = Health::default();
        assert_eq!(health.verdict(u64::MAX), Ok(()));
        health.storing(5);
        assert_eq!(health.verdict(5 + STORING_US_MAX), Ok(()));
        let hangs = health.verdict(6 + STORING_US_MAX);
        assert_eq!(hangs, Err("the disk has not answered for 10 s".to_owned()));
        health.stored(&Err("no space left".to_owned()));
        let fails = Err("user information cannot be stored: no space left".to_owned());
        assert_eq!(health.verdict(u64::MAX), fails);
        health.storing(7);
        assert_eq!(health.verdict(8), fails, "trying is not storing");
        health.stored(&Ok(()));
        assert_eq!(health.verdict(u64::MAX), Ok(()));
        health.drain();
        assert_eq!(health.verdict(0), Err("the server stops".to_owned()));
    }
}
