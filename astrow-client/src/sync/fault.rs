//! Failures in the engine's classes, with what Astrow said about them.

use sync_core::connector::{ErrorClass, SyncError};

use crate::model::{AstrowError, AstrowErrorKind};

/// A failure of the driver as one of the engine.
impl From<AstrowError> for SyncError {
    fn from(error: AstrowError) -> Self {
        let mut sync = Self::new(class(&error), error.to_string()).with_remedy(error.remedy().to_owned());
        if let Some(wait) = error.retry_after() {
            sync = sync.with_retry_after(wait);
        }
        if let Some(field) = error.field().map(field_name) {
            sync = sync.with_field(field);
        }
        if error.kind() == AstrowErrorKind::BadgeInUse {
            sync = sync.with_clashing_key("access_id");
        }
        match error.shared_source() {
            Some(source) => sync.with_source(source),
            None => sync,
        }
    }
}

fn class(error: &AstrowError) -> ErrorClass {
    use AstrowErrorKind as Kind;
    match error.kind() {
        // Whatever the last attempt ended with: a write of which an earlier one may be in effect is read back.
        kind if error.may_have_been_applied() && kind != Kind::Protocol => ErrorClass::InDoubt,
        Kind::SignInRefused | Kind::Tls => ErrorClass::Auth,
        Kind::Config | Kind::PermissionMissing | Kind::LicenceMissing | Kind::Unsupported => ErrorClass::Config,
        Kind::NotFound => ErrorClass::NotFound,
        Kind::Changed | Kind::Conflict => ErrorClass::Conflict,
        Kind::BadgeInUse => ErrorClass::Duplicate,
        Kind::CursorExpired => ErrorClass::Lost,
        Kind::Throttled => ErrorClass::RateLimited,
        Kind::Unreachable | Kind::Files => ErrorClass::Transient,
        Kind::OutcomeUnknown => ErrorClass::InDoubt,
        Kind::IdempotencyMismatch => ErrorClass::Bug,
        Kind::Protocol => ErrorClass::Protocol,
        // Whatever else is refused is refused for this record.
        _ => ErrorClass::Invalid,
    }
}

/// The engine's name of a member that Astrow blames.
fn field_name(member: &str) -> String {
    let first = member.trim_start_matches('/').split(['[', '/']).next().unwrap_or(member);
    match first {
        "name.first" | "name" => "first_name",
        "name.middle" => "middle_name",
        "name.last" => "last_name",
        "employeeNo" => "personnel_number",
        "badgeNo" | "pac.personId" => "access_id",
        "startContract" | "startCalculation" => "start_date",
        "endCalculation" => "leave_date",
        "pac.badges" => "credentials",
        "pac.accessGroups" => "policies",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Licence;

    #[test]
    fn licence_permission_and_password_are_told_apart() {
        let of = |kind| SyncError::from(AstrowError::new(kind, "x"));
        assert_eq!(of(AstrowErrorKind::SignInRefused).class(), ErrorClass::Auth);
        let permission = of(AstrowErrorKind::PermissionMissing);
        let licence =
            SyncError::from(AstrowError::new(AstrowErrorKind::LicenceMissing, "x").with_licence(Licence::FileTerminal));
        assert_eq!((permission.class(), licence.class()), (ErrorClass::Config, ErrorClass::Config));
        assert_ne!(permission.remedy(), licence.remedy());
        assert!(licence.stops_endpoint());
    }

    #[test]
    fn a_doubtful_write_is_in_doubt_whatever_came_last() {
        let error = AstrowError::new(AstrowErrorKind::Unreachable, "x").with_may_have_been_applied(true);
        assert_eq!(SyncError::from(error).class(), ErrorClass::InDoubt);
    }

    #[test]
    fn a_member_to_blame_has_the_engines_name() {
        let error = AstrowError::new(AstrowErrorKind::UnknownCode, "x").with_field("department");
        let sync = SyncError::from(error);
        assert_eq!((sync.class(), sync.field()), (ErrorClass::Invalid, Some("department")));
        assert_eq!(field_name("pac.badges[0].number"), "credentials");
    }
}
