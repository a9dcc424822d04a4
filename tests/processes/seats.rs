//! A user is one wherever its clients come in: sessions of one user at two communication servers, and what users say to each
//! other between them; and what becomes of it when the server is killed that has the user's seat.

use std::io;
use std::time::Duration;

use crate::client::Client;
use crate::system::System;

const PATIENCE: Duration = Duration::from_secs(20);
/// Of [`crate::system::SERVERS`] the first communication server.
const FIRST: usize = 5;

fn come(system: &System, door: usize, user: usize) -> Client {
    Client::log_in(system.chat[door], &system.certificate(door), user, PATIENCE).unwrap()
}

fn message(to: &str, body: &str) -> String {
    format!("<message to='{to}' type='chat' id='{body}'><body>{body}</body></message>")
}

fn presence(kind: &str, to: usize) -> String {
    format!("<presence type='{kind}' to='u{to}@localhost'/>")
}

const ROSTER: &str = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>";
const OWN_CARD: &str = "<iq type='get' id='own'><vCard xmlns='vcard-temp'/></iq>";
const CARD: &str = "<iq type='set' id='set'><vCard xmlns='vcard-temp'><FN>Una</FN></vCard></iq>";

#[test]
fn a_user_is_one_wherever_its_clients_come_in() {
    let mut system = System::new(&[]);
    // The seat of u1 is at the first server, where its second client is served from the second; that of u2 is there.
    let (mut here, mut there) = (come(&system, 0, 1), come(&system, 1, 1));
    let mut other = come(&system, 1, 2);
    for client in [&mut here, &mut there, &mut other] {
        client.say("<presence/>").unwrap();
        client.talk(ROSTER, "id='roster'").unwrap();
    }

    there.talk(CARD, "id='set'").unwrap();
    assert!(
        here.talk(OWN_CARD, "id='own'").unwrap().contains("Una"),
        "what one says the other sees"
    );

    other.say(&message("u1@localhost", "to-both")).unwrap();
    here.hear("to-both</body>").unwrap();
    there.hear("to-both</body>").unwrap();
    there.say(&message("u2@localhost", "back")).unwrap();
    let heard = other.hear("back</body>").unwrap();
    assert!(heard.contains("from='u1@localhost/"), "{heard}");
    let refused = other.talk(&message("u3@localhost", "nobody"), "</error>").unwrap();
    assert!(refused.contains("service-unavailable"), "{refused}");

    other.say(&presence("subscribe", 1)).unwrap();
    here.hear("type='subscribe'").unwrap();
    there.hear("type='subscribe'").unwrap();
    there.say(&presence("subscribed", 2)).unwrap();
    other.hear("type='subscribed'").unwrap();
    assert!(here.talk(ROSTER, "id='roster'").unwrap().contains("subscription='from'"));

    // With the server goes the seat, and every stream of the user. It comes again where there is one.
    system.kill(FIRST);
    assert!(there.hear("system-shutdown").is_ok(), "it is told why");
    other.hear("type='unavailable'").unwrap();
    let mut again = come(&system, 1, 1);
    assert!(again.talk(OWN_CARD, "id='own'").unwrap().contains("Una"), "nothing is lost");
    assert!(again.talk(ROSTER, "id='roster'").unwrap().contains("u2@localhost"), "nor contacts");
    again.say("<presence><status>again</status></presence>").unwrap();
    other.hear("again</status>").unwrap();
    // The one that begins anew serves users of the other one.
    system.start(FIRST);
    let mut third = come(&system, 0, 1);
    third.say("<presence/>").unwrap();
    third.talk(ROSTER, "id='roster'").unwrap(); // so that the presence is known where it goes
    other.say(&message("u1@localhost", "once-more")).unwrap();
    again.hear("once-more</body>").unwrap();
    third.hear("once-more</body>").unwrap();

    system.stop();
    let (code, said) = system.validate();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        matches!(here.hear("nothing more"), Err(error) if error.kind() != io::ErrorKind::WouldBlock)
    );
}
