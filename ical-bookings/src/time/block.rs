//! A `VTIMEZONE` of a calendar.

/// A `VTIMEZONE` as it stands in the body: raw values, nothing checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ZoneBlock {
    /// `TZID`.
    pub(crate) tzid: String,
    /// `X-LIC-LOCATION`.
    pub(crate) location: Option<String>,
    /// `STANDARD` and `DAYLIGHT` alike.
    pub(crate) observances: Vec<Observance>,
}

/// A `STANDARD` or `DAYLIGHT` component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observance {
    /// `DTSTART`.
    pub(crate) dtstart: String,
    /// `TZOFFSETFROM`.
    pub(crate) offset_from: String,
    /// `TZOFFSETTO`.
    pub(crate) offset_to: String,
    /// `RRULE`s.
    pub(crate) rrules: Vec<String>,
    /// Values of `RDATE`, whole property values.
    pub(crate) rdates: Vec<String>,
}
