//! Which requests there will be: a list, repeated. A request's id is its place, so that an id says everything about the
//! request, in a scope of the model and in a long run alike.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spillway_traces::RequestId;

use crate::config::Class;
use crate::node::{Change, Command};
use crate::profile::{Info, Profile, Record, Rule};

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// A user's information.
    Query {
        /// The user.
        user: u16,
        /// Its priority.
        class: Class,
    },
    /// New information of its own: a profile that names the user and the version, see [`Plan::profile`].
    Publish,
    /// No information of its own any more.
    Delete,
    /// Another rule of sharing.
    Share(Rule),
    /// Another contact list.
    Contacts(BTreeSet<u16>),
    /// The whole record anew, none of it as it was before.
    Restate {
        /// Whether there is information: a profile as of a publish.
        information: bool,
        /// The rule of sharing.
        rule: Rule,
        /// The contact list.
        contacts: BTreeSet<u16>,
    },
}

impl Wish {
    /// Whether it changes the client's own record.
    pub fn is_change(&self) -> bool {
        !matches!(self, Wish::Query { .. })
    }
}

/// One request of the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Planned {
    /// The client that issues it.
    pub client: u16,
    /// What it wants.
    pub wish: Wish,
    /// The query server that it goes to while routing is `home`.
    pub home: u16,
}

/// All requests of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    list: Vec<Planned>,
    rounds: u32,
    /// For each client the places of its requests in the list.
    by_client: Vec<Vec<u32>>,
    /// For each place of the list how many changes its client has there up to it, itself included.
    changes: Vec<u32>,
}

impl Plan {
    /// The plan of a list, so many times over. The ids of each round follow those of the one before.
    ///
    /// # Panics
    /// A request of the list names a client that is not there, or there are more than an id can count.
    pub fn new(clients: u16, list: Vec<Planned>, rounds: u32) -> Plan {
        let all = u32::try_from(list.len()).ok().and_then(|round| round.checked_mul(rounds));
        assert!(all.is_some(), "an id counts every request of the plan");
        let mut by_client = vec![Vec::new(); clients.into()];
        let mut counts = vec![0; clients.into()];
        let mut changes = Vec::with_capacity(list.len());
        for (place, planned) in list.iter().enumerate() {
            let client = usize::from(planned.client);
            by_client[client].push(place as u32);
            counts[client] += u32::from(planned.wish.is_change());
            changes.push(counts[client]);
        }
        Plan { list, rounds, by_client, changes }
    }

