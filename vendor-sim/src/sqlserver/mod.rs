//! A server that speaks the wire of Microsoft SQL Server, with SQLite behind it.
