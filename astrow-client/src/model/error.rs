//! The one error of every driver.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::employee::Employee;
use super::id::PersNo;
use super::session::AstrowCapability;
use super::words::Licence;

/// What went wrong, and what is known about its effect.
///
/// One pointer wide and cheap to clone. `Display` is one line in our own words without secrets; causes are in
/// [`source`](StdError::source), to be printed once at the edge of the program.
#[derive(Clone)]
pub struct AstrowError(Box<Inner>);

/// What kind of failure an [`AstrowError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AstrowErrorKind {
    /// A setting is wrong; a person has to change it.
    Config,
    /// User or password is wrong.
    SignInRefused,
    /// The user lacks the permission *Allow API to connect to Astrow*.
    PermissionMissing,
    /// Astrow is not licensed for this; see [`AstrowError::licence`].
    LicenceMissing,
    /// There is no such thing.
    NotFound,
    /// Somebody changed the employee meanwhile; see [`AstrowError::current`].
    Changed,
    /// Something else stands against it.
    Conflict,
    /// Another employee has the badge number.
    BadgeInUse,
    /// A code that Astrow does not know; see [`AstrowError::field`].
    UnknownCode,
    /// The key of this attempt was used for something else.
    IdempotencyMismatch,
    /// The place in the list of changes or pages is gone: everything has to be read once.
    CursorExpired,
    /// No roll call is running.
    NoRollCall,
    /// The command is too old.
    CommandExpired,
    /// Astrow refused these values.
    Rejected,
    /// Request or answer larger than allowed.
    TooLarge,
    /// Too many calls; see [`AstrowError::retry_after`].
    Throttled,
    /// Astrow cannot be reached, is too slow, or is out of order at the moment.
    Unreachable,
    /// A write was sent and nobody knows what became of it.
    OutcomeUnknown,
    /// No trusted TLS session came about.
    Tls,
    /// The answer makes no sense.
    Protocol,
    /// A file or folder of this machine could not be used.
    Files,
    /// The driver cannot do this.
    Unsupported,
}

