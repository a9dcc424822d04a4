//! What the status page is told each second, as JSON. Names of users are not among it.

use serde::Serialize;

use super::routes::Status;
use crate::live::metrics::Gauge;

#[derive(Serialize)]
struct Told {
    /// Microseconds since the start, from which the page makes rates of counts.
    now_us: u64,
    /// What is wrong, if anything is.
    illness: Option<String>,
    answered: u64,
    refused: u64,
    connections: usize,
    sessions: usize,
    servers: Vec<Server>,
    hand_overs: Vec<HandOver>,
}

#[derive(Serialize)]
struct Server {
    name: String,
    queued: usize,
    /// The longest that its queue was a moment ago.
    peak: u64,
    threshold: u32,
    open: usize,
    handed_over: u64,
    lag: u32,
}

#[derive(Serialize)]
struct HandOver {
    number: u64,
    request: String,
    from: String,
    to: Option<String>,
    fate: &'static str,
    ago_us: u64,
}

/// The status as the page's script reads it.
pub(super) fn json(status: &Status<'_>) -> String {
    let (metrics, now) = (status.metrics, &status.now);
    let server = |of: &Gauge| Server {
        name: of.server.to_string(),
        queued: of.queued,
        peak: metrics.peak_shown(of.server, now.now_us).max(of.queued as u64),
        threshold: of.threshold,
        open: of.handed_over,
        handed_over: metrics.offers(of.server),
        lag: of.lag,
    };
    let hand_overs = metrics.hand_overs().map(|handed| HandOver {
        number: handed.number,
        request: handed.request.to_string(),
        from: handed.from.to_string(),
        to: handed.to.map(|to| to.to_string()),
        fate: handed.fate.words(),
        ago_us: now.now_us.saturating_sub(handed.at_us),
    });
    let told = Told {
        now_us: now.now_us,
        illness: status.health.verdict(now.now_us).err(),
        answered: metrics.all_answered(),
        refused: metrics.all_refused(),
        connections: now.connections,
        sessions: now.sessions,
        servers: now.servers.iter().map(server).collect(),
        hand_overs: hand_overs.collect(),
    };
    serde_json::to_string(&told).unwrap_or_default()
}
