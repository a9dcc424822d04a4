//! Rooms and giving back in a scope file: both come back as they were written, and what cannot be is named with its
//! place.

use insta::assert_snapshot;
use spillway_model::scope::{Class, Scope};

/// A scope file that is right, to be made wrong in one place.
const RIGHT: &str = r#"name = "small"
about = "One query."
[nodes]
clients = 1
query-servers = 2
[knobs]
threshold = 1
queue-max = 4
rooms = [4, 2, 1]
[[request]]
client = 0
kind = "query"
user = 0
class = "interactive"
home = 0
"#;

/// What is said of [`RIGHT`] with `rooms` written so.
fn with(rooms: &str) -> String {
    let text = RIGHT.replacen("[4, 2, 1]", rooms, 1);
    Scope::parse("small.toml", &text, &[]).expect_err("this text is wrong").to_string()
}

#[test]
fn rooms_come_back_from_both_forms_and_leave_no_key_while_they_are_off() {
    let scope = Scope::parse("small.toml", RIGHT, &[]).expect("it is right");
    assert_eq!(scope.knobs.rooms, [4, 2, 1]);
    let room = |class| scope.knobs.room(class);
    assert_eq!([room(Class::Interactive), room(Class::Normal), room(Class::Bulk)], [4, 2, 1]);
    assert_eq!(Scope::parse("again.toml", &scope.to_toml(), &[]).as_ref(), Ok(&scope));
    assert_eq!(Scope::from_json(&scope.to_json()).expect("it is its own JSON"), scope);
    let off = Scope::parse("small.toml", &RIGHT.replace("rooms = [4, 2, 1]\n", ""), &[]);
    let off = off.expect("it is right");
    assert_eq!(off.knobs.room(Class::Bulk), 4);
    assert!(off.to_json()["knobs"].get("rooms").is_none() && !off.to_toml().contains("rooms"));
}

#[test]
fn there_is_one_for_each_class_within_the_queue_and_none_below_a_lower_one() {
    assert_snapshot!(with("[4, 2]"), @"small.toml:9:9: `rooms` has 2 entries; expected 3, one for each class");
    assert_snapshot!(with("[4, 2, 1, 1]"), @"small.toml:9:9: `rooms` has 4 entries; expected 3, one for each class");
    assert_snapshot!(with("[5, 2, 1]"), @"small.toml:9:10: `rooms[0]` is 5, above a `queue-max` of 4; expected at most 4");
    assert_snapshot!(with("[4, 1, 2]"), @"small.toml:9:16: `rooms[2]` is 2, above the room of a higher class, 1; expected at most 1");
    assert_snapshot!(with("[4, 2, 0]"), @"small.toml:9:16: `rooms[2]` is 0; expected an integer from 1 to 64");
    assert_snapshot!(with("[4, 2, \"1\"]"), @"small.toml:9:16: `rooms[2]` is a string; expected an integer from 1 to 64");
    assert_snapshot!(with("3"), @"small.toml:9:9: `rooms` is an integer; expected a list with one number of tasks for each class: interactive, normal, bulk");
}

#[test]
fn giving_back_comes_back_from_both_forms_and_leaves_no_key_while_it_is_off() {
    let text = RIGHT.replace("rooms = [4, 2, 1]", "give-back = true");
    let scope = Scope::parse("small.toml", &text, &[]).expect("it is right");
    assert!(scope.knobs.give_back);
    assert_eq!(Scope::parse("again.toml", &scope.to_toml(), &[]).as_ref(), Ok(&scope));
    assert_eq!(Scope::from_json(&scope.to_json()).expect("it is its own JSON"), scope);
    let off = Scope::parse("small.toml", &text.replace("= true", "= false"), &[]);
    let off = off.expect("it is right");
    assert!(off.to_json()["knobs"].get("give-back").is_none() && !off.to_toml().contains("give-"));
    let wrong = Scope::parse("small.toml", &text.replace("= true", "= 1"), &[]);
    let wrong = wrong.expect_err("a number is none").to_string();
    assert_snapshot!(wrong, @"small.toml:9:13: `give-back` is an integer; expected `true` or `false`");
}
