//! Input and output boards.
//!
//! The bodies are not documented, so what a server says beyond number and name stays raw.

use connector_http::{Error, get, json_request};
use http::Method;
use serde_json::{Map, Value};

use crate::answer;
use crate::client::Net2Client;
use crate::id::IoBoardId;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// An input and output board.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IoBoard {
    /// Its number.
    pub id: IoBoardId,
    /// Its name.
    pub name: Option<String>,
    /// What else the server says.
    pub other: Map<String, Value>,
}

/// An input or output of a board.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IoPoint {
    /// Its number on the board.
    pub id: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// Pressed, for an input; energised, for an output.
    pub is_active: Option<bool>,
    /// What else the server says.
    pub other: Map<String, Value>,
}

/// All boards.
#[derive(Clone, Debug)]
pub struct IoBoards(pub(crate) Net2Client);

impl IoBoards {
    /// Lists the boards.
    ///
    /// # Errors
    /// `NotFound` where the server has no such list; else as any read.
    pub async fn list(&self) -> Result<Vec<IoBoard>, Error> {
        self.0.send(&ListIoBoards::new()).await
    }

    /// Reads one board.
    ///
    /// # Errors
    /// `NotFound` if there is no such board; else as any read.
    pub async fn get(&self, id: IoBoardId) -> Result<IoBoard, Error> {
        self.0.send(&GetIoBoard::new(id)).await
    }

    /// Reads one board with everything on it, in the server's own form.
    ///
    /// # Errors
    /// `NotFound` if there is no such board; else as any read.
    pub async fn detail(&self, id: IoBoardId) -> Result<Value, Error> {
        self.0.send(&GetIoBoardDetail::new(id)).await
    }

    /// Lists the inputs of a board.
    ///
    /// # Errors
    /// `NotFound` if there is no such board; else as any read.
    pub async fn inputs(&self, id: IoBoardId) -> Result<Vec<IoPoint>, Error> {
        self.0.send(&ListInputs::new(id)).await
    }

    /// Lists the outputs of a board.
    ///
    /// # Errors
    /// `NotFound` if there is no such board; else as any read.
    pub async fn outputs(&self, id: IoBoardId) -> Result<Vec<IoPoint>, Error> {
        self.0.send(&ListOutputs::new(id)).await
    }

    /// Switches relays, with a body in the server's own form. Sent at most once.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost; else as any write.
    pub async fn switch_relays(&self, id: IoBoardId, body: &Value) -> Result<(), Error> {
        self.0.send(&SwitchRelays::new(id, body.clone())).await
    }
}

operation! {
    /// `GET /ioboards`.
    ListIoBoards {} = "net2.list_io_boards", Safe -> Vec<IoBoard>;
    request(op, base) => get(api(base, &["ioboards"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /ioboards/{id}`.
    GetIoBoard { id: IoBoardId } = "net2.get_io_board", Safe -> IoBoard;
    request(op, base) => get(api(base, &["ioboards", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /ioboards/{id}/detail`.
    GetIoBoardDetail { id: IoBoardId } = "net2.get_io_board_detail", Safe -> Value;
    request(op, base) => get(api(base, &["ioboards", &op.id.to_string(), "detail"])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /ioboards/{id}/inputs`.
    ListInputs { id: IoBoardId } = "net2.list_inputs", Safe -> Vec<IoPoint>;
    request(op, base) => get(api(base, &["ioboards", &op.id.to_string(), "inputs"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /ioboards/{id}/outputs`.
    ListOutputs { id: IoBoardId } = "net2.list_outputs", Safe -> Vec<IoPoint>;
    request(op, base) => get(api(base, &["ioboards", &op.id.to_string(), "outputs"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `POST /ioboards/{id}/relays`.
    SwitchRelays { id: IoBoardId, content: Value } = "net2.switch_relays", Never -> ();
    request(op, base) => json_request(
        Method::POST, api(base, &["ioboards", &op.id.to_string(), "relays"])?, &op.content);
    response(parts, body) => answer::nothing(parts, body);
}

impl FromJson for IoBoard {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["ioBoardID", "id"])?;
        Ok(Self {
            id: id.map_or_else(|| object.required("id"), Ok)?,
            name: object.optional("name")?,
            other: object.rest(),
        })
    }
}

impl FromJson for IoPoint {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.first_of(&["inputID", "outputID", "id"])?,
            name: object.optional("name")?,
            is_active: object.first_of(&["isPressed", "isEnergised"])?,
            other: object.rest(),
        })
    }
}

readable!(IoBoard, IoPoint);
