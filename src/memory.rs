//! How much memory a check may take when nobody says: an exploration that the system kills reports nothing.

/// The part of the available memory that is taken at most, in per cent.
const SHARE_PERCENT: u64 = 80;

/// The default bound in MiB, where the system tells what is available (Linux: proc(5), `meminfo`).
pub(crate) fn default_mib_max() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = available.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024 * SHARE_PERCENT / 100)
}
