//! From a body to a snapshot.

use std::borrow::Cow;

use crate::booking::Maker;
use crate::calendar::Reader;
use crate::event::Manner;
use crate::found::Found;
use crate::layout::{Layout, scan};
use crate::order::ordered;
use crate::problem::Problems;
use crate::property::Reading;
use crate::{Dialect, Options, ProblemKind, Rejected, RejectedKind, Snapshot};

/// Reads one body.
///
/// The same body with the same options always gives the same snapshot. A body that ends too early gives a snapshot that is
/// not [`complete`](Snapshot::complete), whose missing bookings mean nothing.
///
/// # Errors
///
/// [`Rejected`] if the body is no calendar, no feed, or costs more than the limits allow.
pub fn read(body: &[u8], options: &Options) -> Result<Snapshot, Rejected> {
    if body.len() > options.limits.body {
        return Err(Rejected::new(RejectedKind::TooLarge, "the body is larger than allowed"));
    }
    let text = utf8(body)?;
    let reading = Reading::new(&text, options.limits.line);
    let layout = scan(&text, &reading, options)?;
    let dialect = layout.dialect;
    let template = dialect == Dialect::Type2Template;
    let limits = &options.limits;
    let mut reader = Reader {
        body: &text,
        manner: Manner { reading, template, plugins: &options.plugin_properties, limits },
        maker: Maker::new(options, dialect),
        problems: Problems::new(limits.problems),
        found: Found::new(layout.calendars.len() > 1),
    };
    for calendar in &layout.calendars {
        reader.calendar(calendar)?;
    }
    let Reader { maker, mut problems, found, .. } = reader;
    report_body(&layout, &maker, &mut problems);
    Ok(Snapshot {
        problems_total: problems.total(),
        problems: problems.into_kept(),
        dialect,
        complete: layout.whole,
        refresh_seconds: layout.refresh_seconds,
        events: layout.events,
        bookings: ordered(found),
    })
}

/// The body without its byte order mark; UTF-16 only if it says so by one.
fn utf8(body: &[u8]) -> Result<Cow<'_, [u8]>, Rejected> {
    let (rest, read): (_, fn([u8; 2]) -> u16) = match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Ok(Cow::Borrowed(rest)),
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return Ok(Cow::Borrowed(body)),
    };
    let broken = || Rejected::new(RejectedKind::Encoding, "the body says it is UTF-16 and is not");
    let (pairs, []) = rest.as_chunks::<2>() else { return Err(broken()) };
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| read(*pair))).collect();
    text.map(|text| Cow::Owned(text.into_bytes())).map_err(|_| broken())
}

/// What is wrong with the body as a whole.
fn report_body(layout: &Layout, maker: &Maker<'_>, problems: &mut Problems) {
    let type2 = matches!(layout.dialect, Dialect::Type2Template | Dialect::Type2Escaped);
    if type2 && maker.resources.are_several() {
        let kind = ProblemKind::Type2ScheduleLink;
        problems.add(kind, None, 1, kind.explanation());
    }
    if !layout.whole {
        let kind = ProblemKind::Truncated;
        problems.add(kind, None, layout.last_line, kind.explanation());
    }
}
