//! From a body to a snapshot.

use std::borrow::Cow;
use std::sync::Arc;

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
                        let new = booking.resources.iter().filter(|name| !known.resources.contains(name));
                        known.resources = known.resources.iter().chain(new).cloned().collect();
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

/// Sorts by start, uid and instance: numbers that stand for them, then each booking moves once.
fn sort(bookings: &mut [Booking]) {
    let mut keys = keys(bookings);
    keys.sort_unstable();
    sort_instances(&mut keys, bookings);
    for first in 0..keys.len() {
        // Each turn of the circle puts one booking where it belongs.
        let mut at = first;
        while let Some(from) = keys.get_mut(at).map(|key| std::mem::replace(&mut key.at, number(at)) as usize)
            && from != first
            && from != at
        {
            bookings.swap(at, from);
            at = from;
        }
    }
}

/// What a booking is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    start: i64,
    /// Compares as its uid does.
    uid: u32,
    /// Where the booking stands.
    at: u32,
}

fn keys(bookings: &[Booking]) -> Vec<SortKey> {
    let ranks = ranks(bookings);
    let mut keys = Vec::with_capacity(bookings.len());
    let mut ranks = ranks.into_iter().peekable();
    let mut uid = 0;
    for (at, booking) in bookings.iter().enumerate() {
        if let Some((_, rank)) = ranks.next_if(|(first, _)| *first == at) {
            uid = rank;
        }
        keys.push(SortKey { start: booking.start.timestamp_micros(), uid, at: number(at) });
    }
    keys
}

/// Where the bookings of another uid begin, which mostly stand together, and a number that compares as this uid does.
fn ranks(bookings: &[Booking]) -> Vec<(usize, u32)> {
    let uid = |at: usize| bookings.get(at).map_or("", |booking| &*booking.uid);
    let mut last: Option<&Arc<str>> = None;
    let begins = bookings.iter().enumerate().filter(|(_, booking)| {
        let before = last.replace(&booking.uid);
        before.is_none_or(|before| !Arc::ptr_eq(before, &booking.uid))
    });
    let mut ranks: Vec<(usize, u32)> = begins.map(|(at, _)| (at, 0)).collect();
    let common = ranks.iter().fold(uid(0).len(), |common, (at, _)| {
        uid(0).bytes().zip(uid(*at).bytes()).take(common).take_while(|(one, other)| one == other).count()
    });
    let begun = ranks.iter().enumerate();
    let mut sorted: Vec<(u64, usize, usize)> =
        begun.map(|(run, (at, _))| (eight_bytes(uid(*at), common), *at, run)).collect();
    sorted.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| uid(one.1).cmp(uid(other.1))));
    let (mut rank, mut last) = (0, None);
    for (_, at, run) in sorted {
        let uid = uid(at);
        if last.replace(uid).is_some_and(|last| last != uid) {
            rank += 1;
        }
        if let Some(place) = ranks.get_mut(run) {
            place.1 = rank;
        }
    }
    ranks
}

/// Of one uid and start by the instance, where the bookings do not stand so already.
fn sort_instances(keys: &mut [SortKey], bookings: &[Booking]) {
    let instance = |key: &SortKey| bookings.get(key.at as usize).map(|booking| booking.instance);
    for same in keys.chunk_by_mut(|one, other| (one.start, one.uid) == (other.start, other.uid)) {
        if same.len() > 1 {
            same.sort_by_key(instance);
        }
    }
}

/// There are fewer bookings than 32 bits count.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The eight bytes from a place on as a number that compares like them; what is missing counts as zero.
fn eight_bytes(text: &str, from: usize) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of_text) in bytes.iter_mut().zip(text.bytes().skip(from)) {
        *byte = of_text;
    }
    u64::from_be_bytes(bytes)
}
