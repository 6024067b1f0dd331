//! Lines of a body: line ends of every kind, folds undone on bytes.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// A line as it stands in the body, folds included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    raw: &'a [u8],
    folded: bool,
    /// From 1; of a folded line its first.
    pub(crate) number: u32,
    /// Where it begins in the body.
    pub(crate) start: usize,
    /// Where the next one begins.
    pub(crate) end: usize,
}

/// Goes through the lines of a stretch of a body; empty lines are passed over.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    body: &'a [u8],
    position: usize,
    number: u32,
    line_feeds: bool,
}

impl<'a> Lines<'a> {
    /// From a position, which is the begin of the line with that number, to the end of the body.
    pub(crate) fn new(body: &'a [u8], position: usize, number: u32) -> Self {
        Self { body, position, number, line_feeds: false }
    }

    /// The same where it is known whether every carriage return of the body has its line feed: such lines are found faster.
    pub(crate) fn with_line_feeds(self, line_feeds: bool) -> Self {
        Self { line_feeds, ..self }
    }

    /// Number of the line that comes next.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Moves on to a line whose first byte is wanted, if that can be done faster than line by line.
    pub(crate) fn pass_over(&mut self, wanted: impl Fn(u8) -> bool) {
        if self.line_feeds {
            while self.body.get(self.position).is_some_and(|first| !wanted(*first)) {
                self.physical();
            }
        }
    }

    /// Moves behind the line that begins here; its content, without the line end.
    fn physical(&mut self) -> &'a [u8] {
        let rest = self.body.get(self.position..).unwrap_or_default();
        let found = if self.line_feeds { memchr(b'\n', rest) } else { memchr2(b'\r', b'\n', rest) };
        let Some(end) = found else {
            self.position = self.body.len();
            return rest;
        };
        let pair = rest.get(end) == Some(&b'\r') && rest.get(end + 1) == Some(&b'\n');
        self.position += end + if pair { 2 } else { 1 };
        self.number = self.number.saturating_add(1);
        let line = rest.get(..end).unwrap_or_default();
        if self.line_feeds { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
    }

    /// The line that begins there and of which the first part was passed.
    fn folded(&mut self, start: usize, number: u32) -> Line<'a> {
        let mut end = self.position;
        while self.next_is_fold() {
            end = self.position + self.physical().len();
        }
        Line { raw: self.body.get(start..end).unwrap_or_default(), folded: true, number, start, end: self.position }
    }

    fn next_is_fold(&self) -> bool {
        matches!(self.body.get(self.position), Some(b' ' | b'\t'))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        while self.position < self.body.len() {
            let (start, number) = (self.position, self.number);
            let raw = self.physical();
            if self.next_is_fold() {
                return Some(self.folded(start, number));
            }
            if !raw.is_empty() {
                return Some(Line { raw, folded: false, number, start, end: self.position });
            }
        }
        None
    }
}

impl<'a> Line<'a> {
    /// Its bytes without folds, at most so many of them; and whether it was longer.
    pub(crate) fn unfold(&self, limit: usize) -> (Cow<'a, [u8]>, bool) {
        if !self.folded {
            let cut = self.raw.len() > limit;
            return (Cow::Borrowed(self.raw.get(..limit).unwrap_or(self.raw)), cut);
        }
        let mut joined = Vec::with_capacity(self.raw.len().min(limit));
        let mut lines = Self::parts(self.raw);
        let mut cut = false;
        if let Some(first) = lines.next() {
            joined.extend_from_slice(first);
        }
        for part in lines {
            joined.extend_from_slice(part.get(1..).unwrap_or_default());
            if joined.len() > limit {
                joined.truncate(limit);
                cut = true;
                break;
            }
        }
        (Cow::Owned(joined), cut)
    }

    fn parts(raw: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut lines = Lines::new(raw, 0, 1);
        std::iter::from_fn(move || (lines.position < raw.len()).then(|| lines.physical()))
    }

    /// The first byte, in lower case.
    pub(crate) fn initial(&self) -> u8 {
        self.raw.first().map_or(0, u8::to_ascii_lowercase)
    }

    /// Its content as it stands in the body.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether it is folded.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &[u8]) -> Vec<(u32, String)> {
        Lines::new(body, 0, 1)
            .map(|line| (line.number, String::from_utf8_lossy(&line.unfold(100).0).into_owned()))
            .collect()
    }

    fn expect(body: &[u8], expected: &[(u32, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(number, text)| (*number, (*text).to_owned())).collect();
        assert_eq!(lines(body), expected, "{:?}", String::from_utf8_lossy(body));
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        expect(b"a\r\nb\nc\rd", &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        expect(b"a\n\r\n\n\rb\n", &[(1, "a"), (5, "b")]);
        expect(b"", &[]);
    }

    #[test]
    fn folds_are_joined_on_bytes_even_inside_a_character() {
        expect(b"ab\r\n cd\n\tef\r g\nh", &[(1, "abcdefg"), (5, "h")]);
        expect(b"x\xc3\r\n \xa9y", &[(1, "x\u{e9}y")]);
        expect(b"a\n \nb", &[(1, "a"), (3, "b")]);
        expect(b"a\n  b", &[(1, "a b")]);
    }

    #[test]
    fn a_line_is_cut_at_the_limit_and_says_so() {
        for body in [&b"abcdef\nx"[..], b"abc\n def\nx", b"abcd\n e\n f\nx"] {
            let line = Lines::new(body, 0, 1).next().unwrap();
            let (bytes, cut) = line.unfold(4);
            assert_eq!((&*bytes, cut), (&b"abcd"[..], true));
            assert!(!line.unfold(6).1);
        }
    }
}
