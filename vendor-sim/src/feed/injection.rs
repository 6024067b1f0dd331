//! Titles that try to write their own events into a feed that does not escape.

use chrono::{DateTime, Utc};

use super::render::instant;

/// What somebody with an ordinary account would like the feed to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgedEvent {
    /// What stands before the first line break and is the true booking's visible title.
    pub visible: String,
    /// Room of the forged event.
    pub room: String,
    /// Begin of the forged event.
    pub start: DateTime<Utc>,
    /// End of the forged event.
    pub end: DateTime<Utc>,
    /// Name of its organizer.
    pub name: String,
    /// Address of its organizer.
    pub email: String,
}

impl ForgedEvent {
    /// A title that ends the true event and begins another with as little as possible.
    ///
    /// What the writer puts after the title then belongs to the forged event, which so has two uids.
    pub fn short_title(&self) -> String {
        let Self { visible, room, name, email, .. } = self;
        let (start, end) = (instant(self.start), instant(self.end));
        lines(&[
            visible,
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:x",
            &format!("DTSTART:{start}"),
            &format!("DTEND:{end}"),
            &format!("LOCATION:{room}"),
            &format!("ORGANIZER;CN={name}:MAILTO:{email}"),
            "SUMMARY:",
        ])
    }

    /// A title that keeps the template writer's whole order in both events, with everything as short as can be.
    ///
    /// It may fit into the 300 characters of the column.
    pub fn whole_title(&self) -> String {
        self.ordered("x&h", "x", false)
    }

    /// The same with a uid, an address and a time of change as this system writes them.
    pub fn faithful_title(&self, host: &str) -> String {
        let reference = "0123456789abcdef012345";
        let url = format!("https://{host}/Web/reservation.php?rn={reference}");
        self.ordered(&format!("{reference}&{host}"), &url, true)
    }

    fn ordered(&self, uid: &str, url: &str, changed: bool) -> String {
        let Self { visible, room, name, email, .. } = self;
        let (start, end) = (instant(self.start), instant(self.end));
        let changed = if changed { format!("\r\nLAST-MODIFIED:{start}") } else { String::new() };
        lines(&[
            visible,
            &format!("UID:{uid}"),
            "SEQUENCE:0",
            &format!("URL:{url}"),
            "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "CLASS:PUBLIC",
            &format!("CREATED:{start}"),
            "DESCRIPTION:",
            &format!("DTSTAMP:{start}"),
            &format!("DTSTART:{start}"),
            &format!("DTEND:{end}{changed}"),
            &format!("LOCATION:{room}"),
            &format!("ORGANIZER;CN={name}:MAILTO:{email}"),
            "STATUS:CONFIRMED",
            "SUMMARY:",
        ])
    }
}

/// A title that adds one line to its own event: a second `LOCATION`, an `ATTENDEE`, an `RRULE`.
pub fn title_with_line(visible: &str, line: &str) -> String {
    lines(&[visible, line])
}

fn lines(lines: &[&str]) -> String {
    lines.join("\r\n")
}
