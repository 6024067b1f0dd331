//! What the names of the configuration stand for at this site, read now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use connector_http::Error;
use futures::future::OptionFuture;
use sync_core::connector::SyncError;
use tokio::time::Instant;

use super::Net2Doors;
use super::access::AccessRules;
use super::config::{BookersConfig, FieldChoice, NO_ACCESS};
use super::names::{UnknownName, by_name};
use super::rights::AreaNames;
use crate::access_levels::AccessLevel;
use crate::custom_fields::CustomField;
use crate::custom_query::DoorArea;
use crate::departments::Department;
use crate::id::{AccessLevelId, AreaId, CustomFieldId, DepartmentId, DoorId};
use crate::sync::{FieldMap, Net2Config};

/// What the names of the configuration stand for.
#[derive(Clone, Debug)]
pub(super) struct Site {
    read_at: Instant,
    pub(super) marker_field: CustomFieldId,
    pub(super) memo_field: CustomFieldId,
    /// The settings by which a user of this site and a person become each other.
    pub(super) mapping: Net2Config,
    pub(super) rules: AccessRules,
    pub(super) department: Result<Department, UnknownName>,
}

/// The lists of a site, as they came.
pub(super) struct Lists {
    pub(super) fields: Vec<CustomField>,
    departments: Vec<Department>,
    pub(super) levels: Vec<AccessLevel>,
    areas: AreaNames,
    door_areas: Vec<DoorArea>,
}

impl Net2Doors {
    /// The site as it was read within the last hour.
    pub(super) async fn site(&self) -> Result<Arc<Site>, SyncError> {
        self.site_if(|site| site.read_at.elapsed() < LASTS).await
    }

    /// The site as it is now, for what the one read earlier does not know.
    async fn site_again(&self, old: &Site) -> Result<Arc<Site>, SyncError> {
        let since = old.read_at;
        self.site_if(|site| site.read_at > since).await
    }

    /// The site with these doors; read again where one of them is new to it.
    pub(super) async fn site_with(&self, doors: Option<&BTreeSet<String>>) -> Result<Arc<Site>, SyncError> {
        let site = self.site().await?;
        let is_new = |door: &String| door.parse().is_ok_and(|door| !site.rules.is_known(door));
        if doors.is_some_and(|doors| doors.iter().any(is_new)) { self.site_again(&site).await } else { Ok(site) }
    }

    /// The department of new bookers; looked for again where it was not there.
    pub(super) async fn department(&self, site: &Site) -> Result<Department, SyncError> {
        match &site.department {
            Ok(department) => Ok(department.clone()),
            Err(_) => Ok(self.site_again(site).await?.department.clone()?),
        }
    }

    async fn site_if(&self, usable: impl Fn(&Site) -> bool) -> Result<Arc<Site>, SyncError> {
        let mut kept = self.site.lock().await;
        if let Some(site) = kept.as_ref().filter(|site| usable(site)) {
            return Ok(Arc::clone(site));
        }
        let lists = self.lists().await?;
        let site = Arc::new(Site::of(&self.config, &self.endpoint.config, &lists, kept.as_deref())?);
        *kept = Some(Arc::clone(&site));
        Ok(site)
    }

    pub(super) async fn lists(&self) -> Result<Lists, Error> {
        let net2 = &self.endpoint.net2;
        let query = net2.custom_query();
        let door_areas: OptionFuture<_> = self.endpoint.config.querydb.then(|| query.door_areas()).into();
        let areas = net2.areas().list().await?;
        Ok(Lists {
            fields: net2.users().custom_fields().list().await?,
            departments: net2.departments().list().await?,
            levels: net2.access_levels().list().await?,
            areas: areas.into_iter().map(|area| (area.id, area.name)).collect(),
            door_areas: door_areas.await.transpose()?.unwrap_or_default(),
        })
    }
}

impl Site {
    /// Looks the names up. One that is gone since the last time still means the record that it meant then, if that is
    /// there: somebody renamed it, and doors must close all the same.
    fn of(config: &BookersConfig, net2: &Net2Config, lists: &Lists, last: Option<&Self>) -> Result<Self, SyncError> {
        let marker_field = marker_field(config, lists, last)?;
        let memo_field = memo_field(config, lists, last)?;
        let email = field("email_field", &config.email_field, lists)?.id;
        if marker_field == memo_field || email == marker_field || email == memo_field {
            return Err(reserved().into());
        }
        let department = department(config, lists);
        Ok(Self {
            read_at: Instant::now(),
            marker_field,
            memo_field,
            mapping: mapping(net2, email),
            rules: rules(config, lists, last)?,
            department: renamed("department", department, last.and_then(|last| last.department.clone().ok()), |old| {
                lists.departments.iter().any(|department| department.id == old.id)
            }),
        })
    }
}

pub(super) fn marker_field(
    config: &BookersConfig,
    lists: &Lists,
    last: Option<&Site>,
) -> Result<CustomFieldId, SyncError> {
    let found = field("marker_field", &config.marker_field, lists).map(|field| field.id);
    let exists = |old: &CustomFieldId| lists.fields.iter().any(|field| field.id == *old);
    let id = renamed("marker_field", found, last.map(|last| last.marker_field), exists)?;
    let holds = lists.fields.iter().find(|field| field.id == id).and_then(|field| field.max_length);
    if holds.is_some_and(|max| config.marker_text.chars().count() > max as usize) {
        return Err(super::config_error("marker_field", "the field does not hold the marker").with_remedy(format!(
            "choose a field that holds at least {} characters, or a shorter `marker_text`",
            config.marker_text.chars().count()
        )));
    }
    Ok(id)
}

