//! Microsoft Graph: a tenant with rooms, room lists, mailboxes and meetings, and its token endpoint.
