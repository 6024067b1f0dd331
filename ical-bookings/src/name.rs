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
        if name.len() > LONGEST {
            return Self::Unknown;
        }
        match Self::of_upper(name) {
            Self::Unknown => Self::of_any_case(name),
            // Written in capitals, as nearly all of them are.
            known => known,
        }
    }

    #[cold]
    fn of_any_case(name: &[u8]) -> Self {
        let mut buffer = [0_u8; LONGEST];
        let Some(upper) = buffer.get_mut(..name.len()) else {
            return Self::Unknown;
        };
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        match Self::of_upper(upper) {
            Self::Unknown if OTHERS.iter().any(|other| other.as_bytes() == upper) => Self::Other,
            name => name,
        }
    }

    /// By the length first, since most names differ in it.
    fn of_upper(name: &[u8]) -> Self {
        match name.len() {
            3 => match name {
                b"END" => Self::End,
                b"UID" => Self::Uid,
                b"URL" => Self::Url,
                _ => Self::Unknown,
            },
            5 => match name {
                b"BEGIN" => Self::Begin,
                b"DTEND" => Self::DtEnd,
                b"RRULE" => Self::RRule,
                b"RDATE" => Self::RDate,
                b"CLASS" => Self::Class,
                _ => Self::Unknown,
            },
            6 => match name {
                b"STATUS" => Self::Status,
                b"EXDATE" => Self::ExDate,
                b"EXRULE" => Self::ExRule,
                b"TRANSP" => Self::Transp,
                b"METHOD" => Self::Method,
                b"PRODID" => Self::ProdId,
                _ => Self::Unknown,
            },
            7 => match name {
                b"DTSTART" => Self::DtStart,
                b"DTSTAMP" => Self::DtStamp,
                b"SUMMARY" => Self::Summary,
                b"CREATED" => Self::Created,
                // How the header of early type-2 feeds is printed.
                b"PROIDID" => Self::ProdId,
                _ => Self::Unknown,
            },
            8 => match name {
                b"ATTENDEE" => Self::Attendee,
                b"LOCATION" => Self::Location,
                b"SEQUENCE" => Self::Sequence,
                b"DURATION" => Self::Duration,
                _ => Self::Unknown,
            },
            9 => match name {
                b"ORGANIZER" => Self::Organizer,
                b"RESOURCES" => Self::Resources,
                _ => Self::Unknown,
            },
            _ => match name {
                b"DESCRIPTION" => Self::Description,
                b"RECURRENCE-ID" => Self::RecurrenceId,
                b"LAST-MODIFIED" => Self::LastModified,
                b"X-WR-TIMEZONE" => Self::CalendarZone,
                b"REFRESH-INTERVAL" | b"X-PUBLISHED-TTL" => Self::Refresh,
                name if name.starts_with(b"X-MICROSOFT-") => Self::Microsoft,
                _ => Self::Unknown,
            },
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
