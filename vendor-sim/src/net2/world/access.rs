//! Who may pass where and when.

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, Utc};

use super::{PRIVATE_LEVEL, Timezone, User, World};

impl World {
    /// Whether a user may pass a door in one direction at an instant.
    pub fn permitted(&self, user: i64, door: i64, entering: bool, at: DateTime<Utc>) -> bool {
        let (Some(user), Some(door)) = (self.users.get(&user), self.doors.get(&door)) else { return false };
        let local = self.zone.local(at);
        if !self.valid(user, local) || (self.lockdown && !user.lockdown_exempt) {
            return false;
        }
        let area = if entering { door.area_in } else { door.area_out };
        let by_level = user.levels.iter().any(|level| self.level_opens(*level, area, local));
        let alone = user.individual.iter().any(|one| one.area == area && self.timezone_holds(one.timezone, local));
        by_level || alone
    }

    /// The access level that the database shows: its id and name.
    pub(crate) fn shown_level(&self, user: &User) -> (i64, String) {
        if user.levels.len() > 1 || !user.individual.is_empty() {
            return (PRIVATE_LEVEL + user.id, format!("Individual: {}", user.name()));
        }
        let level = user.levels.first().copied().unwrap_or(0);
        (level, self.level_name(level).unwrap_or_default())
    }

    fn valid(&self, user: &User, local: NaiveDateTime) -> bool {
        let begun = user.activation.is_none_or(|from| from <= local);
        let inclusive = self.switches.expiry_day_inclusive;
        let over = user.expiry.is_some_and(|end| if inclusive { local.date() > end.date() } else { local >= end });
        user.active && begun && !over
    }

    fn level_opens(&self, level: i64, area: i64, local: NaiveDateTime) -> bool {
        level == 1
            || self.access_levels.get(&level).is_some_and(|level| {
                level.rows.iter().any(|row| row.area == area && self.timezone_holds(row.timezone, local))
            })
    }

    pub(super) fn timezone_holds(&self, timezone: i64, local: NaiveDateTime) -> bool {
        timezone == 1 || self.timezones.get(&timezone).is_some_and(|timezone| holds(timezone, local))
    }
}

fn holds(timezone: &Timezone, local: NaiveDateTime) -> bool {
    let day = i64::from(local.weekday().number_from_sunday());
    timezone.slots.iter().any(|slot| {
        let parse = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        let (Some(start), Some(end)) = (parse(&slot.start), parse(&slot.end)) else { return false };
        slot.day == day && start <= local.time() && (local.time() < end || end == NaiveTime::MIN)
    })
}
