//! Who may open what when: a pure function of bookings, people, rules and the time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sync_core::model::{Booking, BookingStatus, ParticipantRole};

use crate::store::{BookingRow, BookingState, PersonRow};
use crate::{AccessConfig, address_key, resource_name};

/// What bookings are read by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    before: Duration,
    after: Duration,
    remove_after: Option<Duration>,
    neighbours: bool,
    tentative: bool,
    doors: BTreeMap<String, BTreeSet<String>>,
}

/// Everybody's rights over time. Built once after each change of bookings or people, then asked for any time.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    resources: Vec<Resource>,
    people: Vec<Holder>,
    by_key: HashMap<Arc<str>, usize>,
    by_number: HashMap<i64, usize>,
    /// The sources' keys of bookings that give rights.
    booking_keys: HashMap<i64, Box<str>>,
    /// When the doors of bookings would be open whose resource is unknown, or has none.
    doorless: HashMap<i64, (DateTime<Utc>, DateTime<Utc>)>,
    /// Every instant at which something changes for a person, in order.
    boundaries: Vec<(DateTime<Utc>, u32)>,
}

/// One person's rights over time.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    /// Mail address, folded.
    pub key: Arc<str>,
    /// Number of the person.
    pub person: i64,
    /// Their bookings, by begin.
    pub grants: Vec<Grant>,
    /// Latest end of anything ever confirmed, grace included.
    pub end_of_validity: Option<DateTime<Utc>>,
    /// From when on a right was ever confirmed.
    pub valid_from: Option<DateTime<Utc>>,
    /// When they are removed from the door system.
    pub removal_due: Option<DateTime<Utc>>,
    blocked: bool,
    removed: Option<DateTime<Utc>>,
    out: bool,
}

/// One right of one person to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Number of the booking.
    pub booking: i64,
    /// Begin of the booking.
    pub start: DateTime<Utc>,
    /// End of the booking.
    pub end: DateTime<Utc>,
    /// When the doors open.
    pub opens: DateTime<Utc>,
    /// When the doors close.
    pub closes: DateTime<Utc>,
    resource: u32,
}

#[derive(Clone, Debug)]
struct Resource {
    name: String,
    doors: BTreeSet<String>,
}

impl Rules {
    /// The rules of a configuration.
    pub fn new(config: &AccessConfig) -> Self {
        let texts = |doors: &BTreeSet<crate::DoorId>| doors.iter().map(|door| door.as_str().to_owned()).collect();
        Self {
            before: config.before(),
            after: config.after(),
            remove_after: config.remove_after(),
            neighbours: config.neighbour_rule,
            tentative: config.tentative,
            doors: config.resources.iter().map(|(name, doors)| (resource_name(name), texts(doors))).collect(),
        }
    }

    /// The doors of a resource; `None` if nobody told which.
    pub fn doors(&self, resource: &str) -> Option<&BTreeSet<String>> {
        self.doors.get(resource)
    }

    /// Names of all resources.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.doors.keys().map(String::as_str)
    }

    /// When doors open and close for a booking, before the neighbours are looked at.
    pub fn window(&self, row: &BookingRow) -> (DateTime<Utc>, DateTime<Utc>) {
        let (start, end) = (row.booking.start, row.booking.end);
        if row.exact { (start, end) } else { (start - self.before, end + self.after) }
    }

    /// When doors close for a booking of a source.
    pub(crate) fn closes(&self, booking: &Booking) -> DateTime<Utc> {
        booking.end + self.after
    }

    /// Whether a booking gives rights at all.
    pub fn confirmed(&self, row: &BookingRow) -> bool {
        let stands = match row.booking.status {
            BookingStatus::Confirmed => true,
            BookingStatus::Tentative => self.tentative,
            BookingStatus::Cancelled => false,
        };
        stands && row.state == BookingState::Live && row.booking.start < row.booking.end
    }
}

