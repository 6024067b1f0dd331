//! Addresses: everything REST stands under `/api/v1`, pieces and values stay data.

use connector_http::Error;
use http::{Method, Request};
use url::Url;

/// The address of a REST call.
pub(crate) fn api(base: &Url, path: &[&str]) -> Result<Url, Error> {
    let mut whole = vec!["api", "v1"];
    whole.extend_from_slice(path);
    connector_http::join(base, &whole)
}

/// The same with query parameters, spaces written as `%20`.
pub(crate) fn api_with(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Error> {
    Ok(with_query(api(base, path)?, query))
}

/// Adds query parameters, percent-encoded throughout: not every server reads `+` as a space.
pub(crate) fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    if query.is_empty() {
        return url;
    }
    url.query_pairs_mut().extend_pairs(query);
    let encoded = url.query().unwrap_or_default().replace('+', "%20");
    url.set_query(Some(&encoded));
    url
}

/// A DELETE without a body.
pub(crate) fn delete(url: Url) -> Result<Request<Vec<u8>>, Error> {
    let mut request = connector_http::get(url)?;
    *request.method_mut() = Method::DELETE;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        let base = Url::parse("https://net2.example:8443").unwrap();
        let url = api_with(&base, &["users", "../a b"], &[("where", "a+b = 'x&y'")]).unwrap();
        assert!(url.as_str().starts_with("https://net2.example:8443/api/v1/users/"), "{url}");
        assert!(url.as_str().ends_with("?where=a%2Bb%20%3D%20%27x%26y%27"), "{url}");
        assert!(!url.path().contains("/../"), "{url}");
    }
}
