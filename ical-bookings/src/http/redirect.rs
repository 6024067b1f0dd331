//! Where an answer may send us.

use url::Url;

use super::{Failure, link::bare};

/// How many may follow each other.
pub(super) const MOST: usize = 5;

/// The address that an answer points to, if it may be followed.
pub(super) fn next(from: &Url, location: Option<&str>) -> Result<Url, Failure> {
    let location = location.ok_or(Failure::Redirect("the answer points to another address without naming it"))?;
    let mut to = from
        .join(location.trim())
        .map_err(|_| Failure::Redirect("the answer points to something that is no address"))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => {}
        ("https", "http") => return Err(Failure::Redirect("the answer points from https to plain http")),
        _ => return Err(Failure::Redirect("the answer points to something that is no web address")),
    }
    bare(&mut to);
    Ok(to)
}

/// Whether a status points elsewhere, and if so whether for good.
pub(super) fn kind(status: u16) -> Option<Moved> {
    match status {
        301 | 308 => Some(Moved::ForGood),
        302 | 303 | 307 => Some(Moved::ForNow),
        _ => None,
    }
}

/// For how long an answer points elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    ForGood,
    ForNow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_is_followed_and_never_out_of_https() {
        let from = |text: &str| Url::parse(text).unwrap();
        let (plain, tls) = (from("http://a.example/x?k=1"), from("https://a.example/x?k=1"));
        assert_eq!(next(&tls, Some("/y")).unwrap().as_str(), "https://a.example/y");
        assert_eq!(next(&plain, Some("https://b.example/")).unwrap().as_str(), "https://b.example/");
        assert_eq!(next(&plain, Some("http://b.example/")).unwrap().as_str(), "http://b.example/");
        assert_eq!(next(&tls, Some("https://u:p@b.example/#f")).unwrap().as_str(), "https://b.example/");
        for refused in ["http://a.example/y", "ftp://a.example/", "file:///etc/passwd", "data:text/calendar,x", "//"] {
            assert!(matches!(next(&tls, Some(refused)), Err(Failure::Redirect(_))), "{refused}");
        }
        assert!(next(&tls, None).is_err());
    }
}
