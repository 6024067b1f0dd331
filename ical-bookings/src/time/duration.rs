//! `DURATION`.

use chrono::Duration;

use crate::ProblemKind;

/// A duration as RFC 5545 has it: calendar days, then exact time. Never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Days and weeks.
    pub(crate) days: i64,
    /// Hours, minutes and seconds.
    pub(crate) exact: Duration,
}

impl Span {
    /// Reads `P1DT2H`, `PT90M`, `P2W` and alike.
    ///
    /// # Errors
    ///
    /// `BadTime` for what is none, `EndBeforeStart` for a negative one. Endless ones saturate, so that a limit refuses them.
    pub(crate) fn parse(text: &str) -> Result<Self, ProblemKind> {
        let text = text.trim().to_ascii_uppercase();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let text = text.strip_prefix('P').ok_or(ProblemKind::BadTime)?;
        let span = read(text).ok_or(ProblemKind::BadTime)?;
        if negative && (span.days != 0 || !span.exact.is_zero()) {
            return Err(ProblemKind::EndBeforeStart);
        }
        Ok(span)
    }
}

/// More than any booking lasts, and far from the limits of the arithmetic.
const ENDLESS: i64 = 1_000_000_000;

fn read(text: &str) -> Option<Span> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let [weeks, days] = parts(date, [b'W', b'D'])?;
    let [hours, minutes, seconds] = parts(time, [b'H', b'M', b'S'])?;
    Some(Span {
        days: weeks * 7 + days,
        exact: Duration::try_seconds(hours * 3600 + minutes * 60 + seconds).unwrap_or(Duration::MAX),
    })
}

/// The numbers before each of the letters, which come in this order, each at most once.
fn parts<const N: usize>(mut text: &str, letters: [u8; N]) -> Option<[i64; N]> {
    let mut values = [0; N];
    for (letter, value) in letters.iter().zip(&mut values) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && text.as_bytes().get(digits) == Some(letter) {
            let (number, rest) = text.split_at_checked(digits)?;
            *value = number.parse().unwrap_or(ENDLESS).min(ENDLESS);
            text = rest.get(1..)?;
        }
    }
    text.is_empty().then_some(values)
}
