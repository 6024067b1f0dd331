//! Switches: which of the known ways this tenant follows.

use serde::{Deserialize, Serialize};

/// How a refused caller learns when to come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryAfter {
    /// Seconds with a fraction.
    #[default]
    Fraction,
    /// Whole seconds.
    Seconds,
    /// An HTTP date.
    Date,
    /// Not at all.
    Missing,
}

/// What a delta token that no longer counts gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Expired {
    /// 410 with `SyncStateNotFound`.
    #[default]
    Gone,
    /// 410 with `resyncRequired` and a `Location` for a fresh start.
    GoneWithLocation,
    /// 400 with `syncStateNotFound`.
    BadRequest,
    /// 404 with `syncStateInvalid`.
    NotFound,
}

/// All switches with their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent oddity of a real tenant")]
pub struct Switches {
    /// Token endpoint: seconds a token lives.
    pub token_seconds: i64,
    /// Token endpoint: `expires_in` as text.
    pub expires_in_text: bool,
    /// Token endpoint: refuses everybody with this AADSTS number; 0 refuses nobody without reason.
    pub token_error: u32,
    /// Token endpoint: 503 with HTML.
    pub token_html: bool,

    /// The room list is empty, as before the tenant's places settings were made.
    pub places_empty: bool,
    /// The room list has no `@odata.nextLink` although more rooms exist.
    pub rooms_without_next_link: bool,
    /// The room list has no `@odata.count`, even if asked.
    pub rooms_without_count: bool,
    /// So many more rooms are counted than there are.
    pub rooms_overcounted: i64,
    /// Each page of the room list begins with the last room of the page before.
    pub rooms_repeat: bool,
    /// Most rooms on one page, whatever `$top` says.
    pub rooms_page: usize,
    /// `capacity` and `floorNumber` as text.
    pub numbers_text: bool,
    /// Rooms have an unknown kind of booking.
    pub rooms_unknown_enums: bool,
    /// `geocoordinates` and `isWheelchairAccessible`, as older examples spell them.
    pub older_spelling: bool,
    /// Rooms show nothing that may be left out.
    pub rooms_bare: bool,

    /// Events on a page if the caller asks for no number.
    pub page: usize,
    /// Most events on one page.
    pub largest_page: usize,
    /// Lists of events have no `@odata.nextLink`.
    pub events_without_next_link: bool,
    /// Lists of events begin with an empty page that has a next link.
    pub empty_page_first: bool,
    /// Each page of events begins with the last event of the page before.
    pub duplicates_at_border: bool,
    /// Next links lead back to the page they stand on.
    pub next_link_loops: bool,
    /// Scheme, host and port that next links have; empty: the right ones.
    pub next_link_host: String,
    /// Fractional digits of times, up to 9.
    pub fraction_digits: usize,
    /// The wished time zone is not honoured: times are in the mailbox's zone, under its Windows name.
    pub ignore_zone: bool,
    /// An unknown time zone gives 500 with HTML.
    pub bad_zone_html: bool,
    /// Events that only touch the range are in it.
    pub touching: bool,
    /// Ids have `/` and `+` in them.
    pub slashed_ids: bool,
    /// All enums of events have values nobody knows.
    pub unknown_enums: bool,
    /// No event lists more than the room.
    pub hide_attendees: bool,
    /// Each occurrence of a series has an `iCalUId` of its own.
    pub uid_per_occurrence: bool,
    /// Cancelled meetings leave the calendar (`RemoveCanceledMeetings`).
    pub remove_cancelled: bool,
    /// Rooms keep the subject that was typed in (`DeleteSubject` and `AddOrganizerToSubject` off).
    pub keep_subject: bool,
    /// Rooms keep the private flag (`RemovePrivateProperty` off).
    pub keep_private: bool,
    /// Pending meetings show as free (`TentativePendingApproval` off).
    pub pending_as_free: bool,

    /// Delta needs `Calendars.Read`.
    pub delta_needs_read: bool,
    /// Delta answers 504, as for series without end.
    pub delta_504: bool,
    /// Delta tells of deleted occurrences.
    pub delta_tells_occurrences: bool,
    /// What an expired delta token gets.
    pub delta_expired: Expired,
    /// `$batch` answers in the order of the requests.
    pub batch_in_order: bool,

    /// The policy that shuts mailboxes spares the basic permission.
    pub policy_spares_basic: bool,
    /// Code of 404 for an unknown mailbox.
    pub missing_user_code: String,
    /// `innererror` and `requestId` instead of `innerError` and `request-id`.
    pub lower_inner_error: bool,
    /// Errors have an HTML page as their body.
    pub html_errors: bool,
    /// Errors have no body.
    pub empty_errors: bool,
    /// Good answers of Graph end in the middle of the JSON, well-formed as HTTP.
    pub truncated_json: bool,
    /// Answers are packed for who takes gzip.
    pub gzip: bool,
    /// How long a call takes, by the time of this machine; without it no two calls are ever in flight together.
    pub latency_ms: u64,
    /// Calls in flight at a time before one is refused; 0 refuses none.
    pub concurrency: usize,
    /// Calls for one mailbox in ten minutes before one is refused; 0 refuses none.
    pub mailbox_rate: u64,
    /// How a refused caller learns when to come back.
    pub retry_after: RetryAfter,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            token_seconds: 3599,
            expires_in_text: false,
            token_error: 0,
            token_html: false,
            places_empty: false,
            rooms_without_next_link: false,
            rooms_without_count: false,
            rooms_overcounted: 0,
            rooms_repeat: false,
            rooms_page: 1000,
            numbers_text: false,
            rooms_unknown_enums: false,
            older_spelling: false,
            rooms_bare: false,
            page: 10,
            largest_page: 1000,
            events_without_next_link: false,
            empty_page_first: false,
            duplicates_at_border: false,
            next_link_loops: false,
            next_link_host: String::new(),
            fraction_digits: 7,
            ignore_zone: false,
            bad_zone_html: false,
            touching: false,
            slashed_ids: false,
            unknown_enums: false,
            hide_attendees: false,
            uid_per_occurrence: false,
            remove_cancelled: false,
            keep_subject: false,
            keep_private: false,
            pending_as_free: false,
            delta_needs_read: false,
            delta_504: false,
            delta_tells_occurrences: false,
            delta_expired: Expired::default(),
            batch_in_order: false,
            policy_spares_basic: false,
            missing_user_code: "ErrorInvalidUser".to_owned(),
            lower_inner_error: false,
            html_errors: false,
            empty_errors: false,
            truncated_json: false,
            gzip: false,
            latency_ms: 0,
            concurrency: 4,
            mailbox_rate: 10_000,
            retry_after: RetryAfter::default(),
        }
    }
}
