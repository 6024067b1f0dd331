//! What the name of a zone means without a definition.

use std::borrow::Cow;
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};

use super::Zone;

/// The form in which names are compared: without quotes, escapes and blanks around.
pub(super) fn plain(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    let name = name.strip_prefix('"').unwrap_or(name);
    let name = name.strip_suffix('"').unwrap_or(name).trim();
    if !name.contains('\\') {
        return Cow::Borrowed(name);
    }
    let mut plain = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let escape = letter == '\\' && letters.peek().is_some_and(|next| matches!(next, ',' | ';' | '\\'));
        plain.push(if escape { letters.next().unwrap_or(letter) } else { letter });
    }
    Cow::Owned(plain.trim().to_owned())
}

/// The zone that a plain name stands for: IANA, Windows, UTC or an offset. Never a guess.
pub(super) fn known(name: &str) -> Option<Zone> {
    if let Some(zone) = iana(name) {
        return Some(if zone == Tz::UTC { Zone::UTC } else { Zone::Iana(zone) });
    }
    if let Some(zone) = windows_zones::iana_of(name).and_then(iana) {
        return Some(Zone::Iana(zone));
    }
    if ["UTC", "GMT", "Z"].iter().any(|utc| name.eq_ignore_ascii_case(utc)) {
        return Some(Zone::UTC);
    }
    offset(name).map(Zone::Fixed)
}

/// A name of the IANA database, also at the end of `/somewhere/version/Europe/Amsterdam`.
pub(super) fn iana(name: &str) -> Option<Tz> {
    let Some(path) = name.strip_prefix('/') else {
        return exact_iana(name);
    };
    let ends = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path).chain(ends).take(DEEPEST).find_map(exact_iana)
}

/// Parts of a path that are tried.
const DEEPEST: usize = 8;

fn exact_iana(name: &str) -> Option<Tz> {
    if name.is_empty() || name.len() > LONGEST_IANA {
        return None;
    }
    Tz::from_str(name).ok().or_else(|| TZ_VARIANTS.iter().copied().find(|zone| zone.name().eq_ignore_ascii_case(name)))
}

/// No name of the database is longer.
const LONGEST_IANA: usize = 64;

/// `UTC+02`, `UTC-3`, `GMT+05:30`, `UTC+0545`: plus is east.
fn offset(name: &str) -> Option<i32> {
    let (prefix, rest) = name.split_at_checked(3)?;
    if !prefix.eq_ignore_ascii_case("UTC") && !prefix.eq_ignore_ascii_case("GMT") {
        return None;
    }
    let rest = rest.trim_start();
    let (sign, digits) = match rest.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, rest.strip_prefix('-').or_else(|| rest.strip_prefix('\u{2212}'))?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let hours = number(hours).filter(|hours| *hours <= 14)?;
    let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// One or two digits.
fn number(text: &str) -> Option<i32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
