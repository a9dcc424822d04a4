//! Numbers as people read them.

/// A count, its thousands apart.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same of what may be more than the machine can address.
pub(crate) fn count_u64(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A count and what it counts, which has an ordinary plural.
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A time.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{s:.0} s"),
    }
}

/// States in a time, as two or three digits and a unit.
pub(crate) fn rate(states: usize, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "no rate yet".to_owned();
    }
    match states as f64 / seconds {
        r if r >= 1e6 => format!("{:.2} M/s", r / 1e6),
        r if r >= 1e3 => format!("{:.0} k/s", r / 1e3),
        r => format!("{r:.0}/s"),
    }
}

/// A small probability.
pub(crate) fn probability(probability: f64) -> String {
    if probability == 0.0 { "0".to_owned() } else { format!("{probability:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((counted(1, "step"), counted(2, "step")), ("1 step".into(), "2 steps".into()));
        assert_eq!([0.031, 12.34, 345.6].map(seconds), ["0.03 s", "12.3 s", "346 s"]);
        assert_eq!(rate(3_456_789, 1.0), "3.46 M/s");
        assert_eq!(rate(3_456_789, 10.0), "346 k/s");
        assert_eq!((rate(5, 1.0), rate(5, 0.0)), ("5/s".into(), "no rate yet".into()));
        assert_eq!([0.0, 4.14e-8].map(probability), ["0", "4.1e-8"]);
    }
}
