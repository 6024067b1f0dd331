//! Devices: readers by the access system's ids, with what the settings say about their bookings.

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    CompleteSignal, FieldCaps, Key, Listed, Page, ReadCaps, Record, SnapshotCaps, Source, SyncError, Window,
};
use sync_core::model::{Canonical, Device, DeviceKind, Direction, ExternalId, Known};

use super::endpoint::AstrowEndpoint;
use super::readers::{ReaderBooking, ReaderDirectionRule};
use crate::model::{AstrowCapability, Lookups, ReaderSettings};

/// Readers that give bookings are attendance devices in use; those that only Astrow knows are suspended, unless a roll call runs
/// in which they confirm who is safe.
#[async_trait]
impl Source<Device> for AstrowEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::EndMark,
            read_lag: std::time::Duration::ZERO,
            fields: vec![FieldCaps::read_only("name", Canonical::text(64))],
            references: Vec::new(),
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Device>, SyncError>> {
        Listed::stream(self.devices())
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Device>>, SyncError> {
        Ok(Listed::from(self.devices().await?).one(id))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Device>>, SyncError> {
        Ok(by.among(self.devices().await?, &Source::<Device>::reads(self)))
    }
}

impl AstrowEndpoint {
    async fn devices(&self) -> Result<Vec<Record<Device>>, SyncError> {
        let lookups = self.lookups().await?;
        let mut records: Vec<_> =
            self.readers.iter().map(|(id, reader)| booking_reader(id, reader, lookups.as_deref())).collect();
        let session = self.session().await?;
        if session.supports(AstrowCapability::ReadersRead) {
            let known = session.reader_settings().await?;
            self.roll_calls.note_readers(&known);
            let others: Vec<_> =
                known.iter().filter(|one| !self.readers.contains_key(&one.reader_id.to_string())).collect();
            if others.iter().any(|other| other.confirm_roll_call) {
                self.roll_calls.look_for(session.as_ref(), None, self.now(), self.clock.now()).await?;
            }
            records.extend(others.into_iter().map(|other| self.other_reader(other)));
        }
        Ok(records)
    }

    /// A reader that gives no bookings. While a roll call runs at its site, and it confirms who is safe, its admissions since
    /// the start of the roll call are wanted, those too that were put aside before the roll call was noticed.
    fn other_reader(&self, reader: &ReaderSettings) -> Record<Device> {
        let site = reader.company_site.as_deref();
        let since = Some(reader).filter(|one| one.confirm_roll_call).and_then(|_| self.roll_calls.running_at(site));
        let device = Device {
            name: Known::Value(format!("Reader {}", reader.reader_id)),
            kind: since.map_or(Known::Unknown, |_| Known::Value(DeviceKind::Access)),
            suspended: Known::Value(since.is_none()),
            take_from: since.map_or(Known::Unknown, Known::Value),
            ..Device::default()
        };
        Record::new(reader.reader_id.to_string(), device)
    }
}

/// A reader goes by the name of its terminal in Astrow.
fn booking_reader(id: &str, reader: &ReaderBooking, lookups: Option<&Lookups>) -> Record<Device> {
    let terminal = lookups.and_then(|all| all.terminal(&reader.serial_in));
    let name = terminal.and_then(|terminal| terminal.name.clone()).filter(|name| !name.trim().is_empty());
    let direction = match reader.direction {
        ReaderDirectionRule::In => Known::Value(Direction::In),
        ReaderDirectionRule::Out => Known::Value(Direction::Out),
        ReaderDirectionRule::Reader | ReaderDirectionRule::Auto => Known::Unknown,
    };
    let device = Device {
        name: Known::Value(name.unwrap_or_else(|| format!("Reader {id}"))),
        kind: Known::Value(DeviceKind::Attendance),
        direction,
        suspended: Known::Value(false),
        ..Device::default()
    };
    Record::new(id, device)
}
