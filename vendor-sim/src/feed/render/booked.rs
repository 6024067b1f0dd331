//! Type 2: the template writers and the later one that escapes.

use super::text::{escaped, folded, html, instant, parameter_6868};
use super::{Page, room_names};
use crate::feed::switches::Writer;
use crate::feed::world::{Booking, Link, Person, Status, World};

pub(super) fn body(world: &World, page: &Page, bookings: &[&Booking]) -> String {
    let mut out = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    out.push_str(match world.switches.writer {
        Writer::Template => "METHOD:REQUEST\r\nPRODID:-//LibreBooking//NONSGML 3.0.3//EN\r\n",
        Writer::EarlyBooked => "METHOD:REQUEST\r\nPRODID:-//BookedScheduler//NONSGML 2.4.2//EN\r\n",
        Writer::PhpScheduleIt => "PRODID:-//phpScheduleIt//NONSGML 2.0.2//EN\r\nMETHOD:REQUEST\r\n",
        Writer::Escaped => "METHOD:PUBLISH\r\nPRODID:-//LibreBooking//NONSGML 4.1.0//EN\r\n",
    });
    if world.switches.writer == Writer::Escaped {
        let name = escaped(&world.name);
        out.push_str(&folded(&format!("NAME:{name}")));
        out.push_str(&folded(&format!("X-WR-CALNAME:{name}")));
    }
    for booking in bookings {
        let event = Event::new(world, page, booking);
        match world.switches.writer {
            Writer::Template => event.template(&mut out),
            Writer::EarlyBooked => event.early_booked(&mut out),
            Writer::PhpScheduleIt => event.php_schedule_it(&mut out),
            Writer::Escaped => event.escaped(&mut out),
        }
    }
    out.push_str("END:VCALENDAR");
    if world.switches.writer == Writer::Escaped {
        out.push_str("\r\n");
    }
    out
}

pub(super) fn uid(world: &World, booking: &Booking) -> String {
    match world.switches.writer {
        Writer::PhpScheduleIt => format!("{}&https://{}/Web", booking.reference, world.host),
        _ => format!("{}&{}", booking.reference, world.host),
    }
}

/// What an event says, before it is written one way or another.
struct Event<'w> {
    world: &'w World,
    booking: &'w Booking,
    location: String,
    name: String,
    email: String,
    title: String,
    notes: String,
    hidden: bool,
}

impl<'w> Event<'w> {
    fn new(world: &'w World, page: &Page, booking: &'w Booking) -> Self {
        let hidden = booking.private || world.switches.hide_details;
        let holder = booking.holder.and_then(|holder| world.people.get(&holder)).unwrap_or(&world.desk);
        let private = || "Private".to_owned();
        Self {
            world,
            booking,
            location: location(world, page.link, booking),
            name: if hidden { private() } else { stored(world, &holder.name) },
            email: if hidden { private() } else { address(world, page.link, holder) },
            title: if hidden { private() } else { booking.title.clone() },
            notes: if hidden { private() } else { booking.notes.clone() },
            hidden,
        }
    }

    fn times(&self) -> [String; 3] {
        [instant(self.booking.created), instant(self.booking.start), instant(self.booking.end)]
    }

    fn url(&self) -> String {
        format!("https://{}/Web/reservation.php?rn={}", self.world.host, self.booking.reference)
    }