impl Grants {
    /// Everybody's rights over time.
    pub fn new(bookings: &[BookingRow], people: &[PersonRow], rules: &Rules) -> Self {
        let mut grants = Self::default();
        for person in people {
            let key: Arc<str> = person.key.as_str().into();
            grants.by_key.insert(key.clone(), grants.people.len());
            grants.by_number.insert(person.id, grants.people.len());
            grants.people.push(Holder {
                key,
                person: person.id,
                grants: Vec::new(),
                end_of_validity: person.end_of_validity,
                valid_from: person.valid_from,
                removal_due: None,
                blocked: person.blocked.is_some(),
                removed: person.removed,
                out: person.erasing || person.refused.is_some(),
            });
        }
        grants.add_bookings(bookings, rules);
        grants.finish(rules);
        grants
    }

    fn add_bookings(&mut self, bookings: &[BookingRow], rules: &Rules) {
        let neighbours = rules.neighbours.then(|| Neighbours::new(bookings, rules));
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        for row in bookings.iter().filter(|row| rules.confirmed(row)) {
            let (opens, closes) = rules.window(row);
            self.booking_keys.insert(row.id, row.key.as_str().into());
            for name in &row.booking.resources {
                let doors = rules.doors.get(name);
                if doors.is_none_or(BTreeSet::is_empty) {
                    self.doorless.insert(row.id, (opens, closes));
                }
                let Some(doors) = doors else { continue };
                let resource = *numbers.entry(name).or_insert_with(|| {
                    self.resources.push(Resource { name: name.clone(), doors: doors.clone() });
                    u32::try_from(self.resources.len() - 1).unwrap_or(u32::MAX)
                });
                for participant in &row.booking.people {
                    let Ok(key) = address_key(&participant.email) else { continue };
                    let Some(holder) = self.by_key.get(key.as_str()).and_then(|at| self.people.get_mut(*at)) else {
                        continue;
                    };
                    holder.end_of_validity = holder.end_of_validity.max(Some(closes));
                    holder.valid_from = Some(holder.valid_from.map_or(opens, |known| known.min(opens)));
                    let (opens, closes) = match &neighbours {
                        Some(neighbours) if !row.exact => neighbours.cut(row, name, (opens, closes)),
                        _ => (opens, closes),
                    };
                    let (start, end) = (row.booking.start, row.booking.end);
                    let grant = Grant { booking: row.id, start, end, opens, closes, resource };
                    if !holder.grants.contains(&grant) {
                        holder.grants.push(grant);
                    }
                }
            }
        }
    }

    fn finish(&mut self, rules: &Rules) {
        for (holder, at) in self.people.iter_mut().zip(0_u32..) {
            holder.grants.sort_by_key(|grant| (grant.opens, grant.closes, grant.booking, grant.resource));
            // Who was let go comes back with something new only.
            holder.out |= holder.removed.is_some_and(|at| holder.end_of_validity.is_none_or(|end| end <= at));
            holder.removal_due = rules.remove_after.zip(holder.end_of_validity).map(|(days, end)| end + days);
            for grant in &holder.grants {
                self.boundaries.extend([(grant.opens, at), (grant.closes, at)]);
            }
            self.boundaries.extend(holder.removal_due.map(|due| (due, at)));
        }
        self.boundaries.sort_unstable();
        self.boundaries.dedup();
    }

    /// Everybody, listed or not.
    pub fn people(&self) -> &[Holder] {
        &self.people
    }

    /// One person by folded address.
    pub fn person(&self, key: &str) -> Option<&Holder> {
        self.by_key.get(key).and_then(|at| self.people.get(*at))
    }

    /// One person by number.
    pub fn numbered(&self, person: i64) -> Option<&Holder> {
        self.by_number.get(&person).and_then(|at| self.people.get(*at))
    }

    /// The source's key of the booking that a right is for.
    pub fn key_of(&self, grant: &Grant) -> &str {
        self.booking_keys.get(&grant.booking).map_or("", |key| key)
    }

