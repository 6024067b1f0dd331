use chrono::TimeZone as _;

use super::super::bound::SCHEMA_OF_STAYS;
use super::super::config::Identification;
use super::*;

struct Desk {
    connection: Connection,
    sealer: Sealer,
    config: CodesConfig,
    now: DateTime<Utc>,
}

impl Desk {
    fn new(config: CodesConfig) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&[SCHEMA, SCHEMA_OF_STAYS].concat()).unwrap();
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap();
        Self { connection, sealer: Sealer::for_this_process().unwrap(), config, now }
    }

    fn numbers(to: u32) -> Self {
        Self::new(CodesConfig { to, ..CodesConfig::default() })
    }

    fn tx<T>(&mut self, work: impl FnOnce(&Transaction<'_>, &Sealer, &CodesConfig, DateTime<Utc>) -> T) -> T {
        let tx = self.connection.transaction().unwrap();
        let done = work(&tx, &self.sealer, &self.config, self.now);
        tx.commit().unwrap();
        done
    }

    fn reserve(&mut self, person: &str, in_use: &[CodeInUse]) -> Result<Reserved, CodeError> {
        self.tx(|tx, sealer, config, now| reserve(tx, sealer, config, Wish { person, holder: None, in_use }, now))
    }

    fn code(&mut self, person: &str) -> String {
        self.reserve(person, &[]).unwrap().issued.code.expose().to_owned()
    }

    /// Confirmed, then taken away and confirmed to be gone.
    fn pass_through(&mut self, person: &str) -> String {
        let issued = self.reserve(person, &[]).unwrap().issued;
        self.tx(|tx, _, config, now| {
            assert!(confirmed(tx, person, now).unwrap());
            assert_eq!(removal_confirmed(tx, config, issued.version, now).unwrap(), 0, "nobody wants it away");
            assert!(retire(tx, person, now).unwrap());
            assert_eq!(removal_confirmed(tx, config, issued.version, now).unwrap(), 1);
        });
        issued.code.expose().to_owned()
    }
}

fn in_use(holder: &str, kind: CodeKind, code: &str) -> CodeInUse {
    CodeInUse { holder: ExternalId::new(holder), kind, code: SecretText::new(code) }
}

#[test]
fn a_person_keeps_the_code_over_asking_again_and_restarting() {
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("codes.db"), folder.path().join("secret.key"));
    let open = || Desk {
        connection: Connection::open(&file).unwrap(),
        sealer: Sealer::open(&key).unwrap(),
        ..Desk::numbers(99_999_999)
    };
    let mut desk = open();
    desk.connection.execute_batch(&[SCHEMA, SCHEMA_OF_STAYS].concat()).unwrap();
    let first = desk.reserve("maya@example.org", &[]).unwrap();
    assert!(first.fresh && first.issued.state == CodeState::Reserved && first.alarm.is_none());
    drop(desk);
    let mut desk = open();
    let again = desk.reserve("maya@example.org", &[]).unwrap();
    assert!(!again.fresh && again.issued == first.issued);
    desk.tx(|tx, _, _, now| {
        assert!(confirmed(tx, "maya@example.org", now).unwrap());
        assert!(!confirmed(tx, "maya@example.org", now).unwrap());
    });
    let active = desk.reserve("maya@example.org", &[]).unwrap();
    assert!(!active.fresh && active.issued.state == CodeState::Active);
    assert_eq!(active.issued.code, first.issued.code);
}

#[test]
fn nobody_gets_what_another_has_in_whatever_state() {
    let mut desk = Desk::numbers(8);
    let theirs = ["3", "00000005"].map(|code| in_use("77", CodeKind::Number, code));
    let mut given = BTreeSet::new();
    let retiring = desk.reserve("retiring", &theirs).unwrap().issued.code;
    desk.tx(|tx, _, _, now| retire(tx, "retiring", now).unwrap());
    given.insert(retiring.expose().to_owned());
    given.insert(desk.reserve("active", &theirs).unwrap().issued.code.expose().to_owned());
    desk.tx(|tx, _, _, now| confirmed(tx, "active", now).unwrap());
    for person in ["a", "b", "c", "d"] {
        given.insert(desk.reserve(person, &theirs).unwrap().issued.code.expose().to_owned());
    }
    assert_eq!(given, BTreeSet::from(["1", "2", "4", "6", "7", "8"].map(str::to_owned)));
    assert!(matches!(desk.reserve("e", &theirs), Err(CodeError::Full)));
}

#[test]
fn a_pin_and_a_number_may_be_alike() {
    let mut desk = Desk::numbers(1);
    let pin = in_use("77", CodeKind::Pin, "1");
    assert_eq!(desk.reserve("a", &[pin]).unwrap().issued.code.expose(), "1");
}

