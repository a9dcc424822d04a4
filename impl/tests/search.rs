//! A search is a task of a query server: it shows whoever asks what queries would, it is moved and answered like them, and
//! what is found reaches the user.
#![allow(clippy::unwrap_used)]

mod rig;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use rig::*;
use spillway_impl::node::{Command, Input, Output};
use spillway_impl::nodes::query::Query;
use spillway_impl::profile::{Info, Profile, Record, Rule};
use spillway_impl::search::{PAGE_HITS_MAX, Page, Part, Search};
use spillway_impl::wire::{Ask, Asked, Body, Entry, Wire};
use spillway_traces::RequestId;

/// The users that records are of, and who asks.
const USERS: u16 = 48;
const RULES: [Rule; 3] = [Rule::Everyone, Rule::Contacts, Rule::Nobody];

fn everybody() -> Arc<Search> {
    let shown = vec!["name".to_owned()];
    Arc::new(Search { terms: Vec::new(), shown, part: Part::First, hits_max: PAGE_HITS_MAX })
}

/// A record whose information says whose and which version it is.
fn shared(user: u16, version: u32, has_info: bool, rule: Rule, contacts: &[u16]) -> Arc<Record> {
    let fields = BTreeMap::from([("name".to_owned(), format!("{user} v{version}"))]);
    let info = has_info.then(|| Arc::new(Info { version, profile: Profile { fields } }));
    Arc::new(Record { info, rule, contacts: contacts.iter().copied().collect() })
}

fn asked_by(
    client: u16,
    request: u32,
    user: u16,
    search: Option<Arc<Search>>,
    token: u32,
) -> Asked {
    let body = Body::Query { user, class: Normal, search };
    Asked { ask: Ask { request: RequestId::of(request), client, home: 0, body }, token }
}

/// What is answered to a task: what is shown of the user, and what is found.
fn answer(c0: &mut Rig<Query>, asked: Asked) -> (Option<Arc<Info>>, Option<Arc<Page>>) {
    let request = asked.ask.request.number();
    c0.gets(b(0), Wire::Query(asked));
    c0.start(request);
    c0.serve(request);
    answered(&c0.out)
}

fn answered(out: &[Output]) -> (Option<Arc<Info>>, Option<Arc<Page>>) {
    let answers = out.iter().find_map(|output| match output {
        Output::Send { message: Wire::Answer { info, found, .. }, .. } => {
            Some((info.clone(), found.clone()))
        }
        _ => None,
    });
    answers.unwrap()
}

/// What a search finds: users, and their names.
fn found(page: &Page) -> Vec<(u16, String)> {
    page.hits.iter().map(|hit| (hit.user, hit.fields["name"].clone())).collect()
}

/// A search of this client finds those, and shows of them, what queries of it show one by one.
fn search_shows_what_queries_show(c0: &mut Rig<Query>, client: u16) -> usize {
    let shown: Vec<(u16, String)> = (0..USERS)
        .filter_map(|user| {
            let (info, none) = answer(c0, asked_by(client, 1, user, None, 0));
            assert_eq!(none, None, "a query finds nothing");
            Some((user, info?.profile.fields["name"].clone()))
        })
        .collect();
    let (own, page) = answer(c0, asked_by(client, 2, client, Some(everybody()), 0));
    let page = page.unwrap();
    assert_eq!(found(&page), shown, "to client {client}");
    assert_eq!((page.index, page.count as usize), (0, shown.len()));
    assert_eq!(own, answer(c0, asked_by(client, 3, client, None, 0)).0, "its own information");
    shown.len()
}

#[test]
fn a_search_shows_what_queries_show_whatever_the_rule_and_the_contacts() {
    let mut c0 = query_server(config());
    let mut revision = 0;
    let mut of_everybody = 0;
    // Every rule, with and without information, with no, one, the other or both of two askers as contacts.
    for has_info in [true, false] {
        for rule in RULES {
            for contacts in [&[][..], &[0], &[1], &[0, 1]] {
                revision += 1;
                let user = revision as u16 - 1;
                of_everybody += usize::from(has_info && rule == Rule::Everyone);
                let record = shared(user, 1, has_info, rule, contacts);
                c0.gets(G, update(vec![Entry { revision, user, version: 1, record }]));
            }
        }
    }
    // Users 0 and 1 share with everyone. Of four who share with contacts each is a contact of two.
    for client in [0, 1] {
        assert_eq!(search_shows_what_queries_show(&mut c0, client), of_everybody + 2);
    }
    // User 5 shares with contacts, user 8 with nobody: each sees itself besides. User 12 has no information.
    for (client, own) in [(5, 1), (8, 1), (12, 0), (40, 0)] {
        assert_eq!(search_shows_what_queries_show(&mut c0, client), of_everybody + own);
    }
}