    /// Whom the door system should know at a time.
    pub fn listed(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Holder> {
        self.people.iter().filter(move |holder| holder.is_listed(now))
    }

    /// The doors that a person may open at a time.
    pub fn doors(&self, holder: &Holder, now: DateTime<Utc>) -> BTreeSet<String> {
        if holder.blocked || !holder.is_listed(now) {
            return BTreeSet::new();
        }
        let mut doors = BTreeSet::new();
        for grant in holder.active(now) {
            doors.extend(self.resource(grant).iter().flat_map(|resource| resource.doors.iter().cloned()));
        }
        doors
    }

    /// The doors that one booking opens for somebody.
    pub fn doors_of(&self, grant: &Grant) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        self.resource(grant).map_or(&NONE, |resource| &resource.doors)
    }

    /// When the doors of a booking would be open whose resource is not in the settings, or has none.
    pub(crate) fn doorless(&self, booking: i64) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.doorless.get(&booking).copied()
    }

    /// The name of the resource that a right is for.
    pub fn resource_of(&self, grant: &Grant) -> &str {
        self.resource(grant).map_or("", |resource| &resource.name)
    }

    fn resource(&self, grant: &Grant) -> Option<&Resource> {
        self.resources.get(grant.resource as usize)
    }

    /// The next instant after `after` at which something changes for somebody.
    pub fn next_boundary(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = self.boundaries.partition_point(|(at, _)| *at <= after);
        self.boundaries.get(at).map(|(at, _)| *at)
    }

    /// Everybody for whom something changed after `from`, up to and with `to`; each once.
    pub fn due(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<&Holder> {
        let first = self.boundaries.partition_point(|(at, _)| *at <= from);
        let last = self.boundaries.partition_point(|(at, _)| *at <= to);
        let hit = self.boundaries.get(first..last.max(first)).unwrap_or_default();
        let numbers: BTreeSet<u32> = hit.iter().map(|(_, person)| *person).collect();
        numbers.into_iter().filter_map(|at| self.people.get(at as usize)).collect()
    }
}

impl Holder {
    /// Rights in force at a time; the bookings of somebody who is blocked count too.
    pub fn active(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Grant> {
        self.grants.iter().take_while(move |grant| grant.opens <= now).filter(move |grant| now < grant.closes)
    }

    /// Rights that are in force or will be.
    pub fn not_over(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| now < grant.closes)
    }

    /// Whether the door system should know this person.
    pub fn is_listed(&self, now: DateTime<Utc>) -> bool {
        !self.out && self.end_of_validity.is_some() && self.removal_due.is_none_or(|due| now < due)
    }

    /// Whether staff blocked this person.
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }
}

/// Names nobody.
impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holder").field("person", &self.person).field("grants", &self.grants).finish_non_exhaustive()
    }
}

/// Confirmed bookings by resource, for the rule that grace does not reach into somebody else's.
struct Neighbours<'a>(HashMap<&'a str, Occupied>);

/// Everything that is booked of one resource.
#[derive(Default)]
struct Occupied {
    /// Sorted by begin.
    spans: Vec<Span>,
    longest: Duration,
}

/// Begin, end, and whose.
type Span = (DateTime<Utc>, DateTime<Utc>, Option<String>);

impl<'a> Neighbours<'a> {
    fn new(bookings: &'a [BookingRow], rules: &Rules) -> Self {
        let mut rooms: HashMap<&str, Occupied> = HashMap::new();
        for row in bookings.iter().filter(|row| rules.confirmed(row)) {
            let (start, end) = (row.booking.start, row.booking.end);
            for name in &row.booking.resources {
                let room = rooms.entry(name).or_default();
                room.spans.push((start, end, booker(row)));
                room.longest = room.longest.max(end - start);
            }
        }
        for room in rooms.values_mut() {
            room.spans.sort_unstable();
        }
        Self(rooms)
    }

