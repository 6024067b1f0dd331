//! Reaching the server: each way to fail has its own kind, setting and remedy.

use secrecy::SecretString;
use timeware_model::{
    Encrypt, Error, ErrorKind, NewTerminal, PeoplePage, Profile, SqlServerStore, Store, TerminalChange, TerminalKind,
    TimewareConfig, connect, connect_beside_writer, connect_when_used, create_own_tables,
};
use vendor_sim::sqlserver::{Encryption, SqlServerSim};

use crate::common::server::{config, password, start};
use crate::common::{NOW, at};

async fn encrypted() -> (SqlServerSim, TimewareConfig, tempfile::TempDir) {
    let sim = SqlServerSim::builder().tls(true).start_blocking().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, sim.certificate_pem().unwrap()).unwrap();
    let mut config = config(&sim, "");
    config.sqlserver.encrypt = Encrypt::Required;
    config.sqlserver.ca_file = authority.display().to_string();
    create_own_tables(config.clone(), Some(password(&sim))).await.unwrap();
    (sim, config, folder)
}

async fn refused(sim: &SqlServerSim, config: TimewareConfig) -> Error {
    let error = SqlServerStore::open(config, password(sim)).await.unwrap_err();
    assert!(error.remedy().is_some(), "{error}");
    error
}

