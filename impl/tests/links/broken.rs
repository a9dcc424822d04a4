//! Ways to break a conversation: what is said is changed as whoever knows the frames would change it, or as a bad line would;
//! frames are doubled, lost, swapped or of another conversation; or it is cut short.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde_json::Value;
use spillway_impl::live::links::Frame;
use spillway_impl::live::links::frame::{Frames, write};

use super::Happening;

/// What somebody changes for something else: names, and text that is none.
const WORDS: [&str; 12] =
    ["A0", "A3", "B0", "B1", "C0", "C1", "C2", "C9", "G", "K", "", "interactive"];

pub fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    random.next_u32() as usize % bound
}

/// What happens to a process, with a few changes close to each other, and what follows soon after them.
pub fn broken(random: &mut ChaCha8Rng, whole: &[Happening]) -> Vec<Happening> {
    let mut script = whole[..1 + below(random, whole.len())].to_vec();
    for _ in 0..1 + below(random, 4) {
        let back = 1 + below(random, 30);
        change(random, &mut script, back, whole);
    }
    script
}

/// Changes one of the last things that come.
fn change(random: &mut ChaCha8Rng, script: &mut Vec<Happening>, back: usize, whole: &[Happening]) {
    let from = script.len().saturating_sub(back);
    let comes = |happening: &Happening| matches!(happening, Happening::Came(..));
    let places: Vec<usize> = (from..script.len()).filter(|at| comes(&script[*at])).collect();
    if places.is_empty() {
        return;
    }
    let at = places[below(random, places.len())];
    match below(random, 12) {
        0 => drop(script.remove(at)),
        1 => script.insert(at, script[at].clone()),
        2 => {
            let other = places[below(random, places.len())];
            script.swap(at, other);
        }
        3 => foreign(random, &mut script[at], whole),
        4..=8 => knowingly(random, &mut script[at]),
        _ => blindly(random, &mut script[at]),
    }
}

/// Something that was said somewhere else.
fn foreign(random: &mut ChaCha8Rng, happening: &mut Happening, whole: &[Happening]) {
    let other = &whole[below(random, whole.len())];
    if let (Happening::Came(_, bytes), Happening::Came(_, others)) = (happening, other) {
        bytes.clone_from(others);
    }
}

/// What it says is changed, and is still a frame.
fn knowingly(random: &mut ChaCha8Rng, happening: &mut Happening) {
    let Happening::Came(_, bytes) = happening else { return };
    let mut frames = Frames::default();
    frames.put(bytes);
    let Ok(Some(frame)) = frames.take() else { return };
    for _ in 0..4 {
        let mut value = serde_json::to_value(&frame).expect("a frame is JSON");
        let mut at = below(random, count(&value));
        change_value(random, &mut value, &mut at);
        let Ok(changed) = serde_json::from_value::<Frame>(value) else { continue };
        if changed != frame {
            bytes.clear();
            assert!(write(&changed, bytes));
            return;
        }
    }
}

/// How many values there are in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Changes the value at this place, where all are counted in the order in which they are written.
fn change_value(random: &mut ChaCha8Rng, value: &mut Value, at: &mut usize) {
    if *at == 0 {
        *at = usize::MAX;
        return change_here(random, value);
    }
    *at -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return,
    };
    for value in inner {
        if *at != usize::MAX {
            change_value(random, value, at);
        }
    }
}

fn change_here(random: &mut ChaCha8Rng, value: &mut Value) {
    match value {
        Value::Null => {}
        Value::Bool(is) => *is = !*is,
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or_default();
            let near = [number.wrapping_add(1), number.saturating_sub(1), number ^ 1 << 27];
            let fixed = [0, 1, 2, 3, 5, 255, 256, 65_535, u32::MAX.into(), u64::MAX];
            let all = [&near[..], &fixed].concat();
            *value = all[below(random, all.len())].into();
        }
        Value::String(word) => WORDS[below(random, WORDS.len())].clone_into(word),
        Value::Array(list) => change_list(random, list),
        Value::Object(fields) => {
            // Another kind of the same shape, if there is one; or what may be missing is.
            let kinds =
                ["Born", "Gone", "accept", "reject", "done", "finish", "return", "withdraw"];
            if let (1, Some(key)) = (fields.len(), fields.keys().next().cloned())
                && let Some(inner) = fields.remove(&key)
            {
                fields.insert(kinds[below(random, kinds.len())].to_owned(), inner);
            } else {
                *value = Value::Null;
            }
        }
    }
}

fn change_list(random: &mut ChaCha8Rng, list: &mut Vec<Value>) {
    if list.is_empty() {
        return;
    }
    let at = below(random, list.len());
    match below(random, 5) {
        0 => drop(list.remove(at)),
        1 => list.insert(at, list[at].clone()),
        2 => list.reverse(),
        3 => list.clear(),
        _ => {
            let many = [100, 3_000, 20_000][below(random, 3)];
            list.extend(vec![list[at].clone(); many]);
        }
    }
}

/// Bytes are changed, by somebody who knows at most where the length is.
fn blindly(random: &mut ChaCha8Rng, happening: &mut Happening) {
    let Happening::Came(_, bytes) = happening else { return };
    let at = below(random, bytes.len().max(1));
    if bytes.len() <= 4 {
        return;
    }
    match below(random, 8) {
        0..=1 => bytes[at] ^= 1 << below(random, 8),
        2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(random, 5)],
        3 => bytes.insert(at, random.next_u32() as u8),
        4 => drop(bytes.remove(at)),
        5 => bytes.truncate(at),
        6 => {
            let length = [0, 1, 65_536, 65_537, 64 << 20, (64 << 20) + 1, u32::MAX];
            let length = length[below(random, length.len())];
            bytes[..4].copy_from_slice(&length.to_le_bytes());
        }
        // As long as it says, with other things in it.
        _ => {
            let from = 4 + below(random, bytes.len() - 4);
            bytes[from..].iter_mut().for_each(|byte| *byte = random.next_u32() as u8);
        }
    }
}
