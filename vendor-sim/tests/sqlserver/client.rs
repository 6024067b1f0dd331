//! The client: tiberius over tokio.

use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};
use vendor_sim::sqlserver::SqlServerSim;

pub(crate) type Connected = Client<Compat<TcpStream>>;

/// What a client is told for this server.
pub(crate) fn config(sim: &SqlServerSim) -> Config {
    let mut config = Config::new();
    config.host(sim.host());
    config.port(sim.port());
    config.database(sim.database());
    config.authentication(AuthMethod::sql_server(sim.user(), sim.password()));
    config.encryption(EncryptionLevel::NotSupported);
    config
}

pub(crate) async fn connect_with(config: Config) -> tiberius::Result<Connected> {
    let stream = TcpStream::connect(config.get_addr()).await?;
    stream.set_nodelay(true)?;
    Box::pin(Client::connect(config, stream.compat_write())).await
}

pub(crate) async fn connect(sim: &SqlServerSim) -> Connected {
    connect_with(config(sim)).await.unwrap()
}

/// Runs a batch; the rows of its first result.
pub(crate) async fn batch(client: &mut Connected, sql: &str) -> tiberius::Result<Vec<Row>> {
    client.simple_query(sql).await?.into_first_result().await
}

/// Runs a batch whose first result is one number.
pub(crate) async fn number(client: &mut Connected, sql: &str) -> i32 {
    batch(client, sql).await.unwrap().first().unwrap().get::<i32, _>(0).unwrap()
}

/// The number of the error that a result is.
pub(crate) fn code<T: std::fmt::Debug>(result: tiberius::Result<T>) -> u32 {
    match result.unwrap_err() {
        tiberius::error::Error::Server(error) => error.code(),
        other => panic!("no error of the server: {other}"),
    }
}
