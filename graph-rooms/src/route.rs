//! Addresses below the version root, and the preferences that go along.

use connector_http::{Error, ErrorKind, join};
use http::{HeaderValue, Request};
use url::Url;

/// An address below `v1.0`. Quotes and plus signs are encoded as well: somebody between might read them otherwise.
pub(crate) fn api(base: &Url, segments: &[&str]) -> Result<Url, Error> {
    let path: Vec<&str> = std::iter::once("v1.0").chain(segments.iter().copied()).collect();
    let mut url = join(base, &path)?;
    if url.path().contains(['\'', '+']) {
        let path = url.path().replace('\'', "%27").replace('+', "%2B");
        url.set_path(&path);
    }
    Ok(url)
}

/// The same with a query.
pub(crate) fn api_with(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, Error> {
    let mut url = api(base, segments)?;
    url.query_pairs_mut().extend_pairs(query);
    Ok(url)
}

/// Adds a `Prefer` header: one header, its wishes apart by commas. It holds for one request only.
pub(crate) fn prefer(mut request: Request<Vec<u8>>, wishes: &str) -> Result<Request<Vec<u8>>, Error> {
    let value = HeaderValue::from_str(wishes)
        .map_err(|_| Error::new(ErrorKind::Config, "the preference cannot be sent in a header"))?;
    request.headers_mut().insert("prefer", value);
    Ok(request)
}

/// Times in UTC, and ids that stay while the item stays in its mailbox.
pub(crate) const UTC_AND_IMMUTABLE: &str = r#"outlook.timezone="UTC", IdType="ImmutableId""#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_an_id_stays_data() {
        let base = Url::parse("https://graph.example").unwrap();
        let url = api(&base, &["users", "o'hara+x#EXT#@example.org", "events", "AA/k+A=="]).unwrap();
        assert_eq!(url.path(), "/v1.0/users/o%27hara%2Bx%23EXT%23@example.org/events/AA%2Fk%2BA==");
    }
}