#[test]
fn a_code_rests_after_its_removal_was_confirmed_and_comes_back_afterwards() {
    let mut desk = Desk::numbers(1);
    let code = desk.pass_through("first");
    assert!(matches!(desk.reserve("second", &[]), Err(CodeError::Full)));
    desk.now += Duration::days(30) - Duration::milliseconds(1);
    assert_eq!(desk.tx(|tx, _, _, now| release_rested(tx, now).unwrap().freed), 0);
    desk.now += Duration::milliseconds(1);
    assert_eq!(desk.tx(|tx, _, _, now| release_rested(tx, now).unwrap().freed), 1);
    assert_eq!(desk.code("second"), code);
}

#[test]
fn a_code_that_is_still_at_the_door_system_does_not_rest() {
    let mut desk = Desk::numbers(2);
    let (first, second) = (desk.code("first"), desk.code("second"));
    desk.tx(|tx, _, _, now| ["first", "second"].map(|person| retire(tx, person, now).unwrap()));
    let still = [in_use("1", CodeKind::Number, &format!("000{first}"))];
    let gone = desk.tx(|tx, sealer, config, now| gone(tx, sealer, config, &still, now).unwrap());
    assert_eq!(gone, ["second"]);
    let left = retiring(&desk.connection, &desk.sealer).unwrap();
    assert_eq!(left.iter().map(|issued| issued.code.expose()).collect::<Vec<_>>(), [first.as_str()]);
    assert_ne!(first, second);
}

#[test]
fn only_a_hash_stays_while_a_code_rests() {
    let mut desk = Desk::numbers(99_999_999);
    desk.pass_through("maya@example.org");
    let clear: u32 = desk
        .connection
        .query_row("SELECT count(*) FROM code WHERE person IS NOT NULL OR sealed IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(clear, 0);
}

#[test]
fn codes_on_disk_cannot_be_read_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("codes.db");
    let mut desk = Desk { connection: Connection::open(&file).unwrap(), ..Desk::numbers(99_999_999) };
    desk.connection.execute_batch(SCHEMA).unwrap();
    desk.config.from = 10_000_000;
    let code = desk.code("maya");
    assert!(!std::fs::read(&file).unwrap().windows(8).any(|bytes| bytes == code.as_bytes()));
    desk.sealer = Sealer::for_this_process().unwrap();
    assert!(matches!(desk.reserve("maya", &[]), Err(CodeError::Seal(_))));
}

#[test]
fn reissue_gives_another_code_and_takes_the_old_one_away() {
    let mut desk = Desk::numbers(99_999_999);
    let old = desk.reserve("maya", &[]).unwrap().issued;
    let wish = Wish { person: "maya", holder: None, in_use: &[] };
    let new = desk.tx(|tx, sealer, config, now| reissue(tx, sealer, config, wish, now).unwrap().issued);
    assert!(new.version > old.version && new.code != old.code);
    let left = retiring(&desk.connection, &desk.sealer).unwrap();
    assert_eq!(left.iter().map(|issued| issued.version).collect::<Vec<_>>(), [old.version]);
    assert_eq!(active_or_reserved(&desk.connection, &desk.sealer, "maya").unwrap().unwrap().version, new.version);
}

#[test]
fn a_refused_code_is_never_tried_again_and_trying_has_an_end() {
    let mut desk = Desk::numbers(99_999_999);
    let mut tried = BTreeSet::from([desk.code("maya")]);
    let wish = Wish { person: "maya", holder: None, in_use: &[] };
    let refuse = |desk: &mut Desk| desk.tx(|tx, sealer, config, now| refused_as_taken(tx, sealer, config, wish, now));
    for _ in 1..MOST_REFUSALS {
        let next = refuse(&mut desk).unwrap();
        assert!(next.alarm.is_some() && tried.insert(next.issued.code.expose().to_owned()));
    }
    assert!(matches!(refuse(&mut desk), Err(CodeError::AlwaysRefused)));
    desk.now += Duration::days(2);
    assert!(refuse(&mut desk).is_ok());
}

#[test]
fn a_reserved_code_that_staff_gave_away_meanwhile_is_replaced() {
    let mut desk = Desk::numbers(99_999_999);
    let code = desk.code("maya");
    let (own, other) = (ExternalId::new("12"), "99");
    let reserve_again = |desk: &mut Desk, holder: &str| {
        let taken = [in_use(holder, CodeKind::Number, &code)];
        let wish = Wish { person: "maya", holder: Some(&own), in_use: &taken };
        desk.tx(|tx, sealer, config, now| reserve(tx, sealer, config, wish, now).unwrap())
    };
    assert!(!reserve_again(&mut desk, "12").fresh);
    let replaced = reserve_again(&mut desk, other);
    assert!(replaced.fresh && replaced.alarm.is_some() && replaced.issued.code.expose() != code);
}

