//! Small builders for [`Operation::request`](crate::Operation::request).

use crate::{Error, ErrorKind};
use http::{Method, Request, header};
use serde::Serialize;
use url::Url;

/// A GET request.
///
/// # Errors
/// `Config` when the address cannot be requested; nothing was sent.
#[expect(clippy::needless_pass_by_value, reason = "an address is made for its request and has no second use")]
pub fn get(url: Url) -> Result<Request<Vec<u8>>, Error> {
    build(Method::GET, &url, None, Vec::new())
}

/// A request with a JSON body.
///
/// # Errors
/// `Rejected` when the body cannot be written as JSON; nothing was sent.
#[expect(clippy::needless_pass_by_value, reason = "an address is made for its request and has no second use")]
pub fn json_request(method: Method, url: Url, body: &(impl Serialize + ?Sized)) -> Result<Request<Vec<u8>>, Error> {
    let body = serde_json::to_vec(body)
        .map_err(|e| Error::new(ErrorKind::Rejected, "these values cannot be written as JSON").with_source(e))?;
    build(method, &url, Some("application/json"), body)
}

/// A POST of form fields.
///
/// # Errors
/// `Config` when the address cannot be requested; nothing was sent.
#[expect(clippy::needless_pass_by_value, reason = "an address is made for its request and has no second use")]
pub fn form_request(url: Url, fields: &[(&str, &str)]) -> Result<Request<Vec<u8>>, Error> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    build(Method::POST, &url, Some("application/x-www-form-urlencoded"), body.into_bytes())
}

/// Appends path segments to the base address; ids stay data, whatever characters they hold.
///
/// # Errors
/// `Rejected` for a segment that would change the path (empty, `.`, `..`); nothing was sent.
pub fn join(base: &Url, segments: &[&str]) -> Result<Url, Error> {
    if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(Error::new(ErrorKind::Rejected, "an id that is empty or made of dots cannot stand in an address"));
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::Config, "the base address cannot carry a path"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

fn build(method: Method, url: &Url, content_type: Option<&str>, body: Vec<u8>) -> Result<Request<Vec<u8>>, Error> {
    let mut request = Request::builder().method(method).uri(url.as_str()).header(header::ACCEPT, "application/json");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(body).map_err(|e| Error::new(ErrorKind::Config, "the address cannot be requested").with_source(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://h.example/api/v1/").unwrap()
    }

    #[test]
    fn ids_stay_data() {
        let url = join(&base(), &["users", "a/b?c#d%", "x y"]).unwrap();
        assert_eq!(url.as_str(), "https://h.example/api/v1/users/a%2Fb%3Fc%23d%25/x%20y");
    }

    #[test]
    fn a_base_with_and_without_slash_is_the_same() {
        let bare = Url::parse("https://h.example/api/v1").unwrap();
        assert_eq!(join(&bare, &["doors"]).unwrap(), join(&base(), &["doors"]).unwrap());
        assert_eq!(join(&bare, &["doors"]).unwrap().path(), "/api/v1/doors");
    }

    #[test]
    fn dots_and_nothing_are_refused() {
        for id in ["", ".", ".."] {
            assert_eq!(join(&base(), &["users", id]).unwrap_err().kind(), ErrorKind::Rejected, "{id:?}");
        }
    }

    #[test]
    fn form_fields_are_escaped() {
        let request = form_request(base(), &[("password", "a&b=c é")]).unwrap();
        assert_eq!(request.body(), b"password=a%26b%3Dc+%C3%A9");
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    }
}