#[tokio::test]
async fn an_encrypted_connection_needs_a_certificate_of_a_known_authority() {
    let (sim, config, _folder) = encrypted().await;
    let store = SqlServerStore::open(config.clone(), password(&sim)).await.unwrap();
    assert!(store.people(&PeoplePage::default()).await.unwrap().people.is_empty());
    drop(store);

    let mut stranger = config.clone();
    stranger.sqlserver.ca_file = String::new();
    let error = refused(&sim, stranger).await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.ca_file")));
    assert!(error.to_string().contains("certificate"), "{error}");

    let mut trusting = config;
    trusting.sqlserver.ca_file = String::new();
    trusting.sqlserver.trust_server_certificate = true;
    SqlServerStore::open(trusting, password(&sim)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let sim = SqlServerSim::builder().tls(true).tls_names(["sql01.example.org"]).start_blocking().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, sim.certificate_pem().unwrap()).unwrap();
    let mut config = config(&sim, "");
    config.sqlserver.encrypt = Encrypt::Required;
    config.sqlserver.ca_file = authority.display().to_string();
    let error = refused(&sim, config).await;
    assert_eq!(error.field(), Some("timeware.sqlserver.ca_file"));
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_where_it_is_required() {
    let (sim, config, _folder) = encrypted().await;
    sim.set_encryption(Encryption::NotSupported);
    let error = refused(&sim, config).await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.encrypt")));
}

#[tokio::test]
async fn the_sign_in_alone_may_be_encrypted() {
    let (sim, mut config, _folder) = encrypted().await;
    config.sqlserver.encrypt = Encrypt::LoginOnly;
    let store = SqlServerStore::open(config, password(&sim)).await.unwrap();
    store.terminals(None).await.unwrap();
}

#[tokio::test]
async fn a_certificate_file_that_cannot_be_read_is_named() {
    let sim = start("").await;
    let mut config = config(&sim, "");
    config.sqlserver.ca_file = "/does/not/exist.pem".to_owned();
    assert_eq!(refused(&sim, config).await.field(), Some("timeware.sqlserver.ca_file"));
}

#[tokio::test]
async fn a_wrong_password_and_a_wrong_database_are_told_apart_and_neither_is_shown() {
    let sim = start("").await;
    let wrong = SecretString::from("hunter2".to_owned());
    let error = SqlServerStore::open(config(&sim, ""), wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.user")));
    assert!(error.remedy().is_some() && !format!("{error} {error:?}").contains("hunter2"));

    let mut elsewhere = config(&sim, "");
    elsewhere.sqlserver.database = "timeware_main_7".to_owned();
    assert_eq!(refused(&sim, elsewhere).await.field(), Some("timeware.sqlserver.database"));
}

#[tokio::test]
async fn sign_ins_are_refused_in_the_words_of_their_number() {
    let sim = start("").await;
    for (number, kind, field) in [
        (18_456, ErrorKind::Config, Some("timeware.sqlserver.user")),
        (18_486, ErrorKind::Config, Some("timeware.sqlserver.user")),
        (4_060, ErrorKind::Config, Some("timeware.sqlserver.database")),
        (40_613, ErrorKind::Unavailable, None),
    ] {
        sim.refuse_logins(number, 1);
        let error = SqlServerStore::open(config(&sim, ""), password(&sim)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (kind, field), "{number}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_says_what_to_check() {
    let sim = start("").await;
    let config = config(&sim, "");
    sim.pause();
    let error = refused(&sim, config.clone()).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.remedy().unwrap().contains("TCP"), "{error}");

    let mut nowhere = config;
    nowhere.sqlserver.encrypt = Encrypt::Required;
    nowhere.sqlserver.host = "no-such-host.invalid".to_owned();
    assert_eq!(refused(&sim, nowhere).await.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_missing_password_is_told_by_its_setting() {
    let sim = start("").await;
    for error in [
        connect(config(&sim, ""), None).await.unwrap_err(),
        connect_beside_writer(config(&sim, ""), None).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.password")));
    }
    let error = timeware_model::open(config(&sim, "")).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.store")));
}

#[tokio::test]
async fn one_call_opens_whichever_store_the_settings_name() {
    let sim = start("").await;
    let server = connect(config(&sim, ""), Some(password(&sim))).await.unwrap();
    assert_eq!(server.settings().config().sqlserver.port, Some(sim.port()));
    let folder = tempfile::tempdir().unwrap();
    let mut embedded = TimewareConfig::default();
    embedded.path = folder.path().join("timeware.db");
    let embedded = connect(embedded, None).await.unwrap();
    assert!(embedded.terminals(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_program_starts_while_the_server_is_away_and_finds_it_later() {
    let sim = start("").await;
    let config = config(&sim, "");
    sim.pause();
    let logins = sim.logins();
    let store = connect_when_used(config.clone(), Some(password(&sim))).unwrap();
    assert_eq!(store.settings().config(), &config);
    assert_eq!(store.terminals(None).await.unwrap_err().kind(), ErrorKind::Unavailable);
    sim.resume();
    assert!(store.terminals(None).await.unwrap().is_empty());
    store.identity().await.unwrap();
    assert_eq!(sim.logins(), logins + 1, "one connection serves all calls");

    let mut wrong = config;
    wrong.sqlserver.user = String::new();
    let error = connect_when_used(wrong, Some(password(&sim))).unwrap_err();
    assert_eq!(error.field(), Some("timeware.sqlserver.user"));
}

#[tokio::test]
async fn beside_a_writer_a_program_sets_terminals_and_writes_when_the_writer_has_gone() {
    let sim = start("").await;
    let writer = SqlServerStore::open(config(&sim, ""), password(&sim)).await.unwrap();
    let door = writer.create_terminal(&NewTerminal::new("Door"), None).await.unwrap().id;
    let store = connect_when_used(config(&sim, ""), Some(password(&sim))).unwrap();
    let release = TerminalChange::release(TerminalKind::Access, at(NOW));
    assert!(!store.set_terminal(door, &release).await.unwrap().suspended);
    assert_eq!(store.rename_terminal(door, "Front door").await.unwrap_err().kind(), ErrorKind::ReadOnly);
    drop(writer);
    // The server notices the end of a connection a moment later.
    let renamed = loop {
        match store.rename_terminal(door, "Front door").await {
            Err(error) if error.kind() == ErrorKind::ReadOnly => tokio::task::yield_now().await,
            renamed => break renamed,
        }
    };
    assert!(renamed.unwrap().changed);
}

#[tokio::test]
async fn bookings_go_to_the_inlets_by_default_and_straight_to_twork_only_when_allowed() {
    let sim = start("profile = \"staged\"").await;
    let mut plain = config(&sim, "");
    (plain.profile, plain.allow_direct_twork) = (None, false);
    let store = SqlServerStore::open(plain.clone(), password(&sim)).await.unwrap();
    assert_eq!(store.settings().profile(), Profile::Staged);
    drop(store);
    plain.profile = Some(Profile::Twork);
    let error = refused(&sim, plain.clone()).await;
    assert_eq!(error.field(), Some("timeware.profile"));
    plain.allow_direct_twork = true;
    SqlServerStore::open(plain, password(&sim)).await.unwrap();
}

#[tokio::test]
async fn another_writer_anywhere_keeps_the_place() {
    let sim = start("").await;
    sim.hold_lock("timeware-model writer");
    assert_eq!(refused(&sim, config(&sim, "")).await.kind(), ErrorKind::Locked);
    SqlServerStore::open_read_only(config(&sim, ""), password(&sim)).await.unwrap();
    sim.release_lock("timeware-model writer");
    let store = SqlServerStore::open(config(&sim, ""), password(&sim)).await.unwrap();
    assert_eq!(sim.app_locks().len(), 1);
    drop(store);
}

#[tokio::test]
async fn nothing_of_the_password_shows_in_debug_output() {
    let sim = start("").await;
    let store = SqlServerStore::open(config(&sim, ""), password(&sim)).await.unwrap();
    let shown = format!("{store:?} {:?}", store.settings());
    assert!(!shown.contains(sim.password()), "{shown}");
}
