//! What a connection asks, written beforehand but for its id: to write each anew would cost this program more than to send it.

use std::io::Write;

use crate::args::Args;

/// Bytes of a card.
pub(crate) const CARD_BYTES: usize = 500;
/// Every how many accounts `--hot` means one.
const HOT_STEP: usize = 3;
/// Requests until a connection begins anew.
const ROUND: usize = 100;

/// The requests of a connection, one after the other.
pub(crate) struct Requests {
    /// What comes before the id of each.
    heads: Vec<Vec<u8>>,
    tail: Vec<u8>,
    next: usize,
}

pub(crate) fn card(user: usize, domain: &str) -> String {
    let head = format!("<vCard xmlns='vcard-temp'><FN>user {user} of {domain}</FN><DESC>");
    let tail = "</DESC></vCard>";
    let fill = CARD_BYTES.saturating_sub(head.len() + tail.len());
    format!("{head}{}{tail}", "x".repeat(fill))
}

impl Requests {
    pub(crate) fn new(args: &Args, user: usize) -> Requests {
        if args.sets {
            let tail = format!("'>{}</iq>", card(user, &args.domain)).into_bytes();
            return Requests { heads: vec![b"<iq type='set' id='".to_vec()], tail, next: 0 };
        }
        if args.searches {
            let heads = vec![format!("<iq type='set' to='{}' id='", args.domain).into_bytes()];
            // Every card has all of the terms but the last one, so that each is looked for in each.
            let terms = format!("{}<first>nobody</first>", "<first>host</first>".repeat(7));
            let tail = format!("'><query xmlns='jabber:iq:search'>{terms}</query></iq>");
            return Requests { heads, tail: tail.into_bytes(), next: 0 };
        }
        let lang = if args.wordy { " xml:lang='en'" } else { "" };
        let head =
            |other| format!("<iq type='get'{lang} to='u{other}@{}' id='", args.domain).into_bytes();
        let heads = others(args, user).into_iter().map(head).collect();
        // Not all begin with the same account.
        Requests { heads, tail: b"'><vCard xmlns='vcard-temp'/></iq>".to_vec(), next: user }
    }

    /// Writes the next one.
    pub(crate) fn put(&mut self, id: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.heads[self.next % self.heads.len()]);
        self.next += 1;
        write!(out, "{id}").expect("there is room in memory");
        out.extend_from_slice(&self.tail);
    }
}

/// About whom it asks in a round: nobody about itself, since that is answered without a query.
fn others(args: &Args, user: usize) -> Vec<usize> {
    let all = (0..args.users).filter(|other| *other != user);
    match args.hot {
        Some(share) => mixed(all, share, ROUND),
        None => all.collect(),
    }
}

/// Whose each connection is.
pub(crate) fn users(args: &Args) -> Vec<usize> {
    match args.hot.filter(|_| args.searches) {
        Some(share) => mixed(0..args.users, share, args.connections),
        None => (0..args.users).collect(),
    }
}

/// So many of these, this share of them hot.
fn mixed(all: impl Iterator<Item = usize>, share: f64, count: usize) -> Vec<usize> {
    let (hot, cold): (Vec<_>, Vec<_>) = all.partition(|other| other % HOT_STEP == 0);
    let hot_until = |place: usize| (place as f64 * share).round() as usize;
    let (mut hot, mut cold) = (hot.into_iter().cycle(), cold.into_iter().cycle());
    let one = |place| match hot_until(place + 1) > hot_until(place) {
        true => hot.next(),
        false => cold.next(),
    };
    (0..count).filter_map(one).collect()
}