pub(super) fn memo_field(
    config: &BookersConfig,
    lists: &Lists,
    last: Option<&Site>,
) -> Result<CustomFieldId, SyncError> {
    let found = field("memo_field", &config.memo_field, lists).map(|field| field.id);
    let exists = |old: &CustomFieldId| lists.fields.iter().any(|field| field.id == *old);
    let id = renamed("memo_field", found, last.map(|last| last.memo_field), exists)?;
    let limit = lists.fields.iter().find(|field| field.id == id).and_then(|field| field.max_length);
    match limit {
        Some(limit) if (limit as usize) < super::booker::MEMO_CHARS => {
            let cause = format!("the field holds {limit} characters only");
            Err(super::config_error("memo_field", cause)
                .with_remedy("choose the memo, which has no limit: number 13 unless the site changed it"))
        }
        _ => Ok(id),
    }
}

pub(super) fn field<'a>(
    setting: &'static str,
    choice: &FieldChoice,
    lists: &'a Lists,
) -> Result<&'a CustomField, UnknownName> {
    let numbered = |number: i64| lists.fields.iter().find(|field| field.id.get() == number);
    let found = match choice {
        FieldChoice::Number(number) => numbered((*number).into()),
        FieldChoice::Name(name) => {
            let all = lists.fields.iter().map(|field| (field.id.get(), field.name.clone()));
            match by_name(setting, name, all) {
                Ok(number) => numbered(number),
                Err(unknown) => Some(name.trim().parse().ok().and_then(numbered).ok_or(unknown)?),
            }
        }
    };
    found.ok_or_else(|| UnknownName::new(setting, choice.to_string()))
}

pub(super) fn department(config: &BookersConfig, lists: &Lists) -> Result<Department, UnknownName> {
    let real = lists.departments.iter().filter(|department| department.id != DepartmentId::NONE);
    let all = real.map(|department| (department.id, department.name.clone()));
    let id = by_name("department", &config.department, all)?;
    Ok(Department::new(id, config.department.trim()))
}

/// The level of a name. "No access" is level 0 whatever the language of the server.
pub(super) fn level(setting: &'static str, name: &str, levels: &[AccessLevel]) -> Result<AccessLevelId, UnknownName> {
    let shared = levels.iter().filter(|level| !level.id.is_private());
    match by_name(setting, name, shared.map(|level| (level.id, level.name.clone()))) {
        Err(_) if name.trim() == NO_ACCESS => Ok(AccessLevelId::NONE),
        found => found,
    }
}

pub(super) fn rules(config: &BookersConfig, lists: &Lists, last: Option<&Site>) -> Result<AccessRules, SyncError> {
    let exists = |old: &AccessLevelId| lists.levels.iter().any(|level| level.id == *old);
    let fallback = level("fallback_level", &config.fallback_level, &lists.levels);
    let fallback = renamed("fallback_level", fallback, last.map(|last| last.rules.fallback), exists)?;
    let mut levels = BTreeMap::new();
    for (door, name) in &config.levels {
        let Ok(door) = door.parse::<DoorId>() else { continue };
        let old = last.and_then(|last| last.rules.levels.get(&door)?.clone().ok());
        levels.insert(door, renamed("levels", level("levels", name, &lists.levels), old, exists));
    }
    if levels.values().any(|level| *level == Ok(fallback)) {
        return Err(super::config_error("levels", "a door has the fallback level")
            .with_remedy("name a level that opens the door, other than `fallback_level`"));
    }
    Ok(AccessRules {
        fallback,
        level_names: lists.levels.iter().map(|level| (level.id, level.name.clone())).collect(),
        area_names: lists.areas.clone(),
        areas: areas(config, &lists.door_areas),
        levels,
    })
}

/// The areas of each door: what the configuration says, else the database.
fn areas(config: &BookersConfig, rows: &[DoorArea]) -> BTreeMap<DoorId, BTreeSet<AreaId>> {
    let mut areas: BTreeMap<DoorId, BTreeSet<AreaId>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.door.get() > 0 && row.area.get() > 0) {
        areas.entry(row.door).or_default().insert(row.area);
    }
    for (door, own) in &config.areas {
        if let (Ok(door), false) = (door.parse(), own.is_empty()) {
            areas.insert(door, own.iter().copied().map(AreaId::new).collect());
        }
    }
    areas
}

/// What was found, else what the name meant the last time, if that is there still.
fn renamed<I>(
    setting: &'static str,
    found: Result<I, UnknownName>,
    last: Option<I>,
    exists: impl Fn(&I) -> bool,
) -> Result<I, UnknownName> {
    match (found, last.filter(exists)) {
        (Err(unknown), Some(last)) => {
            tracing::warn!(setting, cause = unknown.cause(), "renamed in Net2; the old meaning holds until a restart");
            Ok(last)
        }
        (found, _) => found,
    }
}

/// Only what a booker has: names, PIN, dates and the mail address.
fn mapping(net2: &Net2Config, email: CustomFieldId) -> Net2Config {
    let email = u8::try_from(email.get()).unwrap_or(0);
    let fields = FieldMap { post_code: 0, mobile: 0, email, vehicle_registration: 0, personnel_number: 0 };
    Net2Config { fields, marker_field: None, ..net2.clone() }
}

fn reserved() -> UnknownName {
    UnknownName::new("marker_field", "the same as another field of bookers")
}

const LASTS: Duration = Duration::from_hours(1);
