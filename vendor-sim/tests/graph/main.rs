//! What the contract of Microsoft Graph says, asked of the simulator over the wire.
