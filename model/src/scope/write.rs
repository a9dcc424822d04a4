//! Writes a scope as a scope file, to export that of a trace: every key in full, since a default may change one day,
//! but no faults that never happen.

use std::fmt::{self, Write};

use super::names::{
    CLASSES, DISKS, LINKS, RETURNEDS, ROUTINGS, RULES, STRATEGIES, UNITS, word_for,
};
use super::{Body, Faults, Knobs, Nodes, Request, Scope};

impl Scope {
    /// The scope as the text of a scope file, which [`Scope::parse`] reads back as the same scope if it is one that
    /// can be.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_toml(&mut text);
        text
    }

    fn write_toml(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "name = {}", string(&self.name))?;
        writeln!(out, "about = {}", string(&self.about))?;
        if self.rounds != 1 {
            writeln!(out, "rounds = {}", self.rounds)?;
        }
        write_nodes(out, &self.nodes)?;
        write_knobs(out, &self.knobs)?;
        writeln!(out, "\n# The requests, in the order of their ids.")?;
        for (id, request) in self.requests.iter().enumerate() {
            write_request(out, id, request)?;
        }
        write_faults(out, &self.faults)?;
        if !self.sometimes.is_empty() {
            writeln!(out, "\n# What a complete check must reach.\n[expect]\nsometimes = [")?;
            self.sometimes.iter().try_for_each(|name| writeln!(out, "    {},", string(name)))?;
            writeln!(out, "]")?;
        }
        Ok(())
    }
}

fn write_nodes(out: &mut String, nodes: &Nodes) -> fmt::Result {
    writeln!(out, "\n[nodes]\nclients = {}", nodes.clients)?;
    writeln!(out, "communication-servers = {}", nodes.communication_servers)?;
    writeln!(out, "query-servers = {}", nodes.query_servers)?;
    writeln!(out, "# The communication server of each client.\nsessions = {:?}", nodes.sessions)?;
    if nodes.control_servers != 1 {
        writeln!(out, "control-servers = {}", nodes.control_servers)?;
    }
    Ok(())
}

fn write_knobs(out: &mut String, knobs: &Knobs) -> fmt::Result {
    writeln!(out, "\n[knobs]\n# Tasks each query server may hold before it hands over.")?;
    writeln!(out, "threshold = {:?}", knobs.threshold)?;
    writeln!(out, "# Bounds, in entries.")?;
    for (key, bound) in knobs.bounds_by_key() {
        writeln!(out, "{key} = {bound}")?;
    }
    writeln!(out, "link-max = {}", knobs.link_max)?;
    writeln!(out, "routing = \"{}\"", word_for(ROUTINGS, &knobs.routing))?;
    writeln!(out, "returned = \"{}\"", word_for(RETURNEDS, &knobs.returned))?;
    write_features(out, knobs)
}

/// The knobs of features, where they are not off.
fn write_features(out: &mut String, knobs: &Knobs) -> fmt::Result {
    let plain = Knobs::default();
    let words = [
        ("links", word_for(LINKS, &knobs.links), knobs.links != plain.links),
        ("strategy", word_for(STRATEGIES, &knobs.strategy), knobs.strategy != plain.strategy),
        ("unit", word_for(UNITS, &knobs.unit), knobs.unit != plain.unit),
        ("disk", word_for(DISKS, &knobs.disk), knobs.disk != plain.disk),
        ("sharing", word_for(RULES, &knobs.sharing), knobs.sharing != plain.sharing),
    ];
    for (key, word, _) in words.iter().filter(|(_, _, written)| *written) {
        writeln!(out, "{key} = \"{word}\"")?;
    }
    if knobs.give_back {
        writeln!(out, "give-back = true")?;
    }
    for (key, rooms) in [("rooms", &knobs.rooms), ("ledger-rooms", &knobs.ledger_rooms)] {
        if !rooms.is_empty() {
            writeln!(out, "{key} = {rooms:?}")?;
        }
    }
    if !knobs.accepts.is_empty() {
        let words = |classes: &Vec<super::Class>| -> Vec<&str> {
            classes.iter().map(|class| word_for(CLASSES, class)).collect()
        };
        let accepts: Vec<Vec<&str>> = knobs.accepts.iter().map(words).collect();
        writeln!(out, "accepts = {accepts:?}")?;
    }
    if !knobs.weights.is_empty() {
        writeln!(out, "weights = {:?}", knobs.weights)?;
    }
    if knobs.overtaken_max > 0 {
        writeln!(out, "overtaken-max = {}", knobs.overtaken_max)?;
    }
    Ok(())
}

fn write_request(out: &mut String, id: usize, request: &Request) -> fmt::Result {
    let gap = if id == 0 { "" } else { "\n" };
    writeln!(out, "{gap}[[request]] # {id}\nclient = {}", request.client)?;
    match request.body {
        Body::Query { user, class } => {
            writeln!(
                out,
                "kind = \"query\"\nuser = {user}\nclass = \"{}\"",
                word_for(CLASSES, &class)
            )?;
        }
        Body::Publish => writeln!(out, "kind = \"publish\"")?,
        Body::Delete => writeln!(out, "kind = \"delete\"")?,
        Body::Share { rule } => {
            writeln!(out, "kind = \"share\"\nrule = \"{}\"", word_for(RULES, &rule))?;
        }
        Body::Contacts { contacts } => {
            let contacts: Vec<u16> = contacts.iter().collect();
            writeln!(out, "kind = \"contacts\"\ncontacts = {contacts:?}")?;
        }
        Body::Restate { information, rule, contacts } => {
            let (rule, contacts) = (word_for(RULES, &rule), contacts.iter().collect::<Vec<u16>>());
            writeln!(out, "kind = \"restate\"\ninformation = {information}")?;
            writeln!(out, "rule = \"{rule}\"\ncontacts = {contacts:?}")?;
        }
    }
    writeln!(out, "home = {}", request.home)
}

fn write_faults(out: &mut String, faults: &Faults) -> fmt::Result {
    if *faults == Faults::default() {
        return Ok(());
    }
    writeln!(out, "\n# How often each fault may happen in one run.\n[faults]")?;
    let happens = faults.by_key().into_iter().filter(|(_, often)| *often > 0);
    happens.into_iter().try_for_each(|(key, often)| writeln!(out, "{key} = {often}"))
}

/// A TOML string, escaped as need be.
fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
