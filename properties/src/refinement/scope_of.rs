//! From what the nodes of a run are told to the scope that its trace names: the other way round than [`Setting::of`].
//!
//! A run has no budgets: what may happen in it may happen any number of times.

use std::collections::BTreeSet;

use spillway_impl::config;
use spillway_impl::profile;
use spillway_impl::world::{Planned, Wish};
use spillway_model::scope::limits::{FAULT_ANY, LEASES_MAX, LINK_MAX};
use spillway_model::scope::{
    Body, Class, Disk, Faults, Knobs, Links, Nodes, Request, Returned, Routing, Rule, Scope,
    Strategy, Unit, Users,
};
use spillway_traces::RequestId;

use super::setting::Setting;

/// The scope of a run with this setting.
pub fn scope_of(name: &str, about: &str, setting: &Setting) -> Scope {
    let config = &setting.config;
    let planned = (0..setting.plan.len()).filter_map(|id| setting.plan.planned(RequestId::of(id)));
    Scope {
        name: name.to_owned(),
        about: about.to_owned(),
        nodes: Nodes {
            clients: config.clients,
            communication_servers: config.communication_servers,
            query_servers: config.query_servers,
            sessions: setting.sessions.clone(),
            control_servers: config.control_servers,
        },
        knobs: knobs(&config.knobs),
        requests: planned.map(request).collect(),
        rounds: 1,
        faults: faults(config),
        sometimes: Vec::new(),
    }
}

fn knobs(knobs: &config::Knobs) -> Knobs {
    let knobs = knobs.clone();
    Knobs {
        threshold: knobs.threshold,
        queue_max: knobs.queue_max,
        rooms: knobs.rooms,
        pending_max: knobs.pending_max,
        relay_max: knobs.relay_max,
        ledger_max: knobs.ledger_max,
        ledger_rooms: knobs.ledger_rooms,
        window_max: knobs.window_max,
        link_max: *LINK_MAX.end(),
        routing: match knobs.routing {
            config::Routing::Home => Routing::Home,
            config::Routing::Any => Routing::Any,
        },
        returned: match knobs.returned {
            config::Returned::Queue => Returned::Queue,
            config::Returned::Busy => Returned::Busy,
        },
        give_back: knobs.give_back,
        links: match knobs.links {
            config::Links::Fifo => Links::Fifo,
            config::Links::Datagram => Links::Datagram,
        },
        strategy: match knobs.strategy {
            config::Strategy::Any => Strategy::Any,
            config::Strategy::LeastLoaded => Strategy::LeastLoaded,
            config::Strategy::RoundRobin => Strategy::RoundRobin,
            config::Strategy::TwoChoices => Strategy::TwoChoices,
            config::Strategy::Weighted => Strategy::Weighted,
            config::Strategy::Classes => Strategy::Classes,
        },
        accepts: knobs.accepts.iter().map(|row| row.iter().copied().map(class).collect()).collect(),
        weights: knobs.weights,
        unit: match knobs.unit {
            config::Unit::Count => Unit::Count,
            config::Unit::Delay => Unit::Delay,
        },
        overtaken_max: knobs.overtaken_max,
        disk: match knobs.disk {
            config::Disk::Immediate => Disk::Immediate,
            config::Disk::Flushed => Disk::Flushed,
        },
        sharing: rule(knobs.sharing),
    }
}

fn class(class: config::Class) -> Class {
    match class {
        config::Class::Interactive => Class::Interactive,
        config::Class::Normal => Class::Normal,
        config::Class::Bulk => Class::Bulk,
    }
}

fn rule(rule: profile::Rule) -> Rule {
    match rule {
        profile::Rule::Everyone => Rule::Everyone,
        profile::Rule::Contacts => Rule::Contacts,
        profile::Rule::Nobody => Rule::Nobody,
    }
}

fn request(planned: &Planned) -> Request {
    let body = match &planned.wish {
        Wish::Query { user, class: asked } => Body::Query { user: *user, class: class(*asked) },
        Wish::Publish => Body::Publish,
        Wish::Delete => Body::Delete,
        Wish::Share(shared) => Body::Share { rule: rule(*shared) },
        Wish::Contacts(contacts) => Body::Contacts { contacts: users(contacts) },
        Wish::Restate { information, rule: shared, contacts } => Body::Restate {
            information: *information,
            rule: rule(*shared),
            contacts: users(contacts),
        },
    };
    Request { client: planned.client, body, home: planned.home }
}

fn users(set: &BTreeSet<u16>) -> Users {
    Users(set.iter().fold(0, |bits, user| bits | 1 << user))
}

/// Whatever the configuration leaves room for.
fn faults(config: &config::Config) -> Faults {
    let knobs = &config.knobs;
    let datagram = knobs.links == config::Links::Datagram;
    let if_so = |is_so: bool| if is_so { FAULT_ANY } else { 0 };
    Faults::from_keys(|key| match key {
        "drop" | "duplicate" | "reorder" => if_so(datagram),
        "slow" => if_so(knobs.unit == config::Unit::Delay),
        "lease" => {
            if config.control_servers > 1 {
                LEASES_MAX
            } else {
                0
            }
        }
        "moves" => if_so(knobs.sessions && config.communication_servers > 1),
        "leave" | "cancel" => if_so(knobs.sessions),
        "compact" | "retry" => FAULT_ANY,
        _ if key.starts_with("crash-") => FAULT_ANY,
        _ => if_so(!datagram),
    })
}