    /// The window without what belongs to others.
    fn cut(
        &self,
        row: &BookingRow,
        resource: &str,
        (mut opens, mut closes): (DateTime<Utc>, DateTime<Utc>),
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let (start, end) = (row.booking.start, row.booking.end);
        let Some(Occupied { spans, longest }) = self.0.get(resource) else { return (opens, closes) };
        let own = booker(row);
        // Sorted by begin: nothing matters that begins at or after `closes`, or so early that it is over before `opens`.
        let first = spans.partition_point(|(from, _, _)| *from + *longest <= opens);
        let last = spans.partition_point(|(from, _, _)| *from < closes);
        let near = spans.get(first..last).unwrap_or_default();
        let others = near.iter().filter(|(_, _, whose)| *whose != own);
        for (from, to, _) in others {
            if *from < start && *to > opens {
                opens = opens.max((*to).min(start));
            }
            if *to > end {
                closes = closes.min((*from).max(end));
            }
        }
        (opens, closes)
    }
}

/// Whose booking it is.
pub(crate) fn booker(row: &BookingRow) -> Option<String> {
    let people = &row.booking.people;
    let first = people.iter().find(|person| person.role == ParticipantRole::Booker).or(people.first());
    first.map(sync_core::model::Participant::key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, booking, person};

    fn rules(change: impl FnOnce(&mut AccessConfig)) -> Rules {
        let mut config = AccessConfig::with_resources([("Room 1", vec!["1", "9"]), ("Room 2", vec!["2", "9"])]);
        change(&mut config);
        Rules::new(&config)
    }

    fn doors(grants: &Grants, key: &str, now: DateTime<Utc>) -> Vec<String> {
        grants.person(key).map(|holder| grants.doors(holder, now).into_iter().collect()).unwrap_or_default()
    }

    #[test]
    fn doors_open_with_grace_and_close_with_grace() {
        let rows = [booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0))];
        let grants = Grants::new(&rows, &[person(1, "ann@x.example")], &rules(|_| ()));
        assert!(doors(&grants, "ann@x.example", at(9, 54)).is_empty());
        assert_eq!(doors(&grants, "ann@x.example", at(9, 55)), ["1", "9"]);
        assert_eq!(doors(&grants, "ann@x.example", at(11, 9)), ["1", "9"]);
        assert!(doors(&grants, "ann@x.example", at(11, 10)).is_empty());
    }

    #[test]
    fn overlapping_and_touching_bookings_are_one_and_doors_go_one_by_one() {
        let rows = [
            booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0)),
            booking(2, "ann@x.example", "Room 2", at(11, 0), at(12, 0)),
        ];
        let grants = Grants::new(&rows, &[person(1, "ann@x.example")], &rules(|_| ()));
        assert_eq!(doors(&grants, "ann@x.example", at(11, 0)), ["1", "2", "9"]);
        assert_eq!(doors(&grants, "ann@x.example", at(11, 10)), ["2", "9"]);
        let holder = grants.person("ann@x.example").unwrap();
        assert_eq!(holder.end_of_validity, Some(at(12, 10)));
        assert_eq!(holder.removal_due, Some(at(12, 10) + Duration::days(7)));
    }

    #[test]
    fn boundaries_are_begins_ends_and_removals_in_order() {
        let rows = [
            booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0)),
            booking(2, "bob@x.example", "Room 2", at(10, 30), at(12, 0)),
        ];
        let people = [person(1, "ann@x.example"), person(2, "bob@x.example")];
        let grants = Grants::new(&rows, &people, &rules(|_| ()));
        let mut now = at(0, 0);
        let mut found = Vec::new();
        while let Some(next) = grants.next_boundary(now) {
            found.push((next, grants.due(now, next).iter().map(|holder| holder.person).collect::<Vec<_>>()));
            now = next;
        }
        let week = Duration::days(7);
        assert_eq!(
            found,
            [
                (at(9, 55), vec![1]),
                (at(10, 25), vec![2]),
                (at(11, 10), vec![1]),
                (at(12, 10), vec![2]),
                (at(11, 10) + week, vec![1]),
                (at(12, 10) + week, vec![2]),
            ]
        );
        assert_eq!(grants.due(at(9, 0), at(13, 0)).len(), 2);
        assert_eq!(grants.listed(at(11, 9) + week).count(), 2);
        assert_eq!(grants.listed(at(11, 10) + week).count(), 1);
    }

    #[test]
    fn people_are_never_removed_where_nobody_wants_it() {
        let rows = [booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0))];
        let never = rules(|config| config.remove_after_days = -1);
        let grants = Grants::new(&rows, &[person(1, "ann@x.example")], &never);
        assert_eq!(grants.listed(at(10, 0) + Duration::days(3_650)).count(), 1);
    }

    #[test]
    fn only_standing_bookings_give_rights_and_the_blocked_have_none() {
        let mut tentative = booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0));
        tentative.booking.status = BookingStatus::Tentative;
        let mut gone = booking(2, "ann@x.example", "Room 1", at(10, 0), at(11, 0));
        gone.state = BookingState::Gone;
        let backwards = booking(3, "ann@x.example", "Room 1", at(11, 0), at(10, 0));
        let unknown = booking(4, "ann@x.example", "Room 7", at(10, 0), at(11, 0));
        let ann = person(1, "ann@x.example");
        let rows = [tentative.clone(), gone, backwards, unknown];
        let grants = Grants::new(&rows, std::slice::from_ref(&ann), &rules(|_| ()));
        assert!(doors(&grants, "ann@x.example", at(10, 30)).is_empty());
        let grants = Grants::new(&rows, std::slice::from_ref(&ann), &rules(|config| config.tentative = true));
        assert_eq!(doors(&grants, "ann@x.example", at(10, 30)), ["1", "9"]);
        let blocked = PersonRow { blocked: Some("lost phone".into()), ..ann };
        tentative.booking.status = BookingStatus::Confirmed;
        let grants = Grants::new(&[tentative], &[blocked], &rules(|_| ()));
        assert!(doors(&grants, "ann@x.example", at(10, 30)).is_empty());
        assert_eq!(grants.listed(at(10, 30)).count(), 1, "the blocked stay known");
    }

    #[test]
    fn grace_stops_at_the_neighbour_where_wanted() {
        let rows = [
            booking(1, "ann@x.example", "Room 1", at(10, 0), at(11, 0)),
            booking(2, "bob@x.example", "Room 1", at(11, 5), at(12, 0)),
            booking(3, "ann@x.example", "Room 1", at(12, 0), at(13, 0)),
            booking(4, "ann@x.example", "Room 1", at(13, 0), at(14, 0)),
        ];
        let people = [person(1, "ann@x.example"), person(2, "bob@x.example")];
        let grants = Grants::new(&rows, &people, &rules(|config| config.neighbour_rule = true));
        let windows = |key: &str| -> Vec<_> {
            grants.person(key).unwrap().grants.iter().map(|grant| (grant.opens, grant.closes)).collect()
        };
        let ann = [(at(9, 55), at(11, 5)), (at(12, 0), at(13, 10)), (at(12, 55), at(14, 10))];
        assert_eq!(windows("ann@x.example"), ann);
        assert_eq!(windows("bob@x.example"), [(at(11, 0), at(12, 0))]);
    }

    #[test]
    fn a_hundred_thousand_bookings_are_evaluated_while_somebody_waits() {
        let people: Vec<_> = (0..20_000).map(|n| person(n, &format!("p{n}@x.example"))).collect();
        let rows: Vec<_> = (0..100_000)
            .map(|n| {
                let start = at(0, 0) + Duration::minutes(n % 40_000);
                booking(n, &format!("p{}@x.example", n % 20_000), "Room 1", start, start + Duration::hours(1))
            })
            .collect();
        let began = std::time::Instant::now();
        let grants = Grants::new(&rows, &people, &rules(|_| ()));
        let now = at(0, 0) + Duration::days(14);
        let open = grants.listed(now).filter(|holder| !grants.doors(holder, now).is_empty()).count();
        assert!(open > 50 && open < 200, "{open}");
        // Without optimisation; optimised it takes a tenth.
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
        let began = std::time::Instant::now();
        let boundary = grants.next_boundary(now).unwrap();
        let due = grants.due(now, boundary);
        assert!(!due.is_empty() && due.iter().all(|holder| grants.doors(holder, boundary).len() <= 2));
        assert!(began.elapsed() < std::time::Duration::from_millis(50), "{:?}", began.elapsed());
    }
}
