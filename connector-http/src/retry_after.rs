//! How long a server wants to be left alone: seconds, fractions of seconds, or an HTTP date.

use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// Reads the `Retry-After` header of an answer.
///
/// A date is measured against the answer's own `Date`, so that a wrong clock on either side does no harm;
/// `now` is used where the server sends none.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let now = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    parse_retry_after(text(header::RETRY_AFTER)?, now)
}

/// Reads the value of a `Retry-After` header; a date in the past means no wait.
///
/// ```
/// use connector_http::parse_retry_after;
/// use std::time::{Duration, SystemTime};
/// assert_eq!(parse_retry_after("1.5", SystemTime::now()), Some(Duration::from_millis(1500)));
/// assert_eq!(parse_retry_after("soon", SystemTime::now()), None);
/// ```
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return seconds(value);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Plain decimal only: no sign, no exponent, no `inf`.
fn seconds(value: &str) -> Option<Duration> {
    if !value.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    Duration::try_from_secs_f64(value.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_read() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        for (text, millis) in [
            ("0", 0),
            ("120", 120_000),
            (" 2 ", 2_000),
            ("0.25", 250),
            ("Wed, 21 Oct 2026 07:28:30 GMT", 30_000),
            ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ] {
            assert_eq!(parse_retry_after(text, now), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "-1", "1e9", "inf", "NaN", "5 minutes", "1.2.3", "."] {
            assert_eq!(parse_retry_after(text, now), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_measured_against_the_servers_own_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        headers.insert(header::RETRY_AFTER, "Wed, 21 Oct 2026 07:28:10 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers, SystemTime::UNIX_EPOCH), Some(Duration::from_secs(10)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            let _ = parse_retry_after(&text, SystemTime::now());
        }

        #[test]
        fn whole_seconds_are_read_exactly(seconds in 0_u32..) {
            let read = parse_retry_after(&seconds.to_string(), SystemTime::now());
            prop_assert_eq!(read, Some(Duration::from_secs(seconds.into())));
        }

        #[test]
        fn dates_ahead_are_waited_for(ahead in 0_u64..1_000_000) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
            let date = httpdate::fmt_http_date(now + Duration::from_secs(ahead));
            prop_assert_eq!(parse_retry_after(&date, now), Some(Duration::from_secs(ahead)));
        }
    }
}