#[derive(Clone)]
struct Inner {
    kind: AstrowErrorKind,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    field: Option<String>,
    licence: Option<Licence>,
    holder: Option<PersNo>,
    current: Option<Employee>,
    retry_after: Option<Duration>,
    may_have_been_applied: bool,
    remedy: Option<Cow<'static, str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl AstrowError {
    /// An error in own words; the message never holds a secret or personal data.
    pub fn new(kind: AstrowErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            field: None,
            licence: None,
            holder: None,
            current: None,
            retry_after: None,
            may_have_been_applied: kind == AstrowErrorKind::OutcomeUnknown,
            remedy: None,
            source: None,
        }))
    }

    /// The driver cannot do this.
    pub fn unsupported(capability: AstrowCapability) -> Self {
        Self::new(AstrowErrorKind::Unsupported, format!("this way into Astrow does not offer `{capability}`"))
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Names the call, unless an inner one is named already.
    pub fn with_operation(mut self, name: &'static str) -> Self {
        self.0.operation.get_or_insert(name);
        self
    }

    /// Names the member that is to blame.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Names the licence that is missing.
    pub fn with_licence(mut self, licence: Licence) -> Self {
        self.0.licence = Some(licence);
        self
    }

    /// Names the employee who has the badge number.
    pub fn with_holder(mut self, holder: PersNo) -> Self {
        self.0.holder = Some(holder);
        self
    }

    /// Adds the employee as it is now.
    pub fn with_current(mut self, current: Employee) -> Self {
        self.0.current = Some(current);
        self
    }

    /// Adds how long Astrow wants to be left alone.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// States whether the write may be in effect.
    pub fn with_may_have_been_applied(mut self, applied: bool) -> Self {
        self.0.may_have_been_applied = applied;
        self
    }

    /// Says what a person can do about it.
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> AstrowErrorKind {
        self.0.kind
    }

    /// The message alone, without the call.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Name of the call that failed.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The member that is to blame, by its name on the wire.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The licence that is missing.
    pub fn licence(&self) -> Option<&Licence> {
        self.0.licence.as_ref()
    }

    /// The employee who has the badge number, where Astrow says so.
    pub fn holder(&self) -> Option<PersNo> {
        self.0.holder
    }

    /// The employee as it is now, where somebody changed it meanwhile.
    pub fn current(&self) -> Option<&Employee> {
        self.0.current.as_ref()
    }

    /// How long Astrow wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// True when the write may have been applied although the call failed; false when it cannot have been.
    ///
    /// **Troubleshooting**: read the thing back before writing again, or repeat a creation with the same key.
    pub fn may_have_been_applied(&self) -> bool {
        self.0.may_have_been_applied
    }

    /// The same call may succeed later without anybody doing anything. It cannot have been applied.
    pub fn is_transient(&self) -> bool {
        let passing = matches!(self.0.kind, AstrowErrorKind::Unreachable | AstrowErrorKind::Throttled);
        passing && !self.0.may_have_been_applied
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &str {
        self.0.remedy.as_deref().unwrap_or_else(|| self.0.kind.remedy())
    }

    /// The cause, for those who keep errors themselves.
    #[cfg(feature = "sync")]
    pub(crate) fn shared_source(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        self.0.source.clone()
    }
}

impl AstrowErrorKind {
    /// Stable word for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::SignInRefused => "sign_in_refused",
            Self::PermissionMissing => "permission_missing",
            Self::LicenceMissing => "licence_missing",
            Self::NotFound => "not_found",
            Self::Changed => "changed",
            Self::Conflict => "conflict",
            Self::BadgeInUse => "badge_in_use",
            Self::UnknownCode => "unknown_code",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::CursorExpired => "cursor_expired",
            Self::NoRollCall => "no_roll_call",
            Self::CommandExpired => "command_expired",
            Self::Rejected => "rejected",
            Self::TooLarge => "too_large",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Files => "files",
            Self::Unsupported => "unsupported",
        }
    }

    /// What a person can do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Config => "change the setting",
            Self::SignInRefused => "check user and password of Astrow; repeating without a change may lock the user",
            Self::PermissionMissing => {
                "in Astrow, give the user the permission \"Allow API to connect to Astrow\"; the licence is not the reason"
            }
            Self::LicenceMissing => {
                "have the licence added to Astrow, or switch this part of the link off; the user's permission is not the reason"
            }
            Self::NotFound => "read the list again: it was removed, or never there",
            Self::Changed => "read it again and decide anew",
            Self::Conflict => "look at the record in Astrow",
            Self::BadgeInUse => "find out in Astrow who has the badge number, and take it away there first",
            Self::UnknownCode => "add the code in Astrow, or set another one",
            Self::IdempotencyMismatch => "use a new key for a new attempt",
            Self::CursorExpired => "read everything once, then go on from the place that is given then",
            Self::NoRollCall => "nothing: the roll call has ended",
            Self::CommandExpired => "nothing: give the command again",
            Self::Rejected => "correct the values",
            Self::TooLarge => "send less at once",
            Self::Throttled => "wait",
            Self::Unreachable => "check the address, the network, and whether Astrow's web site runs",
            Self::OutcomeUnknown => "read it back, or repeat with the same key",
            Self::Tls => {
                "see the cause; give the root certificate or pin the fingerprint after comparing it on the server"
            }
            Self::Protocol => "check that the address is that of the bridge interface, and its version",
            Self::Files => "check that the folder exists and may be written by this service",
            Self::Unsupported => "use another driver, or switch this part of the link off",
        }
    }
}

impl fmt::Display for AstrowErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for AstrowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.field {
            Some(field) => write!(f, " (`{field}`)"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for AstrowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AstrowError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("field", &self.0.field)
            .field("licence", &self.0.licence)
            .field("holder", &self.0.holder)
            .field("current", &self.0.current)
            .field("retry_after", &self.0.retry_after)
            .field("may_have_been_applied", &self.0.may_have_been_applied)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for AstrowError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_and_licence_have_remedies_of_their_own() {
        let permission = AstrowErrorKind::PermissionMissing.remedy();
        let licence = AstrowErrorKind::LicenceMissing.remedy();
        assert!(permission.contains("Allow API to connect to Astrow") && permission != licence);
        assert!(licence.starts_with("have the licence added"));
    }

    #[test]
    fn what_a_driver_cannot_do_is_named() {
        let error = AstrowError::unsupported(AstrowCapability::RollCall).with_operation("astrow.roll_call");
        assert_eq!(error.to_string(), "astrow.roll_call: this way into Astrow does not offer `rollcall`");
        assert!(!error.is_transient() && !error.may_have_been_applied());
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<AstrowError>(), size_of::<usize>());
    }
}
