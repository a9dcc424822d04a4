//! The text that Prometheus reads: exposition format 0.0.4. Units are last in a name, times are in seconds.

use std::fmt::Write;

use super::{Gauge, Kind, Metrics};

/// What is known beside the counts at the moment of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// By query server.
    pub servers: Vec<Gauge>,
    /// Connections of chat clients.
    pub connections: usize,
    /// Those that are logged in and have bound a resource.
    pub sessions: usize,
    /// The time.
    pub now_us: u64,
}

/// All metrics as text.
pub fn exposition(metrics: &Metrics, now: &Now) -> String {
    let mut text = Text(String::new());
    of_servers(metrics, now, &mut text);
    of_requests(metrics, &mut text);
    text.family("connections", "gauge", "Connections of chat clients.");
    text.plain("connections", now.connections as u64);
    text.family("sessions", "gauge", "Sessions: clients that are logged in with a resource.");
    text.plain("sessions", now.sessions as u64);
    text.family("disk_errors_total", "counter", "Times that something could not be stored.");
    text.plain("disk_errors_total", metrics.disk_errors);
    text.0
}

/// A family with a value for each query server.
type OfServer<'a> = (&'static str, &'static str, &'static str, &'a dyn Fn(&Gauge) -> u64);

fn of_servers(metrics: &Metrics, now: &Now, text: &mut Text) {
    let families: [OfServer<'_>; 6] = [
        ("queue_length", "gauge", "Tasks in the queue of a query server.", &|of| of.queued as u64),
        (
            "queue_length_peak",
            "gauge",
            "The longest queue of a query server in the last 16 seconds.",
            &|of| metrics.peak_kept(of.server, now.now_us),
        ),
        (
            "queue_threshold",
            "gauge",
            "Tasks that a query server holds before it hands over.",
            &|of| of.threshold.into(),
        ),
        (
            "tasks_handed_over_open",
            "gauge",
            "Tasks that a query server has handed over and that are not settled.",
            &|of| of.handed_over as u64,
        ),
        (
            "replica_lag_revisions",
            "gauge",
            "Revisions that the global server has and the replica of a query server has not.",
            &|of| of.lag.into(),
        ),
        (
            "tasks_handed_over_total",
            "counter",
            "Tasks that a query server has handed over.",
            &|of| metrics.offers(of.server),
        ),
    ];
    for (name, kind, help, value) in families {
        text.family(name, kind, help);
        for of in &now.servers {
            text.labelled(name, "server", &of.server.to_string(), value(of));
        }
    }
}

fn of_requests(metrics: &Metrics, text: &mut Text) {
    let gets = || Kind::ALL.into_iter().filter(|kind| *kind != Kind::Change);
    text.family("requests_answered_total", "counter", "Gets of cards that were answered.");
    for kind in gets() {
        let count = metrics.waits[kind.place()].count();
        text.labelled("requests_answered_total", "class", kind.name(), count);
    }
    let help = "Changes of users' own records that were acknowledged, which is after the disk has synced them.";
    text.family("publishes_acknowledged_total", "counter", help);
    let acknowledged = metrics.waits[Kind::Change.place()].count();
    text.plain("publishes_acknowledged_total", acknowledged);
    let help = "Requests that were told to come again later, since there was no room.";
    text.family("requests_refused_total", "counter", help);
    for kind in Kind::ALL {
        text.labelled(
            "requests_refused_total",
            "class",
            kind.name(),
            metrics.refused[kind.place()],
        );
    }
    text.family("requests_retried_total", "counter", "Requests that were sent again unanswered.");
    text.plain("requests_retried_total", metrics.retried);
    let help = "How long those requests waited that were answered or acknowledged.";
    text.family("wait_seconds", "histogram", help);
    for kind in Kind::ALL {
        text.histogram("wait_seconds", kind, metrics);
    }
}

/// Lines of the format. Names and labels are ours, so nothing is to be escaped.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP spillway_{name} {help}"));
        self.line(format_args!("# TYPE spillway_{name} {kind}"));
    }

    fn plain(&mut self, name: &str, value: u64) {
        self.line(format_args!("spillway_{name} {value}"));
    }

    fn labelled(&mut self, name: &str, label: &str, of: &str, value: u64) {
        self.line(format_args!("spillway_{name}{{{label}=\"{of}\"}} {value}"));
    }

    fn histogram(&mut self, name: &str, kind: Kind, metrics: &Metrics) {
        let (of, histogram) = (kind.name(), &metrics.waits[kind.place()]);
        for (bound_us, count) in histogram.cumulative() {
            let bound = seconds(bound_us);
            self.line(format_args!(
                "spillway_{name}_bucket{{class=\"{of}\",le=\"{bound}\"}} {count}"
            ));
        }
        let count = histogram.count();
        self.line(format_args!("spillway_{name}_bucket{{class=\"{of}\",le=\"+Inf\"}} {count}"));
        let sum = seconds(histogram.sum_us());
        self.line(format_args!("spillway_{name}_sum{{class=\"{of}\"}} {sum}"));
        self.line(format_args!("spillway_{name}_count{{class=\"{of}\"}} {count}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(line); // into a string it cannot fail
        self.0.push('\n');
    }
}

/// Microseconds as a decimal number of seconds, exactly.
pub(super) fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
