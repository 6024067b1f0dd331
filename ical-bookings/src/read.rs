//! From a body to a snapshot.

use std::borrow::Cow;

use crate::booking::Maker;
use crate::calendar::{Found, Reader, same_but_resources};
use crate::event::Manner;
use crate::hash::{body_hash, semantic_hash};
use crate::layout::{Layout, scan};
use crate::problem::Problems;
use crate::property::Reading;
use crate::{Booking, Dialect, Options, ProblemKind, Rejected, RejectedKind, Snapshot};

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
    let bookings = ordered(found);
    Ok(Snapshot {
        problems_total: problems.total(),
        problems: problems.into_kept(),
        dialect,
        complete: layout.whole,
        body_hash: body_hash(body),
        semantic_hash: semantic_hash(&bookings),
        refresh_seconds: layout.refresh_seconds,
        events: layout.events,
        bookings,
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

/// By start, uid and instance; of two versions in two calendars the later.
fn ordered(found: Found) -> Vec<Booking> {
    let Found { mut bookings, ranks, .. } = found;
    if let Some(ranks) = ranks {
        let mut ranked: Vec<_> = bookings.into_iter().zip(ranks).enumerate().collect();
        // The latest version of each key comes first.
        ranked.sort_by(|(at, (one, rank)), (other_at, (other, other_rank))| {
            let by_key = (&one.uid, one.instance).cmp(&(&other.uid, other.instance));
            by_key.then_with(|| other_rank.cmp(rank)).then_with(|| other_at.cmp(at))
        });
        let mut kept: Vec<(Booking, u64)> = Vec::with_capacity(ranked.len());
        for (_, (booking, rank)) in ranked {
            match kept.last_mut() {
                Some((known, sequence)) if known.uid == booking.uid && known.instance == booking.instance => {
                    if *sequence == rank.sequence && same_but_resources(known, &booking) {
                        let new = booking.resources.into_iter().filter(|name| !known.resources.contains(name));
                        let new: Vec<String> = new.collect();
                        known.resources.extend(new);
                    }
                }
                _ => kept.push((booking, rank.sequence)),
            }
        }
        bookings = kept.into_iter().map(|(booking, _)| booking).collect();
    }
    sort(&mut bookings);
    bookings
}

/// Sorts by start, uid and instance: first small keys, which mostly decide, then each booking moves once.
fn sort(bookings: &mut [Booking]) {
    let first = bookings.first().map_or("", |booking| booking.uid.as_str());
    let common = bookings.iter().fold(first.len(), |common, booking| {
        let same = first.bytes().zip(booking.uid.bytes()).take(common).take_while(|(one, other)| one == other);
        same.count()
    });
    let mut keys: Vec<(i64, u64, usize)> = bookings
        .iter()
        .enumerate()
        .map(|(at, booking)| (booking.start.timestamp_micros(), eight_bytes(&booking.uid, common), at))
        .collect();
    keys.sort_unstable_by(|one, other| {
        let rest = |at: usize| bookings.get(at).map(|booking| (&booking.uid, booking.instance));
        (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| (rest(one.2), one.2).cmp(&(rest(other.2), other.2)))
    });
    let mut order: Vec<usize> = keys.into_iter().map(|(_, _, at)| at).collect();
    for first in 0..order.len() {
        // Each turn of the circle puts one booking where it belongs.
        let mut at = first;
        while let Some(from) = order.get_mut(at).map(|from| std::mem::replace(from, at))
            && from != first
            && from != at
        {
            bookings.swap(at, from);
            at = from;
        }
    }
}

/// The eight bytes from a place on as a number that compares like them; what is missing counts as zero.
fn eight_bytes(text: &str, from: usize) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of_text) in bytes.iter_mut().zip(text.bytes().skip(from)) {
        *byte = of_text;
    }
    u64::from_be_bytes(bytes)
}
