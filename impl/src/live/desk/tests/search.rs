//! Users look for each other.

use super::*;

/// A search with these children.
fn search(children: &str) -> String {
    format!(
        "<iq type='set' id='q' to='localhost'><query xmlns='jabber:iq:search'>{children}</query></iq>"
    )
}

/// The same, paged.
fn paged(children: &str, paging: &str) -> String {
    search(&format!("{children}<set xmlns='http://jabber.org/protocol/rsm'>{paging}</set>"))
}

fn query(answer: &Element) -> &Element {
    assert_eq!(answer.attr("type"), Some("result"), "{answer:?}");
    answer.get_child("query", "jabber:iq:search").expect("it has a query")
}

/// Who is found, by the part of the address before the domain.
fn names(answer: &Element) -> Vec<String> {
    let items = query(answer).children().filter(|child| child.name() == "item");
    let jids = items.map(|item| item.attr("jid").expect("an item has an address"));
    jids.map(|jid| jid.strip_suffix("@localhost").expect("of this server").to_owned()).collect()
}

/// What an answer says of its page: first, its index, last, count.
fn place(answer: &Element) -> (Option<String>, Option<String>, Option<String>, String) {
    let place = query(answer).get_child("set", "http://jabber.org/protocol/rsm");
    let place = place.expect("it says where the page is");
    let child = |name| place.children().find(|child| child.name() == name);
    let text = |name| child(name).map(Element::text);
    let index = child("first").and_then(|first| first.attr("index")).map(str::to_owned);
    (text("first"), index, text("last"), text("count").expect("it counts"))
}

/// Someone publishes a card, for everyone.
fn publish(office: &mut Office, id: ConnectionId, card: &str) {
    let set = format!("<iq type='set' id='s'><vCard xmlns='vcard-temp'>{card}</vCard></iq>");
    assert_eq!(office.answer(id, SHARE).attr("type"), Some("result"));
    assert_eq!(office.answer(id, &set).attr("type"), Some("result"));
}

const CARD: &str = "<FN>Alice Liddell</FN><N><FAMILY>Liddell</FAMILY><GIVEN>Alice</GIVEN></N>\
                    <NICKNAME>Al</NICKNAME>\
                    <EMAIL><WORK/><USERID>alice@Example.com</USERID></EMAIL>";

/// alice has a whole card, bob only a full name, carol none that is seen, dora asks.
fn office() -> Office {
    let mut office = Office::new(&["alice", "bob", "carol", "dora"], 8);
    for (id, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dora")] {
        office.bind(id, name);
    }
    publish(&mut office, 1, CARD);
    publish(&mut office, 2, "<FN>Bob Al Smith</FN>");
    office.say(3, "<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>Carol Al</FN></vCard></iq>");
    office.heard(3);
    office
}

#[test]
fn users_are_found_by_what_is_on_their_cards() {
    let mut office = office();
    for (terms, expected) in [
        ("<nick>al</nick>", &["alice"][..]),
        ("<first>ALICE</first>", &["alice"]),
        ("<last>ddel</last>", &["alice"]),
        ("<email>@example.COM</email>", &["alice"]),
        ("<first>alic*</first>", &["alice"]),
        ("<first>bob</first><last>smith</last>", &["bob"]),
        ("<last>al</last>", &["alice", "bob"]),
        ("<first>alice</first><last>smith</last>", &[]),
        ("<first>nobody</first>", &[]),
        ("<nick/><first> </first>", &["alice", "bob"]),
        ("", &["alice", "bob"]),
    ] {
        assert_eq!(names(&office.answer(4, &search(terms))), expected, "{terms}");
    }
    let answer = office.answer(4, &search("<first>bob</first>"));
    let item = query(&answer).children().next().expect("bob is found");
    let fields: Vec<_> = item.children().map(|field| (field.name(), field.text())).collect();
    let full = "Bob Al Smith".to_owned();
    let none = String::new;
    let expected = [("nick", none()), ("first", full), ("last", none()), ("email", none())];
    assert_eq!(fields, expected, "who has no first and last name is called by the full one");
    assert_eq!(query(&answer).children().count(), 1, "no page was asked for");
}

