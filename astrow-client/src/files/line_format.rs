//! Line formats of Astrow's bookings export: text with placeholders such as `$EMPLOYEENR$`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A line format, as it is set at Astrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFormat {
    pieces: Vec<Piece>,
    text: String,
}

/// A text that is no usable line format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the line format cannot be read back: {0}")]
pub struct InvalidLineFormat(String);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(String),
}

/// The values of one line by placeholder, without the dollar signs.
pub(super) type Values = BTreeMap<String, String>;

impl LineFormat {
    /// Whether a line has this placeholder.
    pub fn has(&self, name: &str) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Value(own) if own == name))
    }

    /// The values of a line.
    pub(super) fn read(&self, line: &str) -> Result<Values, String> {
        let mut values = Values::new();
        let mut rest = line;
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => {
                    rest = rest
                        .strip_prefix(text.as_str())
                        .ok_or_else(|| format!("{text:?} is not where it should be"))?;
                }
                Piece::Value(name) => {
                    let end = match pieces.peek() {
                        Some(Piece::Text(next)) => rest
                            .find(next.as_str())
                            .ok_or_else(|| format!("nothing ends {name}: {next:?} is missing"))?,
                        _ => rest.len(),
                    };
                    let (value, left) = rest.split_at_checked(end).unwrap_or((rest, ""));
                    values.insert(name.clone(), value.trim().to_owned());
                    rest = left;
                }
            }
        }
        if rest.is_empty() { Ok(values) } else { Err("has more fields than the line format".to_owned()) }
    }
}

impl FromStr for LineFormat {
    type Err = InvalidLineFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why: String| Err(InvalidLineFormat(why));
        if !text.matches('$').count().is_multiple_of(2) {
            return invalid("a dollar sign has no partner".to_owned());
        }
        let mut pieces = Vec::new();
        for (place, piece) in text.split('$').enumerate() {
            if place % 2 == 0 {
                if !piece.is_empty() {
                    pieces.push(Piece::Text(piece.to_owned()));
                } else if place > 0
                    && matches!(pieces.last(), Some(Piece::Value(_)))
                    && place + 1 < text.split('$').count()
                {
                    return invalid("two placeholders stand side by side, with nothing to tell them apart".to_owned());
                }
            } else if is_placeholder(piece) {
                let value = Piece::Value(piece.to_owned());
                if pieces.contains(&value) {
                    return invalid(format!("${piece}$ is there twice"));
                }
                pieces.push(value);
            } else {
                return invalid(format!("${piece}$ is no placeholder"));
            }
        }
        if text.contains(['\r', '\n']) {
            return invalid("it has a line break".to_owned());
        }
        Ok(Self { pieces, text: text.to_owned() })
    }
}

impl fmt::Display for LineFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_placeholder(name: &str) -> bool {
    let free = name.strip_prefix("FREE").and_then(|number| number.parse::<u8>().ok().map(|n| (number, n)));
    PLACEHOLDERS.contains(&name) || free.is_some_and(|(text, n)| (1..=20).contains(&n) && !text.starts_with(['0', '+']))
}

const PLACEHOLDERS: [&str; 18] = [
    "DIRECTION",
    "EMPLOYEENR",
    "REGISTERNR",
    "NAME",
    "FIRSTNAME",
    "MIDDLENAME",
    "LASTNAME",
    "SERIALNUMBER",
    "TERMINALNAME",
    "TERMINALCODE",
    "TERMINALNR",
    "TERMINALTYPE",
    "MCCODE",
    "CCCODE",
    "DATETIME",
    "DATE",
    "TIME",
    "SYNCED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_between_the_texts_of_the_format() {
        let format: LineFormat = "<$EMPLOYEENR$> $DATE$ at $TIME$ ($FREE20$)".parse().unwrap();
        let values = format.read("<E-1; 7> 02/03/2026 at 08:01 ()").unwrap();
        assert_eq!(values["EMPLOYEENR"], "E-1; 7");
        assert_eq!((values["TIME"].as_str(), values["FREE20"].as_str()), ("08:01", ""));
        for line in ["", "<1> 02/03/2026 at 08:01", "<1> 02/03/2026 at 08:01 () x", "1> 02/03/2026 at 08:01 ()"] {
            assert!(format.read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn formats_that_cannot_be_read_back_say_why() {
        for (format, why) in [
            ("$EMPLOYEENR$$DATETIME$", "side by side"),
            ("$BADGENR$;$DATETIME$", "$BADGENR$"),
            ("$FREE21$", "$FREE21$"),
            ("$DATE$;$DATE$", "twice"),
            ("$DATE$;$", "partner"),
            ("$DATE$\n", "line break"),
        ] {
            let error = format.parse::<LineFormat>().unwrap_err().to_string();
            assert!(error.contains(why), "{format}: {error}");
        }
        assert!("$DATE$".parse::<LineFormat>().is_ok());
    }
}
