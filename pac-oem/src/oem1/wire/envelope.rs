//! Roots with their one body.

use super::{
    Ack, Batch, BookingPut, Bye, Closing, CommandAccepted, CredentialRemove, CredentialSet, DefinitionsAnswer,
    DefinitionsGet, DoorOpen, Empty, ErrorBody, GroupsSet, Hello, LogRead, PersonGet, PersonList, PersonPut, PersonRef,
    Ping, Pong, Record, StateSet, StreamRef, Subscribe, Subscribed, Welcome,
};
use crate::{
    model::{Change, Deleted, Event, PacError, PacErrorKind, Person, PersonPage, Saved, SiteStatus},
    oem1::xml::{Attribute, Element, NAMESPACE, XmlReader, XmlWriter},
};
use uuid::Uuid;

/// One body per name.
macro_rules! bodies {
    ($body:ident { $($variant:ident $name:literal $type:ty),+ $(,)? }) => {
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) enum $body {
            $( $variant($type), )+
        }

        impl $body {
            /// Name of the element.
            pub(crate) const fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name, )+ }
            }

            #[allow(dead_code, reason = "requests are read by tests alone")]
            fn read(element: &Element, reader: &mut XmlReader<'_>) -> Result<Self, PacError> {
                match element.name() {
                    $( $name => Record::read(element, reader).map(Self::$variant), )+
                    other => Err(PacError::new(PacErrorKind::UnknownMessage, format!("the body {other} is not known"))),
                }
            }

            #[allow(dead_code, reason = "answers are written by tests alone")]
            fn write(&self, writer: &mut XmlWriter) {
                match self { $( Self::$variant(body) => body.write(writer, $name), )+ }
            }
        }

        impl std::fmt::Debug for $body {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

bodies!(RequestBody {
    Hello "Hello" Hello,
    Ping "Ping" Ping,
    Bye "Bye" Bye,
    DefinitionsGet "DefinitionsGet" DefinitionsGet,
    StatusGet "StatusGet" Empty,
    PersonList "PersonList" PersonList,
    PersonGet "PersonGet" PersonGet,
    PersonPut "PersonPut" PersonPut,
    PersonState "PersonState" StateSet,
    PersonDelete "PersonDelete" PersonRef,
    GroupsSet "GroupsSet" GroupsSet,
    CredentialSet "CredentialSet" CredentialSet,
    CredentialRemove "CredentialRemove" CredentialRemove,
    LogRead "LogRead" LogRead,
    Subscribe "Subscribe" Subscribe,
    Unsubscribe "Unsubscribe" StreamRef,
    Ack "Ack" Ack,
    DoorOpen "DoorOpen" DoorOpen,
    BookingPut "BookingPut" BookingPut,
});

bodies!(ResponseBody {
    Welcome "Welcome" Box<Welcome>,
    Pong "Pong" Pong,
    Done "Done" Empty,
    Definitions "Definitions" DefinitionsAnswer,
    Status "Status" SiteStatus,
    PersonPage "PersonPage" PersonPage,
    Person "Person" Box<Person>,
    Saved "Saved" Saved,
    Deleted "Deleted" Deleted,
    EventBatch "EventBatch" Batch<Event>,
    ChangeBatch "ChangeBatch" Batch<Change>,
    Subscribed "Subscribed" Subscribed,
    CommandAccepted "CommandAccepted" CommandAccepted,
    Error "Error" Box<ErrorBody>,
});

bodies!(NoticeBody {
    EventBatch "EventBatch" Batch<Event>,
    ChangeBatch "ChangeBatch" Batch<Change>,
    Closing "Closing" Closing,
});

/// What the client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) org: u32,
    pub(crate) key: Option<Uuid>,
    pub(crate) body: RequestBody,
}

impl Request {
    pub(crate) fn encode(&self) -> String {
        root("Request", |writer| {
            self.id.put(writer, "id");
            self.org.put(writer, "org");
            self.key.put(writer, "key");
            self.body.write(writer);
        })
    }
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) re: u32,
    pub(crate) body: ResponseBody,
}

/// Something that the server says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) n: u32,
    pub(crate) body: NoticeBody,
}

/// What arrives at the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    Response(Response),
    Notice(Notice),
}

/// A payload that could not be read.
#[derive(Debug)]
pub(crate) struct Undecoded {
    /// The request that it answers, as far as that could be seen.
    pub(crate) re: Option<u32>,
    pub(crate) error: PacError,
}

impl From<PacError> for Undecoded {
    fn from(error: PacError) -> Self {
        Self { re: None, error }
    }
}

/// Reads what a server sends.
pub(crate) fn decode(payload: &[u8]) -> Result<Incoming, Undecoded> {
    let (mut reader, root) = XmlReader::document(payload)?;
    match root.name() {
        "Response" => {
            let re = Attribute::take(&root, "re")?;
            let status: String = Attribute::take(&root, "status")?;
            let body =
                whole(&mut reader, &root, ResponseBody::read).map_err(|error| Undecoded { re: Some(re), error })?;
            let good = matches!(body, ResponseBody::Error(_)) == (status == "error");
            let mixed = || root.fault("status", "status and body do not go together");
            if good {
                Ok(Incoming::Response(Response { re, body }))
            } else {
                Err(Undecoded { re: Some(re), error: mixed() })
            }
        }
        "Notice" => {
            let n = Attribute::take(&root, "n")?;
            let body = whole(&mut reader, &root, NoticeBody::read)?;
            Ok(Incoming::Notice(Notice { n, body }))
        }
        other => Err(PacError::new(PacErrorKind::UnknownMessage, format!("the root {other} is not known")).into()),
    }
}

/// The body of a root, and nothing after the root.
fn whole<B>(
    reader: &mut XmlReader<'_>,
    root: &Element,
    read: impl FnOnce(&Element, &mut XmlReader<'_>) -> Result<B, PacError>,
) -> Result<B, PacError> {
    let Some(element) = reader.child()? else { return Err(root.fault("", "the message is empty")) };
    let body = read(&element, reader)?;
    reader.leave()?;
    reader.finish()?;
    Ok(body)
}

fn root(name: &str, inside: impl FnOnce(&mut XmlWriter)) -> String {
    let mut writer = XmlWriter::default();
    writer.element(name, |writer| {
        writer.attribute("xmlns", &NAMESPACE.to_owned());
        inside(writer);
    });
    writer.finish()
}

#[cfg(test)]
pub(crate) fn decode_request(payload: &[u8]) -> Result<Request, PacError> {
    let (mut reader, root) = XmlReader::document(payload)?;
    let id = Attribute::take(&root, "id")?;
    let org = Attribute::take(&root, "org")?;
    let key = Attribute::take(&root, "key")?;
    let body = whole(&mut reader, &root, RequestBody::read)?;
    Ok(Request { id, org, key, body })
}

#[cfg(test)]
impl Response {
    pub(crate) fn encode(&self) -> String {
        let status = if matches!(self.body, ResponseBody::Error(_)) { "error" } else { "ok" };
        root("Response", |writer| {
            self.re.put(writer, "re");
            status.to_owned().put(writer, "status");
            self.body.write(writer);
        })
    }
}

#[cfg(test)]
impl Notice {
    pub(crate) fn encode(&self) -> String {
        root("Notice", |writer| {
            self.n.put(writer, "n");
            self.body.write(writer);
        })
    }
}