#[test]
fn another_kind_of_code_in_the_settings_gives_a_new_code() {
    let mut desk = Desk::numbers(99_999_999);
    let number = desk.reserve("maya", &[]).unwrap().issued;
    desk.config.identification = Identification::Pin;
    let pin = desk.reserve("maya", &[]).unwrap().issued;
    assert_eq!((number.kind, pin.kind, pin.code.expose().len()), (CodeKind::Number, CodeKind::Pin, 4));
    desk.config.identification = Identification::Manual;
    assert!(matches!(desk.reserve("other", &[]), Err(CodeError::Manual)));
}

#[test]
fn codes_of_marked_people_are_taken_over_as_they_are() {
    let mut desk = Desk::numbers(99_999_999);
    let found = in_use("12", CodeKind::Number, "00481");
    let take = |desk: &mut Desk, person: &str, found: &CodeInUse| {
        desk.tx(|tx, sealer, _, now| adopt(tx, sealer, person, found, now).unwrap())
    };
    assert!(matches!(take(&mut desk, "maya", &found), Adopted::Taken));
    let issued = active_or_reserved(&desk.connection, &desk.sealer, "maya").unwrap().unwrap();
    assert_eq!((issued.code.expose(), issued.state), ("481", CodeState::Active));
    assert!(matches!(take(&mut desk, "maya", &found), Adopted::Known));
    assert!(matches!(take(&mut desk, "maya", &in_use("12", CodeKind::Number, "482")), Adopted::OtherKept));
    assert!(matches!(take(&mut desk, "noor", &found), Adopted::OfAnother));
    let rested = desk.pass_through("gone");
    assert!(matches!(take(&mut desk, "back", &in_use("13", CodeKind::Number, &rested)), Adopted::Taken));
}

#[test]
fn erased_people_leave_a_resting_code_without_a_name() {
    let mut desk = Desk::numbers(1);
    desk.code("maya");
    assert_eq!(desk.tx(|tx, _, config, now| forget(tx, config, "maya", now).unwrap()), 1);
    assert!(matches!(desk.reserve("noor", &[]), Err(CodeError::Full)));
    assert_eq!(active_or_reserved(&desk.connection, &desk.sealer, "maya").unwrap(), None);
}

#[test]
fn a_code_that_two_have_is_told() {
    let mut desk = Desk::numbers(99_999_999);
    let (maya, noor) = (desk.code("maya"), desk.code("noor"));
    let holders =
        BTreeMap::from([("maya".to_owned(), ExternalId::new("12")), ("noor".to_owned(), ExternalId::new("13"))]);
    let number = |holder, code: &str| in_use(holder, CodeKind::Number, code);
    let all = [number("12", &maya), number("13", &noor), number("99", &noor)];
    assert_eq!(clashing(&desk.connection, &desk.sealer, &all, &holders).unwrap(), ["noor"]);
}

#[test]
fn a_space_more_than_half_in_use_alarms() {
    let mut desk = Desk::numbers(8);
    let others = [in_use("77", CodeKind::Number, "1"), in_use("78", CodeKind::Number, "9")];
    for person in ["a", "b", "c"] {
        assert_eq!(desk.reserve(person, &others).unwrap().alarm, None);
    }
    assert!(desk.reserve("d", &others).unwrap().alarm.is_some());
    let space = space(&desk.connection, &desk.sealer, &desk.config, &others).unwrap().unwrap();
    assert_eq!((space.size, space.live, space.foreign, space.resting), (8, 4, 1, 0));
}

#[test]
fn our_own_codes_at_the_door_system_are_not_counted_twice() {
    let mut desk = Desk::numbers(8);
    let code = desk.code("a");
    let seen = [in_use("12", CodeKind::Number, &code)];
    let space = space(&desk.connection, &desk.sealer, &desk.config, &seen).unwrap().unwrap();
    assert_eq!((space.live, space.foreign), (1, 0));
}

#[test]
fn debug_shows_neither_who_nor_what() {
    let mut desk = Desk::numbers(99_999_999);
    desk.config.from = 10_000_000;
    let reserved = desk.reserve("maya@example.org", &[]).unwrap();
    let text = format!("{reserved:?}");
    assert!(!text.contains("maya") && !text.contains(reserved.issued.code.expose()), "{text}");
}
