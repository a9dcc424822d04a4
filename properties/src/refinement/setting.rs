//! From a scope to what the nodes are told: a configuration, and the plan of requests.

use std::sync::Arc;

use spillway_impl::bug::Bug;
use spillway_impl::config::{self, Config, Timers};
use spillway_impl::profile;
use spillway_impl::world::{Plan, Planned, Wish, World};
use spillway_model::scope::{
    Body, Class, Disk, Knobs, Links, Request, Returned, Routing, Rule, Scope, Strategy, Unit,
};

/// What the nodes of a scope are told.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The configuration.
    pub config: Arc<Config>,
    /// The plan of requests.
    pub plan: Arc<Plan>,
    /// The communication server of each client at the start.
    pub sessions: Vec<u16>,
}

impl Setting {
    /// The setting of a scope for lockstep with the model: one revision an Update, and no timer of its own.
    pub fn of(scope: &Scope) -> Setting {
        let nodes = &scope.nodes;
        let config = Config {
            clients: nodes.clients,
            communication_servers: nodes.communication_servers,
            query_servers: nodes.query_servers,
            control_servers: nodes.control_servers,
            knobs: knobs(scope),
            timers: Timers::default(),
            bug: None,
        };
        let list = scope.requests.iter().map(planned).collect();
        let plan = Plan::new(nodes.clients, list, scope.rounds);
        Setting { config: Arc::new(config), plan: Arc::new(plan), sessions: nodes.sessions.clone() }
    }

    /// The same with a seeded bug in the nodes.
    #[must_use]
    pub fn with(mut self, bug: Bug) -> Setting {
        Arc::make_mut(&mut self.config).bug = Some(bug);
        self
    }

    /// The nodes at their start.
    pub fn world(&self) -> World {
        World::new(self.config.clone(), self.plan.clone(), &self.sessions)
    }
}

fn knobs(scope: &Scope) -> config::Knobs {
    let faults = &scope.faults;
    let Knobs {
        threshold,
        queue_max,
        rooms,
        pending_max,
        relay_max,
        ledger_max,
        ledger_rooms,
        window_max,
        link_max: _, // nodes do not see how much a link holds
        routing,
        returned,
        give_back,
        links,
        strategy,
        accepts,
        weights,
        unit,
        overtaken_max,
        disk,
        sharing,
    } = scope.knobs.clone();
    config::Knobs {
        threshold,
        unit: match unit {
            Unit::Count => config::Unit::Count,
            Unit::Delay => config::Unit::Delay,
        },
        queue_max,
        rooms,
        pending_max,
        relay_max,
        ledger_max,
        ledger_rooms,
        window_max,
        routing: match routing {
            Routing::Home => config::Routing::Home,
            Routing::Any => config::Routing::Any,
        },
        returned: match returned {
            Returned::Queue => config::Returned::Queue,
            Returned::Busy => config::Returned::Busy,
        },
        give_back,
        links: match links {
            Links::Fifo => config::Links::Fifo,
            Links::Datagram => config::Links::Datagram,
        },
        strategy: match strategy {
            Strategy::Any => config::Strategy::Any,
            Strategy::LeastLoaded => config::Strategy::LeastLoaded,
            Strategy::RoundRobin => config::Strategy::RoundRobin,
            Strategy::TwoChoices => config::Strategy::TwoChoices,
            Strategy::Weighted => config::Strategy::Weighted,
            Strategy::Classes => config::Strategy::Classes,
        },
        binding: config::Binding::Early,
        weights,
        accepts: accepts.into_iter().map(|row| row.into_iter().map(class).collect()).collect(),
        overtaken_max,
        disk: match disk {
            Disk::Immediate => config::Disk::Immediate,
            Disk::Flushed => config::Disk::Flushed,
        },
        sharing: rule(sharing),
        sessions: faults.moves + faults.leave + faults.cancel > 0,
        sync_batch_max: 1,
        compact_after: 0,
    }
}

fn class(class: Class) -> config::Class {
    match class {
        Class::Interactive => config::Class::Interactive,
        Class::Normal => config::Class::Normal,
        Class::Bulk => config::Class::Bulk,
    }
}

fn rule(rule: Rule) -> profile::Rule {
    match rule {
        Rule::Everyone => profile::Rule::Everyone,
        Rule::Contacts => profile::Rule::Contacts,
        Rule::Nobody => profile::Rule::Nobody,
    }
}

fn planned(request: &Request) -> Planned {
    let wish = match request.body {
        Body::Query { user, class: asked } => Wish::Query { user, class: class(asked) },
        Body::Publish => Wish::Publish,
        Body::Delete => Wish::Delete,
        Body::Share { rule: shared } => Wish::Share(rule(shared)),
        Body::Contacts { contacts } => Wish::Contacts(contacts.iter().collect()),
        Body::Restate { information, rule: shared, contacts } => {
            Wish::Restate { information, rule: rule(shared), contacts: contacts.iter().collect() }
        }
    };
    Planned { client: request.client, wish, home: request.home }
}
