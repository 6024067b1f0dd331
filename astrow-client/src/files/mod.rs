//! Astrow by files: its bookings import and export, its employees import and export.
//!
//! Everything that Astrow reads is written beside its folder first and moved in as a whole, and at most one file waits at a
//! time. What was written is noted beside the folder, so that no booking is sent twice without a reason. Files of Astrow's are
//! never changed or deleted.
//!
//! Rows in a file have local times without an offset and minutes without seconds, and no direction: see
//! [`FilesDriver`] for what follows from that.

mod booking_row;
mod bookings;
mod bookings_out;
mod date_format;
mod driver;
mod employee_row;
mod employees;
mod employees_out;
mod fixed;
mod folder;
mod inbox;
mod line_format;
mod local_time;
mod outbox;
mod sent;
mod settings;
mod text;

#[cfg(feature = "sync")]
pub(crate) use bookings::UNKNOWN;

pub use booking_row::{BookingRow, HEADER, RowError, csv_file, csv_line};
pub use bookings_out::{ExportedBooking, LINE_FORMAT, read_bookings};
pub use date_format::{DateFormat, InvalidDateFormat};
pub use driver::{FileFate, FilesDriver, SentFile};
pub use employee_row::{EmployeeRow, employee_line};
pub use employees_out::{COLUMNS, ExportedEmployee, read_employees};
pub use fixed::{FixedField, FixedLayout};
pub use line_format::{InvalidLineFormat, LineFormat};
pub use local_time::{LocalMinute, instants, local_minute};
pub use settings::{BookingFormat, BookingsIn, BookingsOut, FilesConfig, FilesFault};
pub use text::{BadLine, Encoding, Parsed};
