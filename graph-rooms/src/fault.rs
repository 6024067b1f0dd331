//! What a failure means here, and what the tenant's administrator does about it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use connector_http::{Error, ErrorKind};

/// What a failure means in the terms of this vendor: read it from an [`Error`] with [`Fault::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// The vendor's word for it, such as `ErrorAccessDenied`.
    pub code: Option<String>,
    /// The number in `AADSTS…` of a refused sign-in.
    pub aadsts: Option<u32>,
}

/// Kinds of failures, by what is to be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// No token, or one that Graph does not take.
    SignIn(SignInProblem),
    /// The application may not do this: consent is missing, or a policy keeps it away from this mailbox.
    Forbidden,
    /// There is no such room, list, event or subscription.
    NotFound,
    /// The mailbox is there but cannot be read: on premises, inactive or without a licence.
    MailboxUnavailable,
    /// Too many calls.
    Throttled,
    /// What was followed is forgotten: everything has to be read afresh.
    Resync,
    /// There is one already.
    Duplicate,
    /// Passing; the same call may succeed later.
    Transient,
    /// An answer that makes no sense.
    Protocol,
    /// A setting or this program is wrong.
    Config,
    /// A message was handed over and nobody knows what became of it.
    InDoubt,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInProblem {
    /// The secret is wrong; often its id was taken for its value.
    WrongSecret,
    /// The secret's time is over.
    SecretExpired,
    /// Neither secret nor certificate arrived.
    NoCredential,
    /// This tenant has no such application.
    UnknownApplication,
    /// The application is switched off in this tenant.
    ApplicationDisabled,
    /// There is no such tenant.
    UnknownTenant,
    /// The tenant lives in another cloud.
    WrongCloud,
    /// `common`, `organizations` or `consumers` instead of a tenant.
    NoTenant,
    /// What a token was asked for is not understood.
    Scope,
    /// The tenant does not know Graph under this name: the scope of another cloud.
    UnknownResource,
    /// The certificate is not accepted.
    Certificate,
    /// The assertion is outside its time: a clock is wrong.
    Clock,
    /// A rule of the tenant keeps the application out.
    Blocked,
    /// Nobody has consented for this application.
    ConsentMissing,
    /// Graph does not take the token that was just issued.
    TokenRefused,
    /// The sign-in is out of order at the moment.
    Transient,
    /// Something else.
    Other,
}

impl Fault {
    /// A failure of a kind.
    pub const fn new(kind: FaultKind) -> Self {
        Self { kind, code: None, aadsts: None }
    }

    /// What an error means; told from its kind where nothing more is known.
    pub fn of(error: &Error) -> Self {
        if error.kind() == ErrorKind::OutcomeUnknown || error.may_have_been_applied() {
            let found = found(error).cloned();
            return Self { kind: FaultKind::InDoubt, ..found.unwrap_or_else(|| Self::new(FaultKind::InDoubt)) };
        }
        found(error).cloned().unwrap_or_else(|| Self::new(by_kind(error.kind())))
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, FaultKind::Throttled | FaultKind::Transient | FaultKind::SignIn(SignInProblem::Transient))
    }

    /// What somebody does about it: the tenant's administrator, where it is about the tenant.
    pub fn remedy(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self.kind {
            FaultKind::SignIn(problem) => problem.remedy(),
            FaultKind::Forbidden => {
                "in Entra, grant the application permission and admin consent for it; if a policy limits the application to \
                 some mailboxes, put this one among them (such changes may take an hour or two to work)"
            }
            FaultKind::NotFound => {
                "check the room's address in Exchange; if its user name differs from its address, set `calendar_user` to the \
                 user name or object id; new and renamed rooms may take a day to show"
            }
            FaultKind::MailboxUnavailable => {
                "see in Exchange whether the mailbox is in the cloud, active and licensed; rooms on premises cannot be read"
            }
            FaultKind::Throttled => "nothing; if it stays, see who else calls Graph under this application",
            FaultKind::Resync => "nothing: everything is read afresh",
            FaultKind::Duplicate => "remove the older one, or use it",
            FaultKind::Transient => "nothing; if it stays, see the health page of Microsoft 365 and the network",
            FaultKind::Protocol => {
                "see whether a proxy or the wrong address answers; else report it with the request id"
            }
            FaultKind::Config => "check the settings; if they are right, report it with the request id",
            FaultKind::InDoubt => "see whether it was done before doing it again",
        })
    }
}

