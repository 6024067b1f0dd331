//! A server that does what a test says, over a stream in memory.

use crate::{
    Trust,
    model::{PacEndpoint, PacError, ServerInfo},
    oem1::{
        Oem1Driver, frame,
        frame::FrameReader,
        session::Session,
        wire::{
            Empty, Incoming, Notice, NoticeBody, Request, RequestBody, Response, ResponseBody, decode, decode_request,
        },
    },
};
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};

pub(super) struct Server {
    reader: FrameReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    notices: u32,
}

pub(super) fn endpoint() -> PacEndpoint {
    PacEndpoint::new("pac.example", 18443, "bridge.oemkey", Trust::OnlyRoots(Vec::new()))
}

/// The greeting of the examples.
pub(super) fn welcome() -> ResponseBody {
    let (_, payload) = super::examples::all().into_iter().find(|(name, _)| name.starts_with("02")).unwrap();
    let Incoming::Response(response) = decode(&payload).unwrap() else { panic!("no response") };
    let ResponseBody::Welcome(mut welcome) = response.body else { panic!("no welcome") };
    welcome.now = chrono::Utc::now().into();
    welcome.capabilities.push(crate::oem1::wire::CapabilityName { name: "bookings.write".into() });
    welcome.capabilities.push(crate::oem1::wire::CapabilityName { name: "of.tomorrow".into() });
    ResponseBody::Welcome(welcome)
}

/// A session that was greeted, and its server.
pub(super) async fn begin() -> (Session, Server) {
    begin_with(&Oem1Driver::new(), welcome()).await
}

pub(super) async fn begin_with(driver: &Oem1Driver, greeting: ResponseBody) -> (Session, Server) {
    let (session, server) = greet(driver, greeting).await;
    (session.unwrap(), server)
}

pub(super) async fn greet(driver: &Oem1Driver, greeting: ResponseBody) -> (Result<Session, PacError>, Server) {
    let (near, far) = tokio::io::duplex(1024 * 1024);
    let mut server = Server::new(far);
    let endpoint = endpoint();
    let (session, ()) = tokio::join!(driver.over(near, &endpoint, "Bridge", |_: &mut ServerInfo| ()), async {
        let hello = server.request().await;
        assert!(matches!(hello.body, RequestBody::Hello(_)) && hello.id == 1, "{hello:?}");
        server.answer(&hello, greeting).await;
    });
    (session, server)
}

impl Server {
    fn new(stream: DuplexStream) -> Self {
        let (reader, writer) = split(stream);
        Self { reader: FrameReader::new(reader), writer, notices: 0 }
    }

    pub(super) async fn request(&mut self) -> Request {
        let payload = self.reader.next().await.unwrap().expect("a request, but the client hung up");
        decode_request(&payload).unwrap()
    }

    /// The client hangs up without another word, or after taking leave.
    pub(super) async fn is_left(&mut self) {
        while let Ok(Some(payload)) = self.reader.next().await {
            let request = decode_request(&payload).unwrap();
            assert!(matches!(request.body, RequestBody::Bye(_)), "{request:?}");
            self.answer(&request, done()).await;
        }
    }

    pub(super) async fn answer(&mut self, request: &Request, body: ResponseBody) {
        self.raw(&Response { re: request.id, body }.encode()).await;
    }

    pub(super) async fn notice(&mut self, body: NoticeBody) {
        self.notices += 1;
        self.raw(&Notice { n: self.notices, body }.encode()).await;
    }

    pub(super) async fn raw(&mut self, payload: &str) {
        self.bytes(&frame::encode(payload, u32::MAX).unwrap()).await;
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) {
        // A client that has hung up hears nothing any more.
        let _ = self.writer.write_all(bytes).await;
    }

    pub(super) async fn hang_up(mut self) {
        self.writer.shutdown().await.unwrap();
    }
}

pub(super) fn done() -> ResponseBody {
    ResponseBody::Done(Empty {})
}

pub(super) fn error(code: u16) -> ResponseBody {
    let text = format!(
        r#"<Response re="1" status="error"><Error code="{code}" name="x" retry="backoff"><Message>so it is</Message></Error></Response>"#
    );
    let Incoming::Response(response) = decode(text.as_bytes()).unwrap() else { panic!("no response") };
    response.body
}
