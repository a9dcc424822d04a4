//! A run's configuration as a few lines of text: what is off is left out.

use std::fmt;

use serde::Serialize;

use super::{Choices, DiskFaults, Faults, Rate, Swarm, Workload};

impl fmt::Display for Swarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (config, l) = (&self.config, &self.latencies);
        let (a, b, c) = (config.clients, config.communication_servers, config.query_servers);
        let set = self.set.name();
        write!(f, "seed {}", self.seed)?;
        if let Some(script) = &self.script {
            write!(f, " of {}", script.name)?;
        }
        writeln!(f, ": A{a} B{b} C{c} K{}, faults {set}", config.control_servers)?;
        if self.choices != Choices::Configured {
            writeln!(f, "  choices: {}", self.choices.name())?;
        }
        writeln!(f, "  knobs: {}", listed(&config.knobs))?;
        writeln!(f, "  timers: {}", listed(&config.timers))?;
        writeln!(f, "  sessions: {:?}", self.sessions)?;
        match &self.script {
            Some(script) => scripted(f, script.requests.len(), &self.workload)?,
            None => writeln!(f, "  workload: {}", self.workload)?,
        }
        let [client, query, global, control] = [l.client, l.query, l.global, l.control];
        writeln!(f, "  latency: A–B {client}, B–C {query}, C–G {global}, C–K {control}")?;
        writeln!(f, "  service: {}, on C0 times {}", self.service, self.hot_factor)?;
        writeln!(f, "  faults until {}us: {}", self.faults_until_us, self.faults)?;
        writeln!(f, "  disk: {}", self.disk)?;
        write!(f, "  then settled within {}us", self.settle_us_max)
    }
}

/// The fields of a flat structure, as its file has them, without quotes and braces.
fn listed(fields: &impl Serialize) -> String {
    let text = serde_json::to_string(fields).unwrap_or_default();
    text.trim_matches(['{', '}']).replace('"', "").replace(',', ", ").replace(':', " ")
}

fn parts(f: &mut fmt::Formatter<'_>, parts: &[(&str, u32)]) -> fmt::Result {
    for (name, per_million) in parts.iter().filter(|(_, per_million)| *per_million > 0) {
        write!(f, " {name} {per_million}ppm")?;
    }
    Ok(())
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [interactive, normal, bulk] = self.classes;
        write!(f, "{} requests each, think {}", self.requests, self.think)?;
        write!(f, ", classes {interactive}:{normal}:{bulk}, patience {};", self.patience)?;
        parts(
            f,
            &[
                ("changes", self.changes_per_million),
                ("deletions", self.deletions_per_million),
                ("shares", self.shares_per_million),
                ("contacts", self.contacts_per_million),
                ("hot", self.hot_per_million),
            ],
        )?;
        parts(f, &ends(self))
    }
}

/// What clients do beside asking.
fn ends(workload: &Workload) -> [(&'static str, u32); 3] {
    [
        ("cancels", workload.cancels_per_million),
        ("moves", workload.moves_per_million),
        ("leaves", workload.leaves_per_million),
    ]
}

/// The workload whose requests are given.
fn scripted(f: &mut fmt::Formatter<'_>, requests: usize, workload: &Workload) -> fmt::Result {
    let (think, patience) = (workload.think, workload.patience);
    write!(f, "  workload: the {requests} requests given, think {think}, patience {patience};")?;
    parts(f, &ends(workload))?;
    writeln!(f)
}

fn rates(f: &mut fmt::Formatter<'_>, rates: &[(&str, Rate)]) -> fmt::Result {
    for (name, rate) in rates.iter().filter(|(_, rate)| rate.is_on()) {
        write!(f, " {name} every {}us for {};", rate.every_us, rate.lasts)?;
    }
    Ok(())
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Faults::NONE {
            return f.write_str("none");
        }
        rates(
            f,
            &[
                ("crash-b", self.crash_communication),
                ("crash-c", self.crash_query),
                ("crash-g", self.crash_global),
                ("crash-k", self.crash_control),
                ("slow", self.slow),
                ("stall", self.stall),
                ("reset", self.reset),
                ("cut", self.cut),
                ("partition", self.partition),
                ("jump", self.jump),
                ("lease", self.lease),
            ],
        )?;
        parts(
            f,
            &[
                ("stops", self.stops_per_million),
                ("drop", self.drop_per_million),
                ("duplicate", self.duplicate_per_million),
                ("reorder", self.reorder_per_million),
                ("skew", self.skew_per_million),
            ],
        )?;
        if self.jump.is_on() { write!(f, " jump by {}us", self.jump_us_max) } else { Ok(()) }
    }
}

impl fmt::Display for DiskFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sync {};", self.sync)?;
        rates(f, &[("full", self.full)])?;
        parts(
            f,
            &[
                ("torn", self.torn_per_million),
                ("whole", self.whole_per_million),
                ("read-error", self.read_error_per_million),
            ],
        )
    }
}
