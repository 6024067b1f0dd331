//! A small site: two policies, a grouping, an attendance and an access terminal, people on demand, on either store.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test file uses a part")]
#![allow(clippy::unused_async, reason = "only a store behind a network waits")]
#![allow(clippy::indexing_slicing, reason = "a test may stop")]

#[cfg(feature = "sqlserver")]
pub(crate) mod server;

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use timeware_model::{
    Clock, Created, Credential, Credentials, EmployeeId, Event, EventDirection, NameParts, NewTerminal, PersonFields,
    ReceiptKey, Result, SqliteStore, Store, TerminalChange, TerminalDirection, TerminalId, TerminalKind,
    TimewareConfig,
};

pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

pub(crate) fn config(text: &str) -> TimewareConfig {
    toml::from_str(text).unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
}

pub(crate) fn key(id: &str) -> ReceiptKey {
    ReceiptKey::new("net2-hq", id).unwrap()
}

pub(crate) fn standing(now: &str) -> Clock {
    let now = at(now);
    Arc::new(move || now)
}

/// The stores that every test of the suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Embedded,
    #[cfg(feature = "sqlserver")]
    SqlServer,
}

/// A database with a store on it; what goes on behind the store's back goes through here.
pub(crate) struct World {
    pub(crate) database: Database,
    store: Option<Arc<dyn Store>>,
    clock: Clock,
}

/// Where the rows are.
pub(crate) enum Database {
    Embedded(tempfile::TempDir),
    #[cfg(feature = "sqlserver")]
    SqlServer(Box<vendor_sim::sqlserver::SqlServerSim>),
}

impl Deref for World {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &**self.store.as_ref().unwrap()
    }
}

pub(crate) async fn store(engine: Engine, text: &str) -> World {
    store_at(engine, text, NOW).await
}

pub(crate) async fn store_at(engine: Engine, text: &str, now: &str) -> World {
    store_by(engine, text, standing(now)).await
}

pub(crate) async fn store_by(engine: Engine, text: &str, clock: Clock) -> World {
    let database = match engine {
        Engine::Embedded => Database::Embedded(tempfile::tempdir().unwrap()),
        #[cfg(feature = "sqlserver")]
        Engine::SqlServer => Database::SqlServer(Box::new(server::start(text).await)),
    };
    let mut world = World { database, store: None, clock };
    world.open(text).await.unwrap();
    world
}

impl World {
    /// The settings of this database.
    pub(crate) fn config(&self, text: &str) -> TimewareConfig {
        match &self.database {
            Database::Embedded(folder) => {
                let mut config = config(text);
                config.path = folder.path().join("timeware.db");
                config
            }
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::config(sim, text),
        }
    }

    /// Opens the store again, with these settings.
    pub(crate) async fn open(&mut self, text: &str) -> Result<()> {
        self.store = None;
        let (config, clock) = (self.config(text), Arc::clone(&self.clock));
        self.store = Some(match &self.database {
            Database::Embedded(_) => Arc::new(SqliteStore::open_with(config)?.with_clock(clock)),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::open(sim, config, clock).await?,
        });
        Ok(())
    }

    /// A second store on the same database, for reading only.
    pub(crate) async fn reader(&self, text: &str) -> Result<Arc<dyn Store>> {
        let config = self.config(text);
        Ok(match &self.database {
            Database::Embedded(_) => Arc::new(SqliteStore::open_read_only(config)?),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::open_read_only(sim, config).await?,
        })
    }

    /// A second store on the same database, beside the writer.
    pub(crate) async fn administrator(&self, text: &str) -> Result<Arc<dyn Store>> {
        let config = self.config(text);
        Ok(match &self.database {
            Database::Embedded(_) => Arc::new(SqliteStore::open_beside_writer(config)?),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::open_beside_writer(sim, config).await?,
        })
    }

    /// A second store on the same database, for writing.
    pub(crate) async fn second_writer(&self, text: &str) -> Result<Arc<dyn Store>> {
        let config = self.config(text);
        Ok(match &self.database {
            Database::Embedded(_) => Arc::new(SqliteStore::open_with(config)?),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::open(sim, config, standing(NOW)).await?,
        })
    }