#[test]
fn nobody_is_found_who_is_hidden_and_whoever_hides_is_not_found_any_more() {
    let mut office = office();
    let all = search("");
    assert_eq!(names(&office.answer(4, &all)), ["alice", "bob"]);
    assert_eq!(names(&office.answer(3, &all)), ["alice", "bob", "carol"], "carol finds herself");
    office.say(1, &SHARE.replace("everyone", "nobody"));
    office.heard(1);
    assert_eq!(names(&office.answer(4, &all)), ["bob"]);
    let hidden = office.answer(4, &search("<nick>al</nick>"));
    let absent = office.answer(4, &search("<nick>xy</nick>"));
    let alike = |answer: &Element| answer.children().cloned().collect::<Vec<_>>();
    assert_eq!(alike(&hidden), alike(&absent), "hidden looks the same as absent");
    // A contact sees what is shared with contacts.
    office.say(3, "<presence to='dora@localhost' type='subscribed'/>");
    office.say(4, "<presence to='carol@localhost' type='subscribe'/>");
    office.say(3, "<presence to='dora@localhost' type='subscribed'/>");
    office.heard(4);
    assert_eq!(names(&office.answer(4, &all)), ["bob", "carol"]);
}

/// `count` users who share with everyone, each with their number as nickname.
fn crowd(count: usize) -> Office {
    let users: Vec<String> = (0..count).map(|at| format!("user{at}")).collect();
    let mut office = Office::new(&users.iter().map(String::as_str).collect::<Vec<_>>(), 64);
    for (id, user) in (0..).zip(&users) {
        office.bind(id, user);
        publish(&mut office, id, &format!("<NICKNAME>n{id}</NICKNAME>"));
    }
    office
}

#[test]
fn pages_follow_each_other_in_both_directions() {
    let mut office = crowd(7);
    let all: Vec<String> = (0..7).map(|at| format!("user{at}")).collect();
    let (mut forwards, mut after) = (Vec::new(), String::new());
    loop {
        let answer = office.answer(0, &paged("<nick>n</nick>", &format!("<max>3</max>{after}")));
        let (_, index, last, count) = place(&answer);
        assert_eq!(count, "7");
        let Some(last) = last else { break };
        assert_eq!(index, Some(forwards.len().to_string()));
        forwards.extend(names(&answer));
        assert!(forwards.len() <= 7, "nobody twice");
        after = format!("<after>{last}</after>");
    }
    assert_eq!(forwards, all);
    let (mut backwards, mut before) = (Vec::new(), "<before/>".to_owned());
    loop {
        let answer = office.answer(0, &paged("<nick>n</nick>", &format!("<max>3</max>{before}")));
        let (first, _, _, count) = place(&answer);
        assert_eq!(count, "7");
        let Some(first) = first else { break };
        backwards = [names(&answer), backwards].concat();
        assert!(backwards.len() <= 7, "nobody twice");
        before = format!("<before>{first}</before>");
    }
    assert_eq!(backwards, all);
    let counted = office.answer(0, &paged("<nick>n1</nick>", "<max>0</max>"));
    assert_eq!((names(&counted), place(&counted)), (vec![], (None, None, None, "1".to_owned())));
}

#[test]
fn a_page_is_followed_when_its_last_item_has_gone() {
    let mut office = crowd(4);
    let answer = office.answer(0, &paged("", "<max>2</max>"));
    let (_, _, last, _) = place(&answer);
    assert_eq!(names(&answer), ["user0", "user1"]);
    office.say(1, &SHARE.replace("everyone", "nobody"));
    let next = paged("", &format!("<max>2</max><after>{}</after>", last.expect("it has one")));
    assert_eq!(names(&office.answer(0, &next)), ["user2", "user3"]);
}

#[test]
fn a_page_has_at_most_fifty_and_who_is_removed_is_not_found() {
    let mut office = crowd(53);
    assert_eq!(names(&office.answer(0, &search(""))).len(), 50);
    let answer = office.answer(0, &paged("", "<max>1000</max>"));
    assert_eq!((names(&answer).len(), place(&answer).3), (50, "53".to_owned()));
    office.desk.directory.remove("user2");
    let answer = office.answer(0, &paged("", "<max>3</max>"));
    assert_eq!(names(&answer), ["user0", "user1"]);
}

