//! Names of properties.

/// A property that the reader knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Begin,
    End,
    Uid,
    DtStart,
    DtEnd,
    Duration,
    Status,
    Organizer,
    Attendee,
    Location,
    Resources,
    RecurrenceId,
    RRule,
    RDate,
    ExDate,
    ExRule,
    Sequence,
    LastModified,
    DtStamp,
    Summary,
    Transp,
    Class,
    Created,
    Description,
    Url,
    /// `X-MICROSOFT-…`, but for those with a name of their own.
    Microsoft,
    ProdId,
    Method,
    CalendarZone,
    Refresh,
    /// One of the standard that no booking needs.
    Other,
    /// Anything else.
    Unknown,
}

impl Name {
    /// The property with a name; case does not count.
    pub(crate) fn of(name: &[u8]) -> Self {
        let mut buffer = [0_u8; LONGEST];
        let Some(upper) = buffer.get_mut(..name.len()) else {
            return Self::Unknown;
        };
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        match &*upper {
            b"BEGIN" => Self::Begin,
            b"END" => Self::End,
            b"UID" => Self::Uid,
            b"DTSTART" => Self::DtStart,
            b"DTEND" => Self::DtEnd,
            b"DURATION" => Self::Duration,
            b"STATUS" => Self::Status,
            b"ORGANIZER" => Self::Organizer,
            b"ATTENDEE" => Self::Attendee,
            b"LOCATION" => Self::Location,
            b"RESOURCES" => Self::Resources,
            b"RECURRENCE-ID" => Self::RecurrenceId,
            b"RRULE" => Self::RRule,
            b"RDATE" => Self::RDate,
            b"EXDATE" => Self::ExDate,
            b"EXRULE" => Self::ExRule,
            b"SEQUENCE" => Self::Sequence,
            b"LAST-MODIFIED" => Self::LastModified,
            b"DTSTAMP" => Self::DtStamp,
            b"SUMMARY" => Self::Summary,
            b"TRANSP" => Self::Transp,
            b"CLASS" => Self::Class,
            b"CREATED" => Self::Created,
            b"DESCRIPTION" => Self::Description,
            b"URL" => Self::Url,
            // The second is how the header of early type-2 feeds is printed.
            b"PRODID" | b"PROIDID" => Self::ProdId,
            b"METHOD" => Self::Method,
            b"X-WR-TIMEZONE" => Self::CalendarZone,
            b"REFRESH-INTERVAL" | b"X-PUBLISHED-TTL" => Self::Refresh,
            upper if upper.starts_with(b"X-MICROSOFT-") => Self::Microsoft,
            upper if OTHERS.iter().any(|other| other.as_bytes() == upper) => Self::Other,
            _ => Self::Unknown,
        }
    }
}

const LONGEST: usize = 64;

/// What the standards define beyond those above.
const OTHERS: [&str; 39] = [
    "ACKNOWLEDGED",
    "ACTION",
    "ATTACH",
    "CALSCALE",
    "CATEGORIES",
    "COLOR",
    "COMMENT",
    "COMPLETED",
    "CONCEPT",
    "CONFERENCE",
    "CONTACT",
    "DUE",
    "FREEBUSY",
    "GEO",
    "IMAGE",
    "LINK",
    "LOCATION-TYPE",
    "NAME",
    "PARTICIPANT-TYPE",
    "PERCENT-COMPLETE",
    "PRIORITY",
    "PROXIMITY",
    "REFID",
    "RELATED-TO",
    "REPEAT",
    "REQUEST-STATUS",
    "RESOURCE-TYPE",
    "SOURCE",
    "STRUCTURED-DATA",
    "STYLED-DESCRIPTION",
    "TRIGGER",
    "TZID",
    "TZNAME",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "TZUNTIL",
    "TZURL",
    "VERSION",
    "CALENDAR-ADDRESS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whatever_their_case() {
        let table = [
            ("uid", Name::Uid),
            ("DtStart", Name::DtStart),
            ("PROIDID", Name::ProdId),
            ("X-MICROSOFT-CD0-BUSYSTATUS", Name::Microsoft),
            ("X-MICROSOFT-CDO-BUSYSTATUS", Name::Microsoft),
            ("GEO", Name::Other),
            ("X-GEO", Name::Unknown),
            ("", Name::Unknown),
            (&"A".repeat(65), Name::Unknown),
        ];
        for (text, name) in table {
            assert_eq!(Name::of(text.as_bytes()), name, "{text}");
        }
    }
}
