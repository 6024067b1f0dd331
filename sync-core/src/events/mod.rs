//! From the event log of one side to bookings at the other: intake, ledger, delivery.