impl SignInProblem {
    /// What the tenant's administrator does about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::WrongSecret => {
                "in Entra, App registrations, Certificates & secrets: copy the secret's value, not its id; it is shown only once, \
                 so make a new one if it is gone"
            }
            Self::SecretExpired => {
                "in Entra, make a new client secret for the application and put its value into the settings"
            }
            Self::NoCredential => "set a client secret or a certificate",
            Self::UnknownApplication => {
                "check client id and tenant: the application must be registered, or consented to, in this tenant"
            }
            Self::ApplicationDisabled => {
                "in Entra, Enterprise applications: let users sign in to the application again"
            }
            Self::UnknownTenant => "check the tenant's domain or id, and the cloud it lives in",
            Self::WrongCloud => "choose the cloud that the tenant lives in",
            Self::NoTenant => "write the tenant's own domain or id",
            Self::Scope => "leave the scope to the cloud's preset",
            Self::UnknownResource => "choose the cloud that the tenant lives in, and leave the scope to its preset",
            Self::Certificate => {
                "in Entra, upload the public part of this certificate to the application, or use one that is there"
            }
            Self::Clock => "set this machine's clock right, and keep it right by the network",
            Self::Blocked => {
                "in Entra, let the conditional access rules for workload identities admit this application"
            }
            Self::ConsentMissing => "in Entra, API permissions: an administrator grants consent for the tenant",
            Self::TokenRefused => {
                "see whether the application was switched off just now, and that tenant and cloud belong together"
            }
            Self::Transient => "nothing; if it stays, see the health page of Entra and the network",
            Self::Other => "see the sign-in logs of Entra for the application, with the trace id",
        }
    }

    /// Stable word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongSecret => "wrong_secret",
            Self::SecretExpired => "secret_expired",
            Self::NoCredential => "no_credential",
            Self::UnknownApplication => "unknown_application",
            Self::ApplicationDisabled => "application_disabled",
            Self::UnknownTenant => "unknown_tenant",
            Self::WrongCloud => "wrong_cloud",
            Self::NoTenant => "no_tenant",
            Self::Scope => "scope",
            Self::UnknownResource => "unknown_resource",
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Blocked => "blocked",
            Self::ConsentMissing => "consent_missing",
            Self::TokenRefused => "token_refused",
            Self::Transient => "transient",
            Self::Other => "other",
        }
    }
}

impl FaultKind {
    /// Stable word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn(problem) => problem.as_str(),
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MailboxUnavailable => "mailbox_unavailable",
            Self::Throttled => "throttled",
            Self::Resync => "resync",
            Self::Duplicate => "duplicate",
            Self::Transient => "transient",
            Self::Protocol => "protocol",
            Self::Config => "config",
            Self::InDoubt => "in_doubt",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(number) = self.aadsts {
            write!(f, ", AADSTS{number}")?;
        }
        match &self.code {
            Some(code) => write!(f, ", {code}"),
            None => Ok(()),
        }
    }
}

impl StdError for Fault {}

fn found(error: &Error) -> Option<&Fault> {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(fault) = source.downcast_ref::<Fault>() {
            return Some(fault);
        }
        cause = source.source();
    }
    None
}

fn by_kind(kind: ErrorKind) -> FaultKind {
    match kind {
        ErrorKind::Auth | ErrorKind::MfaRequired => FaultKind::SignIn(SignInProblem::Other),
        ErrorKind::Permission => FaultKind::Forbidden,
        ErrorKind::NotFound => FaultKind::NotFound,
        ErrorKind::RateLimited => FaultKind::Throttled,
        ErrorKind::Unavailable => FaultKind::Transient,
        ErrorKind::Duplicate => FaultKind::Duplicate,
        ErrorKind::OutcomeUnknown => FaultKind::InDoubt,
        ErrorKind::Protocol | ErrorKind::TooLarge => FaultKind::Protocol,
        _ => FaultKind::Config,
    }
}
