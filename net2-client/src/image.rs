//! Portraits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_http::{Error, ErrorKind, Phase, get, json_request};
use http::{Method, header};
use serde_json::{Value, json};

use crate::answer;
use crate::id::UserId;
use crate::json::{FromJson, Object};
use crate::operation::operation;
use crate::route::{api, delete};
use crate::users::UserHandle;

/// A portrait as JPEG, the only kind that Net2 shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Jpeg(Vec<u8>);

impl Jpeg {
    /// Most bytes that Net2 takes.
    pub const MAX_BYTES: usize = 3_670_016;
    /// Most pixels that Net2 takes.
    pub const MAX_PIXELS: u64 = 40_000_000;

    /// Takes the bytes of a JPEG file.
    ///
    /// # Errors
    /// `Rejected` if it is no JPEG, `TooLarge` if it has too many bytes or pixels; nothing was sent.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            return Err(Error::new(
                ErrorKind::Rejected,
                "a portrait must be a JPEG: Net2 stores others and never shows them",
            ));
        }
        if bytes.len() > Self::MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, "the portrait has more bytes than Net2 takes (3670016)"));
        }
        if pixels(&bytes).is_some_and(|pixels| pixels > Self::MAX_PIXELS) {
            return Err(Error::new(ErrorKind::TooLarge, "the portrait has more than 40 megapixels"));
        }
        Ok(Self(bytes))
    }

    /// The bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jpeg({} bytes)", self.0.len())
    }
}

impl UserHandle {
    /// Reads the portrait; `None` if there is none.
    ///
    /// The bytes are whatever the server has: Net2 keeps other kinds than JPEG too.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn image(&self) -> Result<Option<Vec<u8>>, Error> {
        match self.client.send(&GetImage::new(self.id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other,
        }
    }

    /// Stores a portrait.
    ///
    /// # Errors
    /// `TooLarge` if the front end refuses its size; else as any write.
    pub async fn set_image(&self, image: Jpeg) -> Result<(), Error> {
        self.client.send(&SetImage::new(self.id, image)).await
    }

    /// Removes the portrait; none there counts as removed.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn delete_image(&self) -> Result<(), Error> {
        match self.client.send(&DeleteImage::new(self.id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

operation! {
    /// `GET /users/{id}/image`, as bytes or as JSON around them.
    GetImage { user: UserId } = "net2.get_image", Safe -> Option<Vec<u8>>;
    request(op, base) => get(api(base, &["users", &op.user.to_string(), "image"])?);
    response(parts, body) => {
        answer::check(parts, body)?;
        let declared = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let json = declared.contains("json") || matches!(body.trim_ascii().first(), Some(b'{' | b'"'));
        if body.is_empty() {
            Ok(None)
        } else if json {
            from_json(parts, body)
        } else {
            Ok(Some(body.to_vec()))
        }
    };
}

operation! {
    /// `PUT /users/{id}/image`.
    SetImage { user: UserId, image: Jpeg } = "net2.set_image", Idempotent -> ();
    request(op, base) => {
        let url = api(base, &["users", &op.user.to_string(), "image"])?;
        json_request(Method::PUT, url, &json!({ "base64Data": STANDARD.encode(op.image.as_bytes()) }))
    };
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /users/{id}/image`.
    DeleteImage { user: UserId } = "net2.delete_image", Idempotent -> ();
    request(op, base) => delete(api(base, &["users", &op.user.to_string(), "image"])?);
    response(parts, body) => answer::nothing(parts, body);
}

fn from_json(parts: &http::response::Parts, body: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let text = match answer::json(parts, body)? {
        Value::String(text) => Some(text),
        other => Object::from_json(other)
            .and_then(|mut object| object.optional::<String>("base64Data"))
            .map_err(|shape| answer::misfit(parts, shape))?,
    };
    let decode = |text: String| {
        STANDARD
            .decode(text.trim())
            .map_err(|_| Error::new(ErrorKind::Protocol, "the portrait is not base64").with_phase(Phase::Answered))
    };
    text.filter(|text| !text.trim().is_empty()).map(decode).transpose()
}

/// Width times height from the frame header, if there is one among the first segments.
fn pixels(bytes: &[u8]) -> Option<u64> {
    let mut at = 2_usize;
    for _ in 0..1000 {
        let &[0xff, marker, high, low] = bytes.get(at..at.checked_add(4)?)? else { return None };
        if matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
            let &[h1, h2, w1, w2] = bytes.get(at + 5..at + 9)? else { return None };
            return Some(u64::from(u16::from_be_bytes([h1, h2])) * u64::from(u16::from_be_bytes([w1, w2])));
        }
        at = at.checked_add(2 + usize::from(u16::from_be_bytes([high, low])))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn jpeg(height: u16, width: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes
    }

    #[test]
    fn the_pixels_of_a_frame_are_counted() {
        assert_eq!(pixels(&jpeg(600, 800)), Some(480_000));
        assert!(Jpeg::new(jpeg(600, 800)).is_ok());
        assert_eq!(Jpeg::new(jpeg(20_000, 20_000)).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = pixels(&bytes);
        }
    }
}
