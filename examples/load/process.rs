//! What the server's process takes (proc(5)).

/// Microseconds of a tick.
pub(crate) const TICK_US: f64 = 10_000.0;

/// Processor time, in ticks.
pub(crate) fn ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// What it has now, and the most that it had.
pub(crate) fn memory(pid: u32) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let of = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    Some(format!("{} now, {} at most", of("VmRSS:")?, of("VmHWM:")?))
}