proptest! {
    #[test]
    fn a_search_shows_what_queries_show_at_its_revision(
        changes in prop::collection::vec(
            (0..USERS, any::<bool>(), 0..3usize, prop::collection::btree_set(0..6u16, 0..4)),
            1..60,
        ),
    ) {
        let mut c0 = query_server(config());
        let mut versions = BTreeMap::new();
        for (revision, (user, has_info, rule, contacts)) in (1..).zip(changes) {
            let version = versions.entry(user).or_insert(0);
            *version += 1;
            let contacts: Vec<u16> = contacts.into_iter().collect();
            let record = shared(user, *version, has_info, RULES[rule], &contacts);
            c0.gets(G, update(vec![Entry { revision, user, version: *version, record }]));
            if revision % 8 == 0 {
                search_shows_what_queries_show(&mut c0, 0);
                search_shows_what_queries_show(&mut c0, user);
            }
        }
    }
}

#[test]
fn a_search_waits_for_what_its_asker_has_seen() {
    let mut c0 = query_server(config());
    c0.gets(b(0), Wire::Query(asked_by(0, 1, 0, Some(everybody()), 1)));
    assert_eq!(c0.start(1), "illegal", "the replica is behind");
    let record = shared(7, 1, true, Rule::Everyone, &[]);
    c0.gets(G, update(vec![Entry { revision: 1, user: 7, version: 1, record }]));
    assert_eq!(c0.start(1), "");
    c0.serve(1);
    assert_eq!(found(&answered(&c0.out).1.unwrap()), [(7, "7 v1".to_owned())]);
}

#[test]
fn a_search_that_is_moved_is_answered_where_it_went() {
    let mut c0 = query_server(config());
    c0.gets(b(0), query(1, Interactive));
    c0.gets(b(0), Wire::Query(asked_by(0, 2, 0, Some(everybody()), 0)));
    assert_eq!(c0.offer(2), "K Offer r2 as C0.0.1 for B0");
    let offered = c0.out.iter().find_map(|output| match output {
        Output::Send { message: Wire::Offer { asked, hand_over, askers }, .. } => {
            Some((asked.clone(), *hand_over, *askers))
        }
        _ => None,
    });
    let (asked, hand_over, askers) = offered.unwrap();
    let mut c1 = rig(Query::new(Arc::new(config()), 1, 0));
    let record = shared(7, 1, true, Rule::Everyone, &[]);
    c1.gets(G, update(vec![Entry { revision: 1, user: 7, version: 1, record }]));
    c1.gets(k(0), Wire::Assign { asked, hand_over, askers, epoch: 0 });
    c1.start(2);
    c1.serve(2);
    assert_eq!(found(&answered(&c1.out).1.unwrap()), [(7, "7 v1".to_owned())]);
}

#[test]
fn what_is_found_reaches_the_user_through_every_node() {
    let mut a1 = client(config());
    let command = Command::Query {
        request: RequestId(1),
        user: 1,
        class: Normal,
        search: Some(everybody()),
        home: 0,
    };
    a1.on(Input::Command(command));
    let Output::Send { message, .. } = a1.out.remove(0) else { panic!("it asks") };
    let mut b0 = communication_server(config());
    b0.gets(a(1), message);
    let Output::Send { message, .. } = b0.out.remove(0) else { panic!("it is passed on") };
    let mut c0 = query_server(config());
    let record = shared(7, 1, true, Rule::Everyone, &[]);
    c0.gets(G, update(vec![Entry { revision: 1, user: 7, version: 1, record }]));
    c0.gets(b(0), message);
    c0.start(1);
    c0.serve(1);
    let Output::Send { message, .. } = c0.out.remove(1) else { panic!("it answers") };
    b0.gets(c(0), message);
    let Output::Send { message, .. } = b0.out.remove(0) else { panic!("it is passed on") };
    a1.gets(b(0), message);
    let shown = a1.out.iter().find_map(|output| match output {
        Output::Reply { reply: Ok(shown), .. } => Some(shown.clone()),
        _ => None,
    });
    let shown = shown.unwrap();
    assert_eq!(found(&shown.found.unwrap()), [(7, "7 v1".to_owned())]);
    assert_eq!((shown.version, shown.revision), (0, 1), "of itself there is nothing");
}

#[test]
fn what_is_out_of_bounds_or_in_the_name_of_another_is_not_asked() {
    let mut a1 = client(config());
    let too_many = Search { hits_max: PAGE_HITS_MAX + 1, ..(*everybody()).clone() };
    let refused: BTreeSet<String> = [(1, Arc::new(too_many)), (2, everybody())]
        .into_iter()
        .map(|(user, search)| {
            let (request, search) = (RequestId(1), Some(search));
            let command = Command::Query { request, user, class: Normal, search, home: 0 };
            a1.on(Input::Command(command))
        })
        .collect();
    assert_eq!(refused, BTreeSet::from(["user: r1 not asked".to_owned()]));
}
