//! The verb `files`: files of bookings of which Astrow has not taken every row, and the word of somebody who has looked.

use astrow_client::files::{FileFate, FilesDriver};
use clap::{Arg, ArgMatches, Command};
use comfy_table::{Table, presets};
use serde_json::json;
use sync_service::{Answer, Exit, Failure};

/// The name of the verb.
pub(crate) const NAME: &str = "files";

/// The verb's place on the command line.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Shows files of bookings that Astrow has refused, taken in part or not taken yet; --confirm sends them again")
        .long_about(
            "Only with driver = \"files\". A file that Astrow moved into `failed` stops all others until somebody has compared it \
             with the import screen; one in `incomplete` is compared with the next export. --confirm FILE says that you have \
             looked: its bookings are sent again, as far as no export has them. No file of Astrow's is changed.",
        )
        .arg(Arg::new("confirm").long("confirm").value_name("FILE").help("You have looked at this file"))
}

/// Does the verb.
///
/// # Errors
/// Another driver is in use, no such file was written, or a folder cannot be used.
pub(crate) async fn run(arguments: &ArgMatches, driver: Option<&FilesDriver>) -> Result<Answer, Failure> {
    let remedy = "Write driver = \"files\" into [astrow], or leave this verb to those who have";
    let driver = driver.ok_or_else(|| Failure::new("bookings do not go by files here").with_remedy(remedy))?;
    let confirmed = arguments.get_one::<String>("confirm");
    if let Some(file) = confirmed
        && !driver.confirm(file).await?
    {
        let remedy = "`astrow-pac files` lists those that need somebody";
        return Err(Failure::new(format!("no file {file} was written from here")).with_remedy(remedy));
    }
    let files = driver.unsettled().await?;
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["file", "written", "rows", "what became of it"]);
    for sent in &files {
        let at = sent.at.format("%Y-%m-%d %H:%M").to_string();
        table.add_row([sent.file.clone(), at, sent.rows.to_string(), fate(sent.fate).to_owned()]);
    }
    let shown =
        files.iter().map(|sent| json!({"file": sent.file, "at": sent.at, "rows": sent.rows, "fate": fate(sent.fate)}));
    let json = json!({"command": NAME, "confirmed": confirmed, "files": shown.collect::<Vec<_>>()});
    let text = if files.is_empty() { "Astrow has taken every file.".to_owned() } else { table.to_string() };
    Ok(Answer::new(text, json).ending(if files.is_empty() { Exit::Done } else { Exit::Open }))
}

fn fate(fate: FileFate) -> &'static str {
    match fate {
        FileFate::Failed => "refused",
        FileFate::Incomplete => "taken in part",
        FileFate::Gone => "gone",
        _ => "not taken yet",
    }
}
