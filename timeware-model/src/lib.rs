#![doc = include_str!("../README.md")]

mod badge;
mod booking;
mod config;
#[cfg(feature = "sqlserver")]
mod connect;
mod contract;
mod employee;
mod error;
mod grouping;
mod ids;
pub mod local_time;
mod mapping;
mod name;
mod policy;
mod receipts;
mod rules;
mod schema_report;
mod server;
mod settings;
mod sql;
mod sqlite;
#[cfg(feature = "sqlserver")]
mod sqlserver;
mod status;
mod store;
#[cfg(feature = "sync")]
pub mod sync;
mod terminal;
mod terminal_group;
mod transform;
mod version;

pub use badge::{BadgeSpan, Credential, Credentials, badge_number};
pub use booking::{AccessRow, Booked, Event, EventClass, EventDirection, Outcome, Reason, RollCall, Target, WorkRow};
pub use config::{
    ChangeFeed, ConfigurationCodes, Constant, DefaultKind, DirectionCodes, EnumsConfig, FlagCodes, GroupingsConfig,
    GroupingsKind, Profile, StoreKind, TimewareConfig, TypeCodes,
};
#[cfg(feature = "sqlserver")]
pub use connect::{check_schema, connect, connect_beside_writer, connect_when_used, create_own_tables};
pub use contract::{Column, Family, Table};
pub use employee::{Employee, EmployeeField, Field, People, PeoplePage, PersonFields, PersonKey, Pin, Unreadable};
pub use error::{Error, ErrorKind, Result};
pub use grouping::{Grouping, GroupingNumber};
pub use ids::{EmployeeId, GroupingRefId, PolicyId, StatusId, TerminalGroupId, TerminalId};
pub use mapping::Mapping;
pub use name::{NO_NAME, NameParts, PARTICLES, join as join_name};
pub use policy::{Policy, PolicyDataError, PolicyRights};
pub use receipts::{EventReceipt, LinkEntity, LinkReceipt, LinkState, ReceiptKey};
pub use schema_report::{MissingGrant, SchemaReport, SchemaRow, Verdict};
pub use server::{Encrypt, SignIn, SqlServerConfig};
pub use settings::{LOWEST_TERMINAL_NUMBER, Settings};
pub use sqlite::SqliteStore;
#[cfg(feature = "sqlserver")]
pub use sqlserver::SqlServerStore;
pub use status::Status;
pub use store::{
    Clock, Created, CreatedHow, ReconcileReport, StartReport, Store, Warning, Written, open, open_beside_writer,
};
pub use terminal::{NewTerminal, Origin, Terminal, TerminalChange, TerminalDirection, TerminalKind, TerminalRole};
pub use terminal_group::TerminalGroup;
pub use transform::{Join, TransformSpec, TransformTable, uk_post_code};
pub use version::{DatabaseVersion, VersionSpan};
