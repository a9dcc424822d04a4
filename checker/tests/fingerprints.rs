//! How good fingerprints are: two states with the same one are one state to the checker, and one of them is not explored.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::hash::Hash;

use common::web::mix;
use spillway_checker::fingerprint;

/// What a fingerprint is must not change unnoticed: runs are compared across machines and builds.
#[test]
fn fingerprints_are_the_same_on_any_machine() {
    let all = [
        fingerprint(&()),
        fingerprint(&0u8),
        fingerprint(&1u64),
        fingerprint(&(1u8, 2u16, 3u32, 4u64)),
        fingerprint(&u128::MAX),
        fingerprint(&-1i32),
        fingerprint(&usize::MAX),
        fingerprint("a"),
        fingerprint("four bytes, and some more of them"),
        fingerprint(&Some(vec![1u8, 2, 3])),
        fingerprint(&[0u8; 16]),
        fingerprint(&[0u8; 17]),
    ];
    assert_eq!(all, PINNED, "{all:#x?}");
}

const PINNED: [u64; 12] = [
    0xfa3c_3a9e_0e3c_5857,
    0xa5d4_dbd1_c51d_fd2e,
    0xe53b_7e9d_2f43_bb1b,
    0x9923_0e23_1573_256f,
    0xf50a_5f54_89f3_f7cb,
    0xc687_4a31_e389_dc89,
    0xc687_4a31_e389_dc89,
    0x8eff_6e51_3bd8_71b0,
    0x642d_da80_2039_48e6,
    0x5ce6_264b_ceea_39ff,
    0xad9a_4c41_87fc_e042,
    0xf508_e9b7_7fe9_aa62,
];

/// All fingerprints, in order.
fn fingerprints<T: Hash>(values: impl Iterator<Item = T>) -> Vec<u64> {
    let mut all: Vec<u64> = values.map(|value| fingerprint(&value)).collect();
    all.sort_unstable();
    all
}

/// Of some millions of values there are not two with the same fingerprint, but for a chance of 1 in 10^5 or so; and they
/// are as likely in one place of the table as in another.
#[track_caller]
fn check<T: Hash>(what: &str, values: impl Iterator<Item = T>) {
    let all = fingerprints(values);
    let collisions = all.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(collisions, 0, "{what}: of {} values", all.len());
    for from in [0, 13, 26, 39, 52] {
        check_uniform(what, &all, from);
    }
}

/// Whether twelve bits of fingerprints are as those of random numbers: chi-square, seven standard deviations at most.
#[track_caller]
fn check_uniform(what: &str, all: &[u64], from: u32) {
    const PLACES: usize = 1 << 12;
    if all.len() < 8 * PLACES {
        return;
    }
    let mut counts = vec![0u32; PLACES];
    for fingerprint in all {
        counts[(fingerprint >> from) as usize % PLACES] += 1;
    }
    let mean = all.len() as f64 / PLACES as f64;
    let chi: f64 = counts.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum();
    let free = (PLACES - 1) as f64;
    let deviations = (chi - free) / (2.0 * free).sqrt();
    assert!(deviations.abs() < 7.0, "{what}: bits from {from} on: {deviations:.1} deviations");
}

#[test]
fn numbers_that_follow_each_other_do_not_collide() {
    check("u64", 0..2_000_000u64);
    check("multiples of a power", (0..1_000_000u64).map(|at| at << 40));
    check("u32", (0..1_000_000u32).map(|at| at * 4096 + at / 1024));
    check("usize", (0..1_000_000usize).map(|at| at * 3));
    check("u128", (0..1_000_000u128).map(|at| at << 100 | at));
    check("i64", -1_000_000..1_000_000i64);
}

#[test]
fn tuples_of_small_numbers_do_not_collide() {
    const SIDE: u32 = 1500;
    check("two u32", (0..SIDE * SIDE).map(|at| (at / SIDE, at % SIDE)));
    check("two i16", (0..SIDE * SIDE).map(|at| ((at / SIDE) as i16 - 750, (at % SIDE) as i16)));
    let digit = |at: u32, place: u32| (at / 11u32.pow(place) % 11) as u8;
    check("six u8", (0..11u32.pow(6)).map(|at| [0, 1, 2, 3, 4, 5].map(|place| digit(at, place))));
    check(
        "six u8, one after the other",
        (0..11u32.pow(6)).map(|at| {
            let digit = |place| digit(at, place);
            (digit(0), digit(1), digit(2), (digit(3), digit(4), digit(5)))
        }),
    );
    check(
        "vectors of small vectors",
        (0..11u32.pow(6)).map(|at| {
            let some = |from: u32, to: u32| (from..to).map(|place| digit(at, place)).collect();
            let cut = digit(at, 5) as u32 % 5;
            let all: [Vec<u8>; 3] = [some(0, cut), some(cut, 5), some(5, 6)];
            all
        }),
    );
}

