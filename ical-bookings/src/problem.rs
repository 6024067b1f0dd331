//! What was not turned into a booking, or only after a repair.

use std::fmt;

/// Something that was wrong with a body, or with one event of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// The event, if it says which it is.
    pub uid: Option<String>,
    /// Line of the body, from 1.
    pub line: u32,
    /// For an operator; holds no personal data.
    pub text: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $costs:literal, $explanation:literal;)*) => {
        /// Kinds of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "http", serde(rename_all = "snake_case"))]
        #[non_exhaustive]
        pub enum ProblemKind {
            $($(#[$doc])* $name,)*
        }

        impl ProblemKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether it cost a booking; the others are notes about a repair.
            pub fn costs_the_booking(self) -> bool {
                match self { $(Self::$name => $costs,)* }
            }

            /// The same for everyone, so that no text of a feed gets into it.
            pub(crate) fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

kinds! {
    /// An event without `UID`.
    NoUid = "no_uid", true, "the event has no UID";
    /// An event without a start.
    NoStart = "no_start", true, "the event has no DTSTART";
    /// A time that does not exist or cannot be read.
    BadTime = "bad_time", true, "a date or time cannot be read";
    /// A time outside the years that are believed.
    YearOutOfRange = "year_out_of_range", true, "a date lies outside the years that are believed";
    /// A time whose zone nobody defines.
    UnknownZone = "unknown_zone", true, "nobody defines the zone of a time";
    /// A time without a zone, and none is known for the link.
    NoZone = "no_zone", true, "a time has no zone, and none is configured for the link";
    /// Neither an end nor a duration.
    NoEnd = "no_end", true, "the event has neither DTEND nor DURATION";
    /// The end is the start.
    ZeroLength = "zero_length", true, "the event ends when it starts";
    /// The end is before the start.
    EndBeforeStart = "end_before_start", true, "the event ends before it starts";
    /// Longer than the configured limit.
    TooLong = "too_long", true, "the event is longer than the configured limit";
    /// Further ahead than the configured horizon.
    BeyondHorizon = "beyond_horizon", true, "the event starts later than the configured horizon";
    /// The start is not the one that the `UID` tells.
    StartDisagreesWithUid = "start_disagrees_with_uid", true, "the start is not the one that the UID tells";
    /// A property that occurs once stands twice.
    DuplicateProperty = "duplicate_property", true, "a property that may stand once stands twice";
    /// Components that do not close in order.
    Structure = "structure", true, "the components of the event do not close in order";
    /// What the writer would not have written there.
    InjectionSuspect = "injection_suspect", true, "not as this writer writes: perhaps a title with line breaks; newer versions escape text";
    /// A recurrence that cannot be followed.
    BadRule = "bad_rule", true, "the recurrence cannot be followed";
    /// More properties than an event may have.
    TooManyProperties = "too_many_properties", true, "the event has more properties than allowed";
    /// A series that was cut by a limit.
    RuleLimit = "rule_limit", false, "a limit cut the series";
    /// A recurrence property that is out of use.
    RuleIgnored = "rule_ignored", false, "EXRULE and THISANDPRIOR are out of use and are ignored";
    /// A line that is no property.
    StrayLine = "stray_line", false, "a line is no property";
    /// A line longer than the limit was cut.
    LineTooLong = "line_too_long", false, "a line was cut at the limit";
    /// A line was not UTF-8 and was read as windows-1252.
    Encoding = "encoding", false, "a line is not UTF-8 and was read as windows-1252";
    /// Control characters were dropped.
    ControlCharacters = "control_characters", false, "control characters were dropped";
    /// A time was not written as it should be, but can only mean one thing.
    RepairedTime = "repaired_time", false, "a date or time is not written as it should be";
    /// A zone's definition and its name disagree; or a zone beside a UTC time was ignored.
    ZoneConflict = "zone_conflict", false, "what a time says about its zone disagrees with itself";
    /// A zone's definition that cannot be used.
    BadZone = "bad_zone", false, "a VTIMEZONE cannot be used";
    /// More zones, or changes of a zone, than allowed.
    ZoneLimit = "zone_limit", false, "more zones, or changes of a zone, than allowed";
    /// Both an end and a duration; the end counts.
    EndAndDuration = "end_and_duration", false, "DTEND and DURATION both stand; DTEND counts";
    /// One of start and end is a day and the other a time.
    MixedDateAndTime = "mixed_date_and_time", false, "one of start and end is a day and the other a time";
    /// Someone without a mail address that could be used.
    NoAddress = "no_address", false, "somebody has no usable mail address";
    /// More people than an event may have.
    TooManyPeople = "too_many_people", false, "people beyond the limit were left out";
    /// More resources than an event may have.
    TooManyResources = "too_many_resources", false, "resources beyond the limit were left out";
    /// A resource that nobody configured.
    UnknownResource = "unknown_resource", false, "a resource is not configured; reported once for each name";
    /// One type-2 link names several resources: bookings of several rooms lose some of them.
    Type2ScheduleLink = "type2_schedule_link", false, "one link names several resources: a booking of several rooms shows one of them; use a link per resource";
    /// The body ends before it is whole.
    Truncated = "truncated", false, "the body ends before it is whole";
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The problems of a body: the first ones, and how many there were.
#[derive(Debug)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    total: u64,
    limit: usize,
}

impl Problems {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), total: 0, limit }
    }

    /// Adds one. The text must not hold anything that a person typed.
    pub(crate) fn add(&mut self, kind: ProblemKind, uid: Option<&str>, line: u32, text: impl Into<String>) {
        self.total += 1;
        if self.kept.len() < self.limit {
            let uid = uid.map(|uid| uid.chars().take(LONGEST_UID).collect());
            self.kept.push(Problem { kind, uid, line, text: text.into() });
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// In the order of the body.
    pub(crate) fn into_kept(mut self) -> Vec<Problem> {
        self.kept.sort_by_key(|problem| problem.line);
        self.kept
    }
}

/// Characters of a uid that a report shows.
const LONGEST_UID: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_problems_are_only_counted() {
        let mut problems = Problems::new(2);
        for line in (1..=5).rev() {
            problems.add(ProblemKind::StrayLine, Some("a"), line, "x");
        }
        assert_eq!(problems.total(), 5);
        let lines: Vec<u32> = problems.into_kept().iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [4, 5]);
    }
}
