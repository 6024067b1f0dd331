//! PAC as an endpoint of `sync-core`.
