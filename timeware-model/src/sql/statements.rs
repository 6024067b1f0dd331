//! Statement texts from mapped names, values as parameters only (rules S1, S15).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::database::Database;
use super::dialect::Dialect;
use super::fault::Step;
use super::value::{Row, Value};
use crate::config::Constant;
use crate::contract::Table;
use crate::mapping::{Mapping, quote, table_by_name};

/// A statement with names still to be filled in: `{employee}` a table, `{employee.id}` a column, `{employee.id@e}` one
/// with an alias, `{own.link}` a table of ours, `{bare.link}` a name with our prefix, `{top 1}` and `{limit 1}` the two
/// places of a limit, `{lock}` the hint that keeps rows, `{as employee.paylink ?2}` a parameter in the type of a column.
/// A column that the site does not have becomes `NULL`. Parameters are `?1`, `?2` ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Template {
    /// Answers with rows.
    Read(&'static str),
    /// Answers with how many rows it met.
    Change(&'static str),
}

/// Values by logical column.
pub(crate) type Values = Vec<(&'static str, Value)>;

/// The statement texts of one site on one engine, each built once from the mapping.
#[derive(Debug)]
pub(crate) struct Statements {
    mapping: Mapping,
    dialect: Dialect,
    narrow: HashMap<(Table, String), String>,
    texts: Mutex<HashMap<Template, Arc<str>>>,
    shapes: Mutex<HashMap<Shape, Arc<str>>>,
}

/// A statement that depends on which columns have a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    form: Form,
    /// Logical columns, and whether each has a value.
    columns: Vec<(&'static str, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// A row whose id is asked for.
    Insert(Table),
    /// A row without an id.
    Add(Table),
    /// A row unless one with the same values in these columns stands.
    Guarded(Table, &'static [&'static str]),
    /// The row with the same values in these columns.
    Same(Table, &'static [&'static str]),
    /// The row that a column names.
    Update(Table, &'static str),
    /// The receipt of an event.
    Event,
}

impl Statements {
    pub(crate) fn new(mapping: &Mapping, dialect: Dialect) -> Self {
        Self {
            mapping: mapping.clone(),
            dialect,
            narrow: HashMap::new(),
            texts: Mutex::default(),
            shapes: Mutex::default(),
        }
    }

    /// Names the columns whose type is not that of a parameter, with their declared types (rule S11).
    pub(crate) fn with_narrow(mut self, narrow: HashMap<(Table, String), String>) -> Self {
        self.narrow = narrow;
        self
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The text of a template.
    pub(crate) fn text(&self, template: Template) -> Arc<str> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || match template {
            Template::Read(text) => self.expand(text).into(),
            Template::Change(text) => format!("{}{}", self.expand(text), self.dialect.count()).into(),
        };
        Arc::clone(texts.entry(template).or_insert_with(build))
    }

    pub(crate) async fn rows(&self, db: &mut impl Database, template: Template, values: &[Value]) -> Step<Vec<Row>> {
        db.rows(&self.text(template), values).await
    }

    pub(crate) async fn first(
        &self,
        db: &mut impl Database,
        template: Template,
        values: &[Value],
    ) -> Step<Option<Row>> {
        Ok(self.rows(db, template, values).await?.into_iter().next())
    }

    pub(crate) async fn exists(&self, db: &mut impl Database, template: Template, values: &[Value]) -> Step<bool> {
        Ok(self.first(db, template, values).await?.is_some())
    }

    pub(crate) async fn change(&self, db: &mut impl Database, template: Template, values: &[Value]) -> Step<u64> {
        db.change(&self.text(template), values).await
    }

    /// Inserts a row with the columns that have a value, and gives its id.
    pub(crate) async fn insert(&self, db: &mut impl Database, table: Table, values: Values) -> Step<Option<i64>> {
        let (text, bound) = self.insert_text(table, values);
        db.insert(&text, &bound).await
    }

    /// Inserts a row of a table without ids.
    pub(crate) async fn add(&self, db: &mut impl Database, table: Table, values: Values) -> Step<()> {
        let (text, bound) = self.add_text(table, values);
        db.change(&text, &bound).await?;
        Ok(())
    }

    /// Inserts a row unless one with the same values in `same` exists (rule S5); `None` when one does.
    pub(crate) async fn insert_guarded(
        &self,
        db: &mut impl Database,
        table: Table,
        values: Values,
        same: &'static [&'static str],
    ) -> Step<Option<i64>> {
        let (text, bound) = self.guarded_text(table, values, same);
        db.insert(&text, &bound).await
    }

    /// The id of the row with the same values in `same`.
    pub(crate) async fn find_same(
        &self,
        db: &mut impl Database,
        table: Table,
        values: &Values,
        same: &'static [&'static str],
    ) -> Step<Option<i64>> {
        let (text, bound) = self.same_text(table, values, same);
        db.rows(&text, &bound).await?.first().map(|row| row.integer(0)).transpose()
    }

    /// Updates a row by its id; `false` when there is none.
    pub(crate) async fn update(&self, db: &mut impl Database, table: Table, id: i64, values: Values) -> Step<bool> {
        self.update_by(db, table, "id", id, values).await
    }

    /// Updates the rows that have `id` in the column `key`; `false` when there are none.
    pub(crate) async fn update_by(
        &self,
        db: &mut impl Database,
        table: Table,
        key: &'static str,
        id: i64,
        values: Values,
    ) -> Step<bool> {
        match self.update_text(table, key, id, values) {
            (Some(text), bound) => Ok(db.change(&text, &bound).await? > 0),
            (None, bound) => Ok(!db.rows(&self.exists_text(table, key), &bound).await?.is_empty()),
        }
    }

    pub(super) fn insert_text(&self, table: Table, values: Values) -> (Arc<str>, Vec<Value>) {
        let (columns, bound) = self.kept(table, values);
        let id = self.dialect.new_id();
        let build = |columns: &[_]| format!("{}{id}", self.plain_insert(table, columns));
        (self.shaped(Form::Insert(table), columns, build), bound)
    }

    pub(super) fn add_text(&self, table: Table, values: Values) -> (Arc<str>, Vec<Value>) {
        let (columns, bound) = self.kept(table, values);
        let count = self.dialect.count();
        let build = |columns: &[_]| format!("{}{count}", self.plain_insert(table, columns));
        (self.shaped(Form::Add(table), columns, build), bound)
    }

    pub(super) fn guarded_text(
        &self,
        table: Table,
        values: Values,
        same: &'static [&'static str],
    ) -> (Arc<str>, Vec<Value>) {
        let keys = pick(&values, same);
        let (columns, mut bound) = self.kept(table, values);
        let count = bound.len();
        let build = |columns: &[_]| {
            format!(
                "INSERT INTO {real} ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM {real}{} WHERE {}){}",
                self.names_to_insert(table, columns),
                self.marks(1, count),
                self.dialect.lock(),
                self.equal(table, same, count + 1),
                self.dialect.maybe_new_id(),
                real = self.table(table),
            )
        };
        let text = self.shaped(Form::Guarded(table, same), columns, build);
        bound.extend(keys);
        (text, bound)
    }

    pub(super) fn same_text(
        &self,
        table: Table,
        values: &Values,
        same: &'static [&'static str],
    ) -> (Arc<str>, Vec<Value>) {
        let build = |_: &[_]| {
            format!(
                "SELECT {}{} FROM {} WHERE {} ORDER BY 1{}",
                self.dialect.top("1"),
                self.column_or_id(table, "id"),
                self.table(table),
                self.equal(table, same, 1),
                self.dialect.limit("1")
            )
        };
        (self.shaped(Form::Same(table, same), Vec::new(), build), pick(values, same))
    }

    /// The text of an update; `None` when no column of the site would change.
    pub(super) fn update_text(
        &self,
        table: Table,
        key: &'static str,
        id: i64,
        values: Values,
    ) -> (Option<Arc<str>>, Vec<Value>) {
        let mut columns = Vec::with_capacity(values.len());
        let mut bound = Vec::with_capacity(values.len() + 1);
        for (logical, value) in values.into_iter().filter(|(logical, _)| self.mapping.has(table, logical)) {
            columns.push((logical, value != Value::Null));
            bound.extend(Some(value).filter(|value| *value != Value::Null));
        }
        bound.push(Value::Integer(id));
        if columns.is_empty() {
            return (None, bound);
        }
        let build = |columns: &[_]| self.update_of(table, key, columns);
        (Some(self.shaped(Form::Update(table, key), columns, build)), bound)
    }

    /// Inserts the receipt of an event; what it does not know is left out.
    pub(super) fn event_text(&self, values: Values) -> (Arc<str>, Vec<Value>) {
        let known = values.into_iter().filter(|(_, value)| *value != Value::Null);
        let (columns, bound): (Vec<_>, Vec<_>) = known.map(|(name, value)| ((name, true), value)).unzip();
        let build = |columns: &[(&str, bool)]| {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let (own, marks, count) = (self.own("event"), self.marks(1, names.len()), self.dialect.count());
            format!("INSERT INTO {own} ({}) VALUES ({marks}){count}", names.join(", "))
        };
        (self.shaped(Form::Event, columns, build), bound)
    }

    /// The text of a shape, built the first time.
    fn shaped(
        &self,
        form: Form,
        columns: Vec<(&'static str, bool)>,
        build: impl FnOnce(&[(&'static str, bool)]) -> String,
    ) -> Arc<str> {
        let shape = Shape { form, columns };
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = shapes.get(&shape) {
            return Arc::clone(text);
        }
        let text: Arc<str> = build(&shape.columns).into();
        shapes.insert(shape, Arc::clone(&text));
        text
    }

    fn update_of(&self, table: Table, key: &str, columns: &[(&'static str, bool)]) -> String {
        let mut set = String::new();
        let mut number = 1;
        for (logical, has_value) in columns {
            let separator = if set.is_empty() { "" } else { ", " };
            let mark = if *has_value { self.dialect.mark(number) } else { "NULL".to_owned() };
            number += usize::from(*has_value);
            let _ = write!(set, "{separator}{} = {mark}", self.column_or_id(table, logical));
        }
        let (real, key, mark) = (self.table(table), self.column_or_id(table, key), self.dialect.mark(number));
        format!("UPDATE {real} SET {set} WHERE {key} = {mark}{}", self.dialect.count())
    }

    pub(super) fn exists_text(&self, table: Table, key: &str) -> String {
        format!(
            "SELECT 1 FROM {} WHERE {} = {}",
            self.table(table),
            self.column_or_id(table, key),
            self.dialect.mark(1)
        )
    }

    /// A table, quoted.
    pub(crate) fn table(&self, table: Table) -> String {
        self.dialect.table(&self.mapping.name(table))
    }

    /// A table of ours, quoted.
    pub(crate) fn own(&self, name: &str) -> String {
        self.dialect.table(&self.mapping.own_name(name))
    }

    /// The marks of `count` parameters.
    pub(crate) fn marks(&self, from: usize, count: usize) -> String {
        (from..from + count).map(|number| self.dialect.mark(number)).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn column_or_id(&self, table: Table, logical: &str) -> String {
        self.mapping.real_column(table, logical).map_or_else(|| self.dialect.no_id().to_owned(), quote)
    }

    fn plain_insert(&self, table: Table, columns: &[(&'static str, bool)]) -> String {
        let count = columns.len() + self.mapping.constants(table).len();
        let names = self.names_to_insert(table, columns);
        format!("INSERT INTO {} ({names}) VALUES ({})", self.table(table), self.marks(1, count))
    }

    fn names_to_insert(&self, table: Table, columns: &[(&'static str, bool)]) -> String {
        let mapped = columns.iter().map(|(logical, _)| self.column_or_id(table, logical));
        let constants = self.mapping.constants(table).iter().map(|(real, _)| quote(real));
        mapped.chain(constants).collect::<Vec<_>>().join(", ")
    }

    /// Columns without a value are left out, so that no null is ever bound; constants of the site win.
    fn kept(&self, table: Table, values: Values) -> (Vec<(&'static str, bool)>, Vec<Value>) {
        let constants = self.mapping.constants(table);
        let is_constant = |real: &str| constants.iter().any(|(name, _)| name == real);
        let mut columns = Vec::with_capacity(values.len());
        let mut bound = Vec::with_capacity(values.len() + constants.len());
        for (logical, value) in values {
            let real = self.mapping.real_column(table, logical);
            if value != Value::Null && real.is_some_and(|real| !is_constant(real)) {
                columns.push((logical, true));
                bound.push(value);
            }
        }
        bound.extend(constants.iter().map(|(_, constant)| match constant {
            Constant::Integer(number) => Value::Integer(*number),
            Constant::Text(text) => Value::Text(text.clone()),
        }));
        (columns, bound)
    }

    fn equal(&self, table: Table, same: &[&str], first: usize) -> String {
        let reals = same.iter().filter_map(|logical| self.mapping.real_column(table, logical));
        let equals =
            reals.zip(first..).map(|(real, number)| format!("{} = {}", quote(real), self.dialect.mark(number)));
        equals.collect::<Vec<_>>().join(" AND ")
    }

    /// Fills in a template.
    pub(crate) fn expand(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, behind) = after.split_once('}').unwrap_or((after, ""));
            self.put(&mut out, before);
            let filled = self.fill(hole);
            self.put(&mut out, &filled);
            rest = behind;
        }
        self.put(&mut out, rest);
        out
    }

    /// Appends a text with the marks of this engine.
    fn put(&self, out: &mut String, text: &str) {
        match self.dialect {
            Dialect::Sqlite => out.push_str(text),
            Dialect::SqlServer => out.push_str(&text.replace('?', "@P")),
        }
    }

    fn fill(&self, hole: &str) -> String {
        match hole.split_once(' ') {
            Some(("top", limit)) => return self.dialect.top(limit),
            Some(("limit", limit)) => return self.dialect.limit(limit),
            Some(("as", column)) => return self.in_type_of(column),
            _ if hole == "lock" => return self.dialect.lock().to_owned(),
            _ => {}
        }
        let (name, alias) = hole.split_once('@').map_or((hole, ""), |(name, alias)| (name, alias));
        match name.split_once('.') {
            None => table_by_name(name).map_or_else(|| "NULL".to_owned(), |table| self.table(table)),
            Some(("own", name)) => self.own(name),
            Some(("bare", name)) => quote(&self.mapping.own_table(name)),
            Some((table, column)) => {
                let real = table_by_name(table).and_then(|table| self.mapping.real_column(table, column));
                match (real, alias) {
                    (Some(real), "") => quote(real),
                    (Some(real), alias) => format!("{alias}.{}", quote(real)),
                    (None, _) => "NULL".to_owned(),
                }
            }
        }
    }

    fn in_type_of(&self, column_and_mark: &str) -> String {
        let (column, mark) = column_and_mark.split_once(' ').unwrap_or((column_and_mark, "?1"));
        let (table, logical) = column.split_once('.').unwrap_or((column, ""));
        let declared = table_by_name(table).and_then(|table| self.narrow.get(&(table, logical.to_owned())));
        declared.map_or_else(|| mark.to_owned(), |declared| format!("CAST({mark} AS {declared})"))
    }
}

fn pick(values: &Values, same: &[&str]) -> Vec<Value> {
    let find = |wanted: &&str| Some(values.iter().find(|(logical, _)| logical == wanted)?.1.clone());
    same.iter().filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(dialect: Dialect) -> Statements {
        let text = "[tables]\nemployee = \"hr.t people\"\n[columns.employee]\ngender = \"\"\nbadge = \"card\"";
        Statements::new(&Mapping::new(&toml::from_str(text).unwrap()).unwrap(), dialect)
    }

    #[test]
    fn names_are_filled_in_and_quoted() {
        let template = "SELECT {top 1}{employee.badge@e}, {employee.gender@e}, {twork.key} FROM {employee} e{lock}, \
                        {own.link} WHERE {employee.paylink} = {as employee.paylink ?2}{limit 1}";
        let text = site(Dialect::Sqlite).expand(template);
        assert_eq!(text, "SELECT e.[card], NULL, [key] FROM [t people] e, [bridge_link] WHERE [paylink] = ?2 LIMIT 1");
        let narrow = HashMap::from([((Table::Employee, "paylink".to_owned()), "varchar(30)".to_owned())]);
        let text = site(Dialect::SqlServer).with_narrow(narrow).expand(template);
        let wanted = "SELECT TOP (1) e.[card], NULL, [key] FROM [hr].[t people] e WITH (UPDLOCK, HOLDLOCK), \
                      [dbo].[bridge_link] WHERE [paylink] = CAST(@P2 AS varchar(30))";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_null_stands_in_the_text_and_is_never_bound() {
        let values = vec![("title", Value::Null), ("gender", Value::Null), ("last_name", Value::from("X"))];
        let (text, bound) = site(Dialect::SqlServer).update_text(Table::Employee, "id", 7, values.clone());
        let wanted = "UPDATE [hr].[t people] SET [title] = NULL, [last_name] = @P1 WHERE [employee_id] = @P2; \
                      SELECT @@ROWCOUNT";
        assert_eq!((text.as_deref(), bound), (Some(wanted), vec![Value::from("X"), Value::Integer(7)]));
        let (text, bound) = site(Dialect::Sqlite).insert_text(Table::Employee, values);
        assert_eq!((&*text, bound.len()), ("INSERT INTO [t people] ([last_name]) VALUES (?1)", 1));
    }
}
