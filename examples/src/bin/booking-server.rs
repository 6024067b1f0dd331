//! Bookings from iCal feeds open Paxton Net2 doors, with a PIN or QR code by e-mail.

use std::process::ExitCode;

use examples::booking_server::BookingServer;

fn main() -> ExitCode {
    sync_service::main_of::<BookingServer>()
}