/// All sets of at most three out of so many bits.
fn few_bits(bits: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..=bits).flat_map(move |a| {
        (a..=bits).filter(move |b| *b > a || a == bits).flat_map(move |b| {
            (b..=bits)
                .filter(move |c| *c > b || b == bits)
                .map(move |c| [a, b, c].into_iter().filter(|bit| *bit < bits).collect())
        })
    })
}

/// These as words.
fn few_bits_of_words<const WORDS: usize>() -> impl Iterator<Item = [u64; WORDS]> {
    few_bits(64 * WORDS).map(|bits| {
        let mut words = [0; WORDS];
        for bit in bits {
            words[bit / 64] |= 1 << (bit % 64);
        }
        words
    })
}

#[test]
fn sets_of_few_bits_do_not_collide() {
    check("one word", few_bits_of_words::<1>());
    check("two words", few_bits_of_words::<2>());
    check("three words", few_bits_of_words::<3>());
    check("four words", few_bits_of_words::<4>());
    check("four words, one after the other", few_bits_of_words().map(|[a, b, c, d]| (a, b, c, d)));
    check("three words, one after the other", few_bits_of_words().map(|[a, b, c]| (a, b, c)));
}

/// What one step does to the highest bits must not be what the next word can undo: all sets of the four highest bits, and of
/// the bits to which a step may move them.
#[test]
fn high_bits_of_words_do_not_cancel_each_other() {
    let spread = |bits: u64| (bits & 0xf) << 60 | (bits >> 4 & 0xf) << 28;
    let words = |at: u64| [0, 8, 16].map(|from| spread(at >> from & 0xff));
    check("three words", (0..1u64 << 22).map(words));
    check(
        "in one lane",
        (0..1u64 << 22).map(|at| {
            let [a, b, c] = words(at);
            (a, 0u64, b, 0u64, c)
        }),
    );
    check(
        "in bytes",
        (0..1u64 << 22).map(|at| {
            let [a, b, c] = words(at);
            [a, 0, b, 0, c, 0]
        }),
    );
}

#[test]
fn texts_do_not_collide() {
    check("numbers in words", (0..1_000_000u32).map(|at| at.to_string()));
    check("with a prefix", (0..500_000u32).map(|at| format!("a common beginning, then {at}")));
    check("with an ending", (0..500_000u32).map(|at| format!("{at} and then a common ending")));
    let pair = |at: u32| (format!("{}", at / 700), format!("{}", at % 700));
    check("pairs", (0..490_000).map(pair));
}

#[test]
fn bytes_that_differ_in_one_place_or_in_length_do_not_collide() {
    let mut all = Vec::new();
    for fill in [0, 0xff, 0x55] {
        for length in 0..=64 {
            let bytes = vec![fill; length];
            for at in 0..length {
                for value in (0..=255).filter(|value| *value != fill) {
                    let mut bytes = bytes.clone();
                    bytes[at] = value;
                    all.push(bytes);
                }
            }
            all.push(bytes);
        }
    }
    all.sort();
    all.dedup(); // the empty one
    check("by length and place", all.into_iter());
}

/// Every bit of a value decides about every bit of its fingerprint: flipped, it flips each in half of the cases.
#[track_caller]
fn check_avalanche<T: Hash>(what: &str, bits: usize, value: impl Fn(&[u64; 8]) -> T) {
    const SAMPLES: u64 = 2000;
    for bit in 0..bits {
        let mut flips = [0u32; 64];
        for sample in 0..SAMPLES {
            let mut words: [u64; 8] = std::array::from_fn(|at| mix(sample << 8 | at as u64));
            let before = fingerprint(&value(&words));
            words[bit / 64] ^= 1 << (bit % 64);
            let flipped = before ^ fingerprint(&value(&words));
            for (at, flips) in flips.iter_mut().enumerate() {
                *flips += u32::from(flipped >> at & 1 == 1);
            }
        }
        for (at, flips) in flips.into_iter().enumerate() {
            let share = f64::from(flips) / SAMPLES as f64;
            // Six standard deviations: some ten thousand cells are looked at.
            assert!((share - 0.5).abs() < 0.068, "{what}: bit {bit} flips bit {at} in {share:.3}");
        }
    }
}

#[test]
fn every_bit_decides_about_every_bit() {
    // Of the narrow ones there are too few values to average over, but for what stands beside them.
    check_avalanche("u8", 8, |words| (words[0] as u8, words[1]));
    check_avalanche("u8, later", 8, |words| (words[1], words[0] as u8));
    check_avalanche("u32", 32, |words| words[0] as u32);
    check_avalanche("u64", 64, |words| words[0]);
    check_avalanche("u128", 128, |words| u128::from(words[1]) << 64 | u128::from(words[0]));
    check_avalanche("two u64", 128, |words| (words[0], words[1]));
    check_avalanche("five u64", 320, |words| (words[0], words[1], words[2], words[3], words[4]));
    let bytes = |words: &[u64; 8], length| -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).take(length).collect()
    };
    for length in [3, 4, 5, 7, 8, 9, 12, 16, 17, 23, 24, 31, 32, 33, 40, 48, 64] {
        check_avalanche(&format!("{length} bytes"), 8 * length, |words| bytes(words, length));
    }
}