#[test]
fn what_cannot_be_searched_for_is_refused_in_so_many_words() {
    let mut office = office();
    let long = format!("<nick>{}</nick>", "x".repeat(257));
    let many = "<nick>x</nick>".repeat(9);
    for (request, expected) in [
        (paged("", "<index>10</index>"), "feature-not-implemented"),
        (search("<x xmlns='jabber:x:data' type='submit'/>"), "feature-not-implemented"),
        (paged("", "<after>nobody@localhost</after>"), "item-not-found"),
        (paged("", "<before>-1</before>"), "item-not-found"),
        (paged("", "<before>007</before>"), "item-not-found"),
        (paged("", "<after>70000</after>"), "item-not-found"),
        (paged("", "<after>1</after><before>3</before>"), "bad-request"),
        (paged("", "<max>many</max>"), "bad-request"),
        (search("<shoe-size>43</shoe-size>"), "bad-request"),
        (search(&long), "bad-request"),
        (search(&many), "bad-request"),
        (search("").replace("'localhost'", "'bob@localhost'"), "service-unavailable"),
    ] {
        assert_eq!(condition(&office.answer(4, &request)), expected, "{request}");
    }
}

#[test]
fn the_directory_says_what_it_can_do() {
    let mut office = office();
    let get = "<iq type='get' id='q' to='localhost'><query xmlns='jabber:iq:search'/></iq>";
    let form = office.answer(4, get);
    let fields: Vec<_> = query(&form).children().map(Element::name).collect();
    assert_eq!(fields, ["instructions", "nick", "first", "last", "email"]);
    let features = |office: &mut Office, to: &str| {
        let get = format!(
            "<iq type='get' id='a' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        );
        let answer = office.answer(4, &get);
        let info = answer.children().next().expect("a query");
        info.children().filter_map(|child| child.attr("var").map(str::to_owned)).collect::<Vec<_>>()
    };
    let of_server = features(&mut office, "localhost");
    let of_account = features(&mut office, "dora@localhost");
    for feature in ["jabber:iq:search", "http://jabber.org/protocol/rsm"] {
        assert!(of_server.iter().any(|one| one == feature), "{feature} of the server");
        assert!(!of_account.iter().any(|one| one == feature), "{feature} not of an account");
    }
}

#[test]
fn too_many_searches_are_refused_like_too_many_gets_and_each_has_one_answer() {
    const SEARCHES: usize = 100;
    let mut office = office();
    let ask = |office: &mut Office| {
        for _ in 0..SEARCHES {
            office.say_only(4, &search(""));
        }
    };
    ask(&mut office);
    office.work();
    let heard = office.heard(4);
    assert_eq!(heard.len(), SEARCHES, "each has one answer");
    let (answered, refused): (Vec<_>, Vec<_>) =
        heard.iter().partition(|stanza| stanza.attr("type") == Some("result"));
    assert!(!answered.is_empty() && !refused.is_empty(), "{} answered", answered.len());
    for stanza in refused {
        assert_eq!(condition(stanza), "resource-constraint");
        let error = stanza.children().next().expect("it has an error");
        assert_eq!(error.attr("type"), Some("wait"));
        let retry = error.children().find(|child| child.name() == "retry");
        assert!(retry.and_then(|retry| retry.attr("after-ms")).is_some(), "with a time");
    }
    // Who goes away while searches are under way leaves room for others.
    for turn in 0..50 {
        let id = 100 + turn;
        office.bind(id, "dora");
        for _ in 0..4 {
            office.say_only(id, &search(""));
        }
        office.desk.closed(id, office.now_us);
    }
    office.work();
    assert_eq!(names(&office.answer(3, &search(""))), ["alice", "bob", "carol"], "and all is well");
    assert_eq!(office.desk.searches, 0);
}

#[test]
fn a_card_that_leaves_no_room_for_its_fields_is_kept() {
    let mut office = office();
    let large = format!("<FN>Large</FN><NOTE>{}</NOTE>", "x".repeat(65_460));
    publish(&mut office, 3, &large);
    let get = GET_ALICE.replace("alice", "carol");
    assert_eq!(name_on(&office.answer(4, &get)).as_deref(), Some("Large"));
    assert_eq!(names(&office.answer(4, &search("<first>large</first>"))), Vec::<String>::new());
    // Long texts are cut in whole letters.
    publish(&mut office, 3, &format!("<NICKNAME>x{}</NICKNAME>", "é".repeat(300)));
    let answer = office.answer(4, &search("<nick>xéé</nick>"));
    let nick = query(&answer).children().next().expect("carol is found");
    assert_eq!(nick.children().next().expect("it has a nick").text().len(), 255);
}