    /// How many requests there are.
    pub fn len(&self) -> u32 {
        self.list.len() as u32 * self.rounds
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a request is; none if there is no such request.
    pub fn planned(&self, request: RequestId) -> Option<&Planned> {
        let known = request.number() < self.len();
        known.then(|| &self.list[request.number() as usize % self.list.len()])
    }

    /// The request that a client issues after it has issued so many.
    pub fn next(&self, client: u16, issued: u32) -> Option<RequestId> {
        let own = self.by_client.get(usize::from(client))?;
        let each = u32::try_from(own.len()).ok().filter(|each| *each > 0)?;
        let round = issued / each;
        let place = own[(issued % each) as usize];
        (round < self.rounds).then(|| RequestId::of(round * self.list.len() as u32 + place))
    }

    /// The version that a request makes of its client's record; 0 for a query.
    pub fn version(&self, request: RequestId) -> u32 {
        let Some(planned) = self.planned(request).filter(|planned| planned.wish.is_change()) else {
            return 0;
        };
        let (round, place) = (request.number() as usize / self.list.len(), self.place(request));
        self.changes_a_round(planned.client) * round as u32 + self.changes[place]
    }

    fn place(&self, request: RequestId) -> usize {
        request.number() as usize % self.list.len()
    }

    fn changes_a_round(&self, client: u16) -> u32 {
        let own = &self.by_client[usize::from(client)];
        own.last().map_or(0, |place| self.changes[*place as usize])
    }

    /// The information that a user publishes as this version.
    pub fn profile(user: u16, version: u32) -> Profile {
        let fields = [("name", format!("user {user}")), ("status", format!("version {version}"))];
        Profile { fields: fields.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    /// What a client is told so that it issues a request.
    ///
    /// # Panics
    /// There is no such request.
    pub fn command(&self, request: RequestId) -> Command {
        let planned = self.planned(request).expect("what is issued is planned");
        let (home, user) = (planned.home, planned.client);
        let change = match &planned.wish {
            Wish::Query { user, class } => {
                let (user, class) = (*user, *class);
                return Command::Query { request, user, class, search: None, home };
            }
            Wish::Publish => Change::Publish(Plan::profile(user, self.version(request))),
            Wish::Delete => Change::Delete,
            Wish::Share(rule) => Change::Share(*rule),
            Wish::Contacts(contacts) => Change::Contacts(contacts.clone()),
            Wish::Restate { information, rule, contacts } => Change::Restate {
                profile: information.then(|| Plan::profile(user, self.version(request))),
                rule: *rule,
                contacts: contacts.clone(),
            },
        };
        Command::Change { request, change, home }
    }

    /// Every record that a user has, by version, the one before any change included. As many as there are rounds, so
    /// for plans of a few.
    pub fn records(&self, user: u16, sharing: Rule) -> Vec<Record> {
        let mut record = Record { rule: sharing, ..Record::default() };
        let mut records = vec![record.clone()];
        let own = || self.by_client[usize::from(user)].iter().map(|at| &self.list[*at as usize]);
        for planned in (0..self.rounds).flat_map(|_| own()).filter(|p| p.wish.is_change()) {
            let version = records.len() as u32;
            match &planned.wish {
                Wish::Query { .. } => {}
                Wish::Publish => {
                    let profile = Plan::profile(user, version);
                    record.info = Some(Arc::new(Info { version, profile }));
                }
                Wish::Delete => record.info = None,
                Wish::Share(rule) => record.rule = *rule,
                Wish::Contacts(contacts) => record.contacts = contacts.clone(),
                Wish::Restate { information, rule, contacts } => {
                    let profile = || Plan::profile(user, version);
                    record = Record {
                        info: information.then(|| Arc::new(Info { version, profile: profile() })),
                        rule: *rule,
                        contacts: contacts.clone(),
                    };
                }
            }
            records.push(record.clone());
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let of = |client, wish| Planned { client, wish, home: 0 };
        let query = Wish::Query { user: 0, class: Class::Bulk };
        let list = vec![
            of(1, Wish::Publish),
            of(0, query.clone()),
            of(1, query),
            of(1, Wish::Delete),
            of(0, Wish::Publish),
        ];
        Plan::new(3, list, 2)
    }

    #[test]
    fn ids_go_on_from_round_to_round() {
        let plan = plan();
        let of = |client| -> Vec<u32> {
            (0..).map_while(|issued| plan.next(client, issued)).map(|id| id.number()).collect()
        };
        assert_eq!(of(0), [1, 4, 6, 9]);
        assert_eq!(of(1), [0, 2, 3, 5, 7, 8]);
        assert!(of(2).is_empty());
        assert_eq!(plan.len(), 10);
        assert!(plan.planned(RequestId(10)).is_none());
    }

    #[test]
    fn versions_count_the_changes_of_each_user() {
        let plan = plan();
        let versions: Vec<u32> = (0..10).map(|id| plan.version(RequestId(id))).collect();
        assert_eq!(versions, [1, 0, 0, 2, 1, 3, 0, 0, 4, 2]);
        let records = plan.records(1, Rule::Nobody);
        let shown = records.iter().map(|record| record.info.as_ref().map(|info| info.version));
        assert_eq!(shown.collect::<Vec<_>>(), [None, Some(1), None, Some(3), None]);
        assert!(records.iter().all(|record| record.rule == Rule::Nobody));
    }
}
