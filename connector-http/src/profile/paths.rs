//! Paths with holes.

use crate::{Error, ErrorKind, join};
use std::fmt;
use url::Url;

/// A path with holes such as `/sites/{site}/history?date={date}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathTemplate {
    segments: Vec<Vec<Piece>>,
    query: Vec<(String, Vec<Piece>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl PathTemplate {
    /// Reads a path; an empty one is the base itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains("://") || text.contains('#') {
            return Err("is a whole address or has a fragment, where only a path may stand");
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        if !path.is_empty() && !path.starts_with('/') {
            return Err("does not begin with /");
        }
        let inner = path.trim_matches('/');
        let segments =
            if inner.is_empty() { Vec::new() } else { inner.split('/').map(pieces).collect::<Result<Vec<_>, _>>()? };
        if segments.iter().any(|segment| matches!(segment.as_slice(), [] | [Piece::Text(_)] if is_dots(segment))) {
            return Err("has an empty segment or one of dots");
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let query = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((name.to_owned(), pieces(value)?))
            })
            .collect::<Result<_, &'static str>>()?;
        Ok(Self { segments, query })
    }

    /// The names of its holes.
    pub fn holes(&self) -> Vec<&str> {
        let pieces = self.segments.iter().flatten().chain(self.query.iter().flat_map(|(_, pieces)| pieces));
        pieces.filter_map(|piece| if let Piece::Hole(name) = piece { Some(name.as_str()) } else { None }).collect()
    }

    /// The address below a base, with its holes filled; what is filled in stays data.
    ///
    /// # Errors
    /// `Config` where a hole has no value; `Rejected` for a value that would change the path.
    pub fn below(&self, base: &Url, holes: &[(&str, &str)]) -> Result<Url, Error> {
        let segments = self.segments.iter().map(|pieces| fill(pieces, holes)).collect::<Result<Vec<_>, _>>()?;
        let mut url = join(base, &segments.iter().map(String::as_str).collect::<Vec<_>>())?;
        for (name, pieces) in &self.query {
            url.query_pairs_mut().append_pair(name, &fill(pieces, holes)?);
        }
        Ok(url)
    }
}

/// As it is written in a profile.
impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, pieces: &[Piece]| {
            pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(text),
                Piece::Hole(name) => write!(f, "{{{name}}}"),
            })
        };
        for segment in &self.segments {
            f.write_str("/")?;
            write(f, segment)?;
        }
        for (place, (name, pieces)) in self.query.iter().enumerate() {
            f.write_str(if place == 0 { "?" } else { "&" })?;
            write!(f, "{name}=")?;
            write(f, pieces)?;
        }
        Ok(())
    }
}

fn is_dots(segment: &[Piece]) -> bool {
    matches!(segment, []) || matches!(segment, [Piece::Text(text)] if text == "." || text == "..")
}

fn pieces(text: &str) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').ok_or("has a { without its }")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err("has a hole whose name is not of small letters");
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Hole(name.to_owned()));
        rest = after;
    }
    if rest.contains('}') {
        return Err("has a } without its {");
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn fill(pieces: &[Piece], holes: &[(&str, &str)]) -> Result<String, Error> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Hole(name) => {
                let value = holes.iter().find(|(hole, _)| hole == name).map(|(_, value)| *value);
                let missing = || Error::new(ErrorKind::Config, format!("nothing is known for {{{name}}} of a path"));
                text.push_str(value.ok_or_else(missing)?);
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://h.example/api").unwrap()
    }

    #[test]
    fn holes_are_filled_and_stay_data() {
        let path = PathTemplate::parse("/sites/{site}/x-{id}?date={date}&all=1").unwrap();
        assert_eq!(path.holes(), ["site", "id", "date"]);
        assert_eq!(path.to_string(), "/sites/{site}/x-{id}?date={date}&all=1");
        let url = path.below(&base(), &[("site", "a/b"), ("id", "1"), ("date", "2026-03-02&x=y")]).unwrap();
        assert_eq!(url.as_str(), "https://h.example/api/sites/a%2Fb/x-1?date=2026-03-02%26x%3Dy&all=1");
    }

    #[test]
    fn a_hole_without_a_value_and_a_value_of_dots_are_errors() {
        let path = PathTemplate::parse("/badges/{id}").unwrap();
        assert_eq!(path.below(&base(), &[]).unwrap_err().kind(), ErrorKind::Config);
        assert_eq!(path.below(&base(), &[("id", "..")]).unwrap_err().kind(), ErrorKind::Rejected);
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, word) in [
            ("badges", "/"),
            ("https://x/y", "address"),
            ("/a//b", "empty"),
            ("/{id", "}"),
            ("/id}", "{"),
            ("/{I D}", "small"),
        ] {
            assert!(PathTemplate::parse(text).unwrap_err().contains(word), "{text}");
        }
        assert!(PathTemplate::parse("").unwrap().below(&base(), &[]).unwrap().as_str().ends_with("/api"));
    }
}