    /// The store, to be shared.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().unwrap())
    }

    /// Closes the store.
    pub(crate) fn close(&mut self) {
        self.store = None;
    }

    /// The rows of a query, values joined by `|`.
    pub(crate) fn raw(&self, text: &str) -> Vec<String> {
        match &self.database {
            Database::Embedded(_) => {
                let db = self.file();
                let mut statement = db.prepare(text).unwrap();
                let columns = statement.column_count();
                let value = |row: &rusqlite::Row<'_>, at| match row.get_ref(at).unwrap() {
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Null => String::new(),
                    value => value.as_str().unwrap().to_owned(),
                };
                let line = |row: &rusqlite::Row<'_>| Ok((0..columns).map(|at| value(row, at)).collect::<Vec<_>>());
                let rows: Vec<_> = statement.query_map([], line).unwrap().map(Result::unwrap).collect();
                rows.into_iter().map(|row: Vec<String>| row.join("|")).collect()
            }
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => server::raw(sim, text),
        }
    }

    /// Runs statements behind the store's back.
    pub(crate) fn execute(&self, text: &str) {
        match &self.database {
            Database::Embedded(_) => self.file().execute_batch(text).unwrap(),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => {
                sim.execute(text).unwrap();
            }
        }
    }

    /// From now on the database refuses the second booking that it gets.
    pub(crate) fn refuse_second_booking(&self) {
        match &self.database {
            Database::Embedded(_) => self.execute(
                "CREATE TRIGGER closed BEFORE INSERT ON twork WHEN NEW.date_and_time < '2026-06-01 08:00:00' \
                 BEGIN SELECT RAISE(ABORT, 'period closed'); END",
            ),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(sim) => {
                sim.add_fault(vendor_sim::sqlserver::Fault::error("insert into [dbo].[twork]", 50_000).nth(2));
            }
        }
    }

    fn file(&self) -> rusqlite::Connection {
        match &self.database {
            Database::Embedded(folder) => rusqlite::Connection::open(folder.path().join("timeware.db")).unwrap(),
            #[cfg(feature = "sqlserver")]
            Database::SqlServer(_) => unreachable!(),
        }
    }
}

/// An embedded store in memory.
pub(crate) fn memory_store(text: &str) -> SqliteStore {
    SqliteStore::in_memory_with(config(text)).unwrap().with_clock(standing(NOW))
}

/// An embedded store in a file, so that a test may look at the rows behind its back.
pub(crate) fn file_store(folder: &tempfile::TempDir, text: &str) -> SqliteStore {
    let mut config = config(text);
    config.path = folder.path().join("timeware.db");
    SqliteStore::open_with(config).unwrap().with_clock(standing(NOW))
}

/// Each test of the suite on each store.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(crate::common::Engine::Embedded)).await;
                }
            )+
        }

        #[cfg(feature = "sqlserver")]
        mod sqlserver {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(crate::common::Engine::SqlServer)).await;
                }
            )+
        }
    };
}
pub(crate) use on_every_store;

pub(crate) fn named(name: &str) -> PersonFields {
    let (first, last) = name.split_once(' ').unwrap();
    PersonFields::named(NameParts::new(first, last).unwrap())
}

pub(crate) fn with_cards(mut fields: PersonFields, cards: &[&str]) -> PersonFields {
    let list = cards.iter().map(|card| Credential::new(*card)).collect();
    fields.credentials = Some(Credentials::new("net2-hq", list));
    fields
}

pub(crate) async fn person(store: &World, name: &str) -> EmployeeId {
    let Created { id, .. } = store.create_person(&named(name), None).await.unwrap();
    id
}

pub(crate) async fn terminal(store: &World, name: &str, kind: TerminalKind) -> TerminalId {
    let id = store.create_terminal(&NewTerminal::new(name), None).await.unwrap().id;
    store.set_terminal(id, &TerminalChange::release(kind, at("2020-01-01T00:00:00Z"))).await.unwrap();
    id
}

pub(crate) async fn attendance_in(store: &World) -> TerminalId {
    let id = terminal(store, "Main entrance (In)", TerminalKind::Attendance).await;
    let change = TerminalChange::default().direction(TerminalDirection::In).roll_call(true);
    store.set_terminal(id, &change).await.unwrap();
    id
}

pub(crate) fn event(id: &str, terminal: TerminalId, person: EmployeeId, when: &str) -> Event {
    Event::new(key(id), terminal, at(when)).person(person).direction(EventDirection::In)
}

pub(crate) async fn book(store: &World, event: Event) -> timeware_model::Booked {
    store.book(&[event]).await.unwrap().remove(0)
}
