//! Why a token was refused.

use connector_http::{Error, ErrorKind};
use http::response::Parts;
use serde_json::Value;

use crate::fault::{Fault, FaultKind, SignInProblem};

/// Status and error class decide whether it may pass; the number only picks the better words, since it may change.
pub(super) fn read(parts: &Parts, body: &[u8]) -> Error {
    let told = Told::read(body);
    let status = parts.status.as_u16();
    let problem = problem(status, &told);
    let fault = Fault { kind: FaultKind::SignIn(problem), code: told.class, aadsts: told.number };
    let mut text = words(problem).to_owned();
    if let Some(number) = told.number {
        text = format!("{text} (AADSTS{number})");
    }
    let mut error = Error::new(kind(problem, status), text).with_status(parts.status).with_source(fault);
    if let Some(id) = told.trace_id {
        error = error.with_request_id(id);
    }
    error
}

struct Told {
    class: Option<String>,
    number: Option<u32>,
    trace_id: Option<String>,
}

impl Told {
    fn read(body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let word = |name: &str, longest: usize| {
            let text = value.get(name)?.as_str()?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
            (!text.is_empty() && text.len() <= longest && text.bytes().all(plain)).then(|| text.to_owned())
        };
        let numbers = value.get("error_codes").and_then(Value::as_array);
        let number = |value: &Value| {
            let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
            u32::try_from(number).ok()
        };
        let number = numbers.and_then(|numbers| numbers.iter().find_map(number));
        Self { class: word("error", 64), number, trace_id: word("trace_id", 64) }
    }
}

fn problem(status: u16, told: &Told) -> SignInProblem {
    use SignInProblem as P;
    let class = told.class.as_deref().unwrap_or_default();
    if status == 429 || status >= 500 || class == "temporarily_unavailable" {
        return P::Transient;
    }
    match told.number {
        Some(7_000_215) => P::WrongSecret,
        Some(7_000_222) => P::SecretExpired,
        Some(7_000_218) => P::NoCredential,
        Some(700_016 | 700_011 | 70_001) => P::UnknownApplication,
        Some(7_000_112) => P::ApplicationDisabled,
        Some(90_002) => P::UnknownTenant,
        Some(90_038 | 900_382 | 900_432) => P::WrongCloud,
        Some(9_001_023 | 90_124 | 90_130) => P::NoTenant,
        Some(70_011 | 28_002 | 700_022 | 700_023 | 1_002_012) => P::Scope,
        Some(500_011 | 650_052 | 650_057) => P::UnknownResource,
        Some(700_027 | 50_012 | 700_030 | 50_003) => P::Certificate,
        Some(500_133 | 50_013 | 700_024) => P::Clock,
        Some(53_003 | 530_032 | 530_035) => P::Blocked,
        Some(65_001 | 90_094) => P::ConsentMissing,
        Some(90_006 | 90_012 | 90_024 | 90_033 | 90_055 | 90_090) => P::Transient,
        _ => match class {
            "unauthorized_client" => P::UnknownApplication,
            "invalid_scope" => P::Scope,
            "invalid_resource" => P::UnknownResource,
            "access_denied" => P::Blocked,
            _ => P::Other,
        },
    }
}

fn kind(problem: SignInProblem, status: u16) -> ErrorKind {
    use SignInProblem as P;
    match problem {
        P::Transient if status == 429 => ErrorKind::RateLimited,
        P::Transient => ErrorKind::Unavailable,
        P::UnknownTenant | P::WrongCloud | P::NoTenant | P::Scope | P::UnknownResource => ErrorKind::Config,
        P::ConsentMissing => ErrorKind::Permission,
        _ => ErrorKind::Auth,
    }
}

fn words(problem: SignInProblem) -> &'static str {
    use SignInProblem as P;
    match problem {
        P::WrongSecret => "the client secret is wrong; often its id was taken for its value",
        P::SecretExpired => "the client secret has expired",
        P::NoCredential => "neither a secret nor a certificate arrived",
        P::UnknownApplication => "this tenant does not know the application: wrong client id, or wrong tenant",
        P::ApplicationDisabled => "the application is switched off in this tenant",
        P::UnknownTenant => "there is no such tenant: wrong domain, or wrong cloud",
        P::WrongCloud => "the tenant lives in another national cloud",
        P::NoTenant => "the name given is none of a tenant",
        P::Scope => "what the token was asked for is not understood",
        P::UnknownResource => "the tenant does not know Graph under this name: it is that of another cloud",
        P::Certificate => "the certificate is not accepted: it is not uploaded to the application, or another one is",
        P::Clock => "the assertion is outside its time: a clock is wrong",
        P::Blocked => "a rule of the tenant keeps the application out",
        P::ConsentMissing => "nobody has consented for this application",
        P::TokenRefused => "the token is not accepted",
        P::Transient => "the sign-in is not available at the moment",
        P::Other => "the sign-in was refused",
    }
}