    /// The participants, where a plug-in tells them.
    fn participants(&self) -> Vec<&'w Person> {
        if !self.world.switches.plugin_attendees || self.hidden {
            return Vec::new();
        }
        self.booking.participants.iter().filter_map(|person| self.world.people.get(person)).collect()
    }

    fn template(&self, out: &mut String) {
        let [created, start, end] = self.times();
        let breaks = if self.world.switches.description_breaks_escaped { "\\n " } else { "\n " };
        let notes = self.notes.replace("\r\n", "\n").replace('\r', "\n").replace('\n', breaks);
        push(out, &["BEGIN:VEVENT", "CLASS:PUBLIC", &format!("CREATED:{created}"), &format!("DESCRIPTION:{notes}")]);
        push(out, &[&format!("DTSTAMP:{created}"), &format!("DTSTART:{start}"), &format!("DTEND:{end}")]);
        push(out, &[&format!("LAST-MODIFIED:{}", instant(self.booking.changed.unwrap_or(self.booking.created)))]);
        push(out, &[&format!("LOCATION:{}", self.location)]);
        push(out, &[&format!("ORGANIZER;CN={}:MAILTO:{}", self.name, self.email)]);
        for person in self.participants() {
            push(out, &[&format!("ATTENDEE;CN={}:MAILTO:{}", stored(self.world, &person.name), person.email)]);
        }
        match self.booking.status {
            // The template loses the line end here.
            Status::Pending => out.push_str("STATUS:TENTATIVE"),
            Status::Confirmed => push(out, &["STATUS:CONFIRMED"]),
        }
        push(out, &[&format!("SUMMARY:{}", self.title), &format!("UID:{}", uid(self.world, self.booking))]);
        push(out, &["SEQUENCE:0", &format!("URL:{}", self.url()), "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"]);
        self.alarm(out, &self.notes.replace(['\r', '\n'], " "));
        push(out, &["END:VEVENT"]);
    }

    fn early_booked(&self, out: &mut String) {
        let [created, start, end] = self.times();
        let notes = self.notes.replace("\r\n", "\n").replace('\n', "\n ");
        push(out, &["BEGIN:VEVENT", "CLASS:PUBLIC", &format!("CREATED:{created}"), &format!("DESCRIPTION:{notes}")]);
        push(out, &[&format!("DTSTAMP:{created}"), &format!("DTSTART:{start}"), &format!("DTEND:{end}")]);
        push(out, &[&format!("LOCATION:{}", self.location)]);
        push(out, &[&format!("ORGANIZER;CN={}:MAILTO:{}", self.name, self.email)]);
        push(out, &[&format!("SUMMARY:{}", self.title), &format!("UID:{}", uid(self.world, self.booking))]);
        push(out, &["SEQUENCE:0", &format!("URL:{}", self.url()), "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "END:VEVENT"]);
        self.alarm(out, &self.title);
    }

    fn php_schedule_it(&self, out: &mut String) {
        let [created, start, end] = self.times();
        push(out, &["BEGIN:VEVENT", &format!("CREATED:{created}"), &format!("DESCRIPTION:{}", self.notes)]);
        push(out, &[&format!("DTEND:{end}"), &format!("DTSTAMP:{created}"), &format!("DTSTART:{start}")]);
        push(out, &[&format!("LOCATION:{}", self.location), &format!("ORGANIZER:MAILTO:{}", self.email)]);
        push(out, &[&format!("SUMMARY:{}", self.title), &format!("UID:{}", uid(self.world, self.booking))]);
        push(out, &[&format!("URL:{}", self.url()), "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "END:VEVENT"]);
    }

    fn escaped(&self, out: &mut String) {
        let [created, start, end] = self.times();
        push(out, &["BEGIN:VEVENT", "CLASS:PUBLIC", &format!("CREATED:{created}")]);
        out.push_str(&folded(&format!("DESCRIPTION:{}", escaped(&self.notes))));
        push(out, &[&format!("DTSTAMP:{created}"), &format!("DTSTART:{start}"), &format!("DTEND:{end}")]);
        push(out, &[&format!("LAST-MODIFIED:{}", instant(self.booking.changed.unwrap_or(self.booking.created)))]);
        out.push_str(&folded(&format!("LOCATION:{}", escaped(&self.location))));
        out.push_str(&folded(&format!("ORGANIZER;CN={}:mailto:{}", parameter_6868(&self.name), self.email)));
        for person in self.participants() {
            let name = parameter_6868(&stored(self.world, &person.name));
            out.push_str(&folded(&format!("ATTENDEE;CN={name}:mailto:{}", person.email)));
        }
        let pending = self.booking.status == Status::Pending;
        push(out, &[if pending { "STATUS:TENTATIVE" } else { "STATUS:CONFIRMED" }]);
        out.push_str(&folded(&format!("SUMMARY:{}", escaped(&self.title))));
        out.push_str(&folded(&format!("UID:{}", uid(self.world, self.booking))));
        push(out, &["SEQUENCE:0"]);
        out.push_str(&folded(&format!("URL:{}", self.url())));
        push(out, &["X-MICROSOFT-CDO-BUSYSTATUS:BUSY"]);
        self.alarm(out, &escaped(&self.title));
        push(out, &["END:VEVENT"]);
    }

    fn alarm(&self, out: &mut String, text: &str) {
        if self.booking.reminder_minutes > 0 {
            let trigger = format!("TRIGGER;RELATED=START:-PT{}M", self.booking.reminder_minutes);
            push(out, &["BEGIN:VALARM", &trigger, "ACTION:DISPLAY", &format!("DESCRIPTION:{text}"), "END:VALARM"]);
        }
    }
}

fn push(out: &mut String, lines: &[&str]) {
    for line in lines {
        out.push_str(line);
        out.push_str("\r\n");
    }
}

/// One room, whatever was booked: the link's own, else the first.
fn location(world: &World, link: Link, booking: &Booking) -> String {
    if world.switches.rooms_gone {
        return String::new();
    }
    let own = match link {
        Link::Room(room) => world.rooms.get(&room).map(|room| room.name.as_str()),
        _ => room_names(world, booking).first().copied(),
    };
    stored(world, own.unwrap_or_default())
}

/// A name as it came out of the database.
fn stored(world: &World, name: &str) -> String {
    if world.switches.html_names { html(name) } else { name.to_owned() }
}

fn address(world: &World, link: Link, person: &Person) -> String {
    match (link, person.email.split_once('@')) {
        (Link::Person(_), Some((local, domain))) if world.switches.own_noreply => format!("{local}-noreply@{domain}"),
        _ => person.email.clone(),
    }
}
